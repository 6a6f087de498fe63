// One preview service worker's port: turns its frames into HTTP requests on the virtual loopback, and the answers into
// frames. Runs in the kernel worker; what arrives is untrusted.
import {
  FIRST_CHUNK_BYTES,
  HEAD_TIMEOUT_MS,
  INITIAL_CREDIT_BYTES,
  MAX_CHUNK_BYTES,
  MAX_OPEN_REQUESTS,
  PROTOCOL_VERSION,
  VerkletError,
} from '#protocol';
import type { FromKernelFrame, HeaderList, ToKernelFrame } from '#protocol';
import type { CookieJar } from './cookie-jar.ts';
import { Credit } from './credit.ts';
import { isReservedHeader, parseFrame } from './frame-validation.ts';
import { failureOf, type HttpClient, type HttpResponse } from './http-client.ts';
import type { SocketSet } from './socket-set.ts';
import { Upload } from './upload.ts';

/** Console lines of a preview per second that become diagnostics; the rest is dropped. */
const MAX_CONSOLE_LINES_PER_SECOND = 100;

export interface RelayOptions {
  /** The port this relay may reach: decided by the frame that made the channel, never by what is sent over it. */
  readonly port: number;
  readonly client: HttpClient;
  readonly jar: CookieJar;
  readonly sockets: SocketSet;
  /** Script-visible cookies changed: every relay of the port must hear it. */
  readonly onCookiesChanged: () => void;
  readonly onFailure: (reason: string, detail: string) => void;
  readonly onConsole: (level: string, text: string) => void;
}

interface OpenRequest {
  readonly abort: AbortController;
  readonly credit: Credit;
  readonly upload: Upload | null;
}
type RequestFrame = Extract<ToKernelFrame, { type: 'open-request' }>;

export class PreviewRelay {
  readonly #channel: MessagePort;
  readonly #options: RelayOptions;
  readonly #requests = new Map<number, OpenRequest>();
  /** The service worker is of another version, and knows it from the welcome: what it sends may mean something else. */
  #isMismatched = false;
  #consoleSecond = 0;
  #consoleLines = 0;

  constructor(channel: MessagePort, options: RelayOptions) {
    this.#channel = channel;
    this.#options = options;
    channel.onmessage = (event: MessageEvent<unknown>) => this.#receive(event.data);
  }

  /** Tells the service worker what `document.cookie` reads now. */
  announceCookies(): void {
    this.#post({ type: 'cookies-changed', cookies: this.#options.jar.visibleTo('/') });
  }

