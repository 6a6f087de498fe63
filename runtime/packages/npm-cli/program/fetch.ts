// Stands for make-fetch-happen in the bundle of npm's command line: requests go through the browser's fetch, whose own cache
// serves packuments. Runs in the Node process worker.
import { Minipass } from 'npm:minipass';
import minipassFetch from 'npm:minipass-fetch';
import ssri from 'npm:ssri';
import { takeDoor } from './take-door.ts';

interface FetchOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body?: string | Uint8Array | AsyncIterable<Uint8Array> | null;
  readonly cache?: RequestCache;
  readonly integrity?: unknown;
  readonly signal?: AbortSignal;
  readonly timeout?: number;
  readonly retry?: { readonly retries?: number };
}

const DEFAULT_REGISTRY = 'https://registry.npmjs.org/';
const RETRY_STATUSES = new Set([408, 420, 429, 500, 502, 503, 504]);
const RETRY_MS = 300;
/** Set by the browser, or refused by it. */
const FORBIDDEN_HEADERS = new Set(['user-agent', 'connection', 'accept-encoding', 'host', 'referer', 'npm-command', 'npm-session']);

const door = takeDoor();

async function doorFetch(address: string, options: FetchOptions = {}): Promise<unknown> {
  const url = routed(String(address));
  const attempts = options.method === undefined || options.method === 'GET' ? 1 + (options.retry?.retries ?? 2) : 1;
  for (let attempt = 1; ; attempt++) {
    const isLast = attempt >= attempts;
    try {
      const answer = await door.fetch(url, await requestOf(url, options));
      if (isLast || !RETRY_STATUSES.has(answer.status)) return responseOf(String(address), answer, options);
    } catch (error) {
      if (isLast) throw networkError(String(address), error);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** attempt));
  }
}

/** The public registry is reached through the runtime's configured one; everything else as it stands. */
function routed(url: string): string {
  return url.startsWith(DEFAULT_REGISTRY) && door.registryUrl !== '' ? door.registryUrl + url.slice(DEFAULT_REGISTRY.length) : url;
}

async function requestOf(url: string, { method = 'GET', headers = {}, body, cache, signal }: FetchOptions): Promise<RequestInit> {
  const isOurProxy = door.registryUrl !== '' && url.startsWith(door.registryUrl);
  const kept = Object.entries(headers).filter(
    ([name, value]) =>
      value !== undefined &&
      !FORBIDDEN_HEADERS.has(name.toLowerCase()) &&
      // Extra headers cost a preflight request each.
      !name.toLowerCase().startsWith('pacote-') &&
      (!isOurProxy || name.toLowerCase() === 'accept'),
  );
  return {
    method,
    headers: kept.map(([name, value]): [string, string] => [name, String(value)]),
    cache: cache === 'only-if-cached' ? 'force-cache' : (cache ?? 'default'),
    credentials: 'omit',
    ...(signal === undefined ? {} : { signal }),
    ...(body === undefined || body === null ? {} : { body: (await bodyOf(body)) as BodyInit }),
  };
}

async function bodyOf(body: NonNullable<FetchOptions['body']>): Promise<string | Uint8Array> {
  if (typeof body === 'string' || body instanceof Uint8Array) return body;
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

type Answer = Awaited<ReturnType<typeof door.fetch>>;

/** A body that is fetched when somebody reads it; npm's modules listen to the stream's end and errors before they decide. */
class LazyBody extends Minipass {
  readonly hasIntegrityEmitter = true;
  readonly #load: () => Promise<Buffer>;
  #isStarted = false;

  constructor(load: () => Promise<Buffer>) {
    super();
    this.#load = load;
  }

  override on(event: string, listener: (...args: never[]) => void): this {
    if (event === 'data' || event === 'readable') this.#start();
    return super.on(event, listener);
  }

  override pipe<T>(target: T, options?: object): T {
    this.#start();
    return super.pipe(target, options);
  }

  override resume(): void {
    this.#start();
    super.resume();
  }

  #start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    this.#load().then(
      (content) => {
        this.emit('integrity', ssri.fromData(content));
        this.end(content);
      },
      (error: unknown) => this.emit('error', error),
    );
  }
}

/** Bodies are read as streams, or whole; whole ones skip the stream. */
function responseOf(url: string, answer: Answer, { integrity }: FetchOptions): unknown {
  let loading: Promise<Buffer> | null = null;
  const load = (): Promise<Buffer> => (loading ??= loadBody(url, answer, integrity));
  const body = new LazyBody(load);
  const response = new minipassFetch.Response(body, {
    url,
    status: answer.status,
    statusText: answer.statusText,
    headers: Object.fromEntries(answer.headers.filter(([name]) => name !== 'content-encoding' && name !== 'content-length')),
  });
  const whole = async (): Promise<Buffer> => {
    const content = await load();
    body.resume(); // its end tells npm that the request is over
    return content;
  };
  return Object.assign(response, {
    json: async () => JSON.parse((await whole()).toString()) as unknown,
    text: async () => (await whole()).toString(),
    arrayBuffer: async () => Uint8Array.from(await whole()).buffer,
    buffer: whole,
    bytes: whole,
  });
}

async function loadBody(url: string, answer: Answer, integrity: unknown): Promise<Buffer> {
  let bytes: Uint8Array<ArrayBuffer>;
  try {
    bytes = await answer.bytes();
  } catch (error) {
    throw networkError(url, error);
  }
  const content = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (integrity !== undefined && integrity !== null && ssri.checkData(content, ssri.parse(integrity)) === false)
    throw Object.assign(new Error(`Integrity check failed for ${url}`), { code: 'EINTEGRITY' });
  return content;
}

/** The code by which npm recognises that the network is not there. */
function networkError(url: string, cause: unknown): Error {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(
    new Error(`request to ${url} failed, reason: ${reason}. Either the network is down, or the server does not allow this page (CORS).`, {
      cause,
    }),
    { code: 'ENOTFOUND', errno: 'ENOTFOUND', type: 'system' },
  );
}

doorFetch.defaults = () => doorFetch;
Object.assign(doorFetch, {
  FetchError: minipassFetch.FetchError,
  Headers: minipassFetch.Headers,
  Request: minipassFetch.Request,
  Response: minipassFetch.Response,
});

export default doorFetch;