  dispose(): void {
    for (const request of this.#requests.values()) request.abort.abort();
    this.#channel.onmessage = null;
    this.#channel.close();
  }

  #receive(data: unknown): void {
    const frame = parseFrame(data);
    if (this.#isMismatched && frame?.type !== 'hello') return;
    if (!frame) return this.#options.onFailure('bad-message', 'the service worker sent something that is not a frame');
    switch (frame.type) {
      case 'hello':
        this.#isMismatched = frame.protocolVersion !== PROTOCOL_VERSION;
        return this.#post({ type: 'welcome', protocolVersion: PROTOCOL_VERSION });
      case 'open-request':
        return this.#open(frame);
      case 'request-chunk':
        return this.#takeChunk(frame.id, frame.bytes);
      case 'request-end':
        return this.#requests.get(frame.id)?.upload?.end();
      case 'grant-credit':
        return this.#requests.get(frame.id)?.credit.grant(frame.sizeBytes);
      case 'cancel-request':
        return this.#requests.get(frame.id)?.abort.abort();
      case 'open-socket':
        return this.#options.sockets.open(frame);
      case 'set-cookie':
        if (this.#options.jar.setFromScript(frame.value, frame.url)) this.#options.onCookiesChanged();
        else this.announceCookies(); // the page assumed it worked: correct it
        return;
      case 'report-console':
        return this.#reportConsole(frame.level, frame.text);
      default:
        return frame satisfies never;
    }
  }

  #open(frame: RequestFrame): void {
    const { id } = frame;
    if (this.#requests.has(id) || this.#requests.size >= MAX_OPEN_REQUESTS) {
      return this.#post({ type: 'response-error', id, reason: 'bad-response', detail: 'too many requests at once' });
    }
    const upload = frame.hasBody ? new Upload((sizeBytes) => this.#post({ type: 'grant-credit', id, sizeBytes })) : null;
    const request: OpenRequest = { abort: new AbortController(), credit: new Credit(INITIAL_CREDIT_BYTES), upload };
    request.abort.signal.addEventListener('abort', () => {
      request.credit.close();
      upload?.fail('cancelled');
    });
    this.#requests.set(id, request);
    void this.#run(frame, request).finally(() => this.#requests.delete(id));
  }

  /** Never rejects: every failure becomes a frame. */
  async #run(frame: RequestFrame, request: OpenRequest): Promise<void> {
    const { id } = frame;
    try {
      const response = await this.#ask(frame, request);
      this.#sendHead(frame, response);
      await this.#sendBody(id, request, response);
    } catch (error) {
      const reason = failureOf(error);
      const detail = error instanceof Error ? error.message : String(error);
      if (reason !== 'cancelled') this.#options.onFailure(reason, detail);
      this.#post({ type: 'response-error', id, reason, detail });
    }
  }

  async #ask(frame: RequestFrame, request: OpenRequest): Promise<HttpResponse> {
    let hasTimedOut = false;
    const timer = setTimeout(() => {
      hasTimedOut = true;
      request.abort.abort();
    }, HEAD_TIMEOUT_MS);
    try {
      return await this.#options.client.request(this.#options.port, {
        method: frame.method,
        target: frame.url,
        headers: this.#requestHeaders(frame),
        body: request.upload,
        signal: request.abort.signal,
      });
    } catch (error) {
      throw hasTimedOut ? new VerkletError('ERR_TIMEOUT', { what: 'The server', timeoutMs: HEAD_TIMEOUT_MS }, { cause: error }) : error;
    } finally {
      clearTimeout(timer);
    }
  }

  #requestHeaders(frame: RequestFrame): HeaderList {
    const headers = frame.headers.filter(([name]) => !isReservedHeader(name));
    // Without a body a length would make the server wait for one; with a body the client holds the page to it.
    const unframed = headers.filter(([name]) => frame.hasBody || name.toLowerCase() !== 'content-length');
    const cookies = frame.omitsCookies ? '' : this.#options.jar.headerFor(frame.url);
    const empty: HeaderList = !frame.hasBody && ['POST', 'PUT', 'PATCH'].includes(frame.method) ? [['Content-Length', '0']] : [];
    return [...unframed, ...empty, ...(cookies === '' ? [] : ([['Cookie', cookies]] as const))];
  }

  #sendHead(frame: RequestFrame, { head }: HttpResponse): void {
    let hasChanged = false;
    const headers = head.headers.filter(([name, value]) => {
      if (name.toLowerCase() !== 'set-cookie') return true;
      if (this.#options.jar.setFromResponse(value, frame.url)) hasChanged = true;
      return false;
    });
    // Before the head, so that the page's cookies are right when its promise settles.
    if (hasChanged) this.#options.onCookiesChanged();
    const cookies = frame.isNavigation ? { cookies: this.#options.jar.visibleTo(frame.url) } : {};
    this.#post({ type: 'response-head', id: frame.id, status: head.status, statusText: head.statusText, headers, ...cookies });
  }

  async #sendBody(id: number, request: OpenRequest, response: HttpResponse): Promise<void> {
    let sizeBytes = FIRST_CHUNK_BYTES;
    for (;;) {
      const available = await request.credit.available();
      if (available === 0) return response.cancel();
      const chunk = await response.read(Math.min(available, sizeBytes));
      if (chunk === null) return this.#post({ type: 'response-end', id });
      request.credit.spend(chunk.byteLength);
      // A page that got its first bytes is better served by fewer, larger messages.
      sizeBytes = MAX_CHUNK_BYTES;
      this.#post({ type: 'response-chunk', id, bytes: chunk.buffer }, [chunk.buffer]);
    }
  }

  #takeChunk(id: number, bytes: ArrayBuffer): void {
    const request = this.#requests.get(id);
    if (!request) return; // cancelled while the chunk was under way
    if (!request.upload?.push(bytes)) request.abort.abort();
  }

  #reportConsole(level: string, text: string): void {
    const second = Math.floor(performance.now() / 1000);
    if (second !== this.#consoleSecond) this.#consoleLines = 0;
    this.#consoleSecond = second;
    if (this.#consoleLines++ < MAX_CONSOLE_LINES_PER_SECOND) this.#options.onConsole(level, text);
  }

  #post(frame: FromKernelFrame, transfer: Transferable[] = []): void {
    this.#channel.postMessage(frame, transfer);
  }
}
