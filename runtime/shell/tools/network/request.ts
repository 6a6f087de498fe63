// One HTTP request: to a server of the workspace over its loopback, to anywhere else with the browser's fetch (CORS rules).
// Runs in the tools worker.
import type { HeaderList, OutgoingConnection } from '#protocol';
import { EAGAIN, EPIPE, type Pipe } from '../../../kernel/ipc/pipe.ts';
import type { ByteConnection } from '../../../kernel/preview/byte-connection.ts';
import { HttpClient } from '../../../kernel/preview/http-client.ts';
import type { ProcessHost } from '../../../process/host.ts';

const LOOPBACK = /^(?:localhost|127(?:\.\d+){3}|\[::1\]|0\.0\.0\.0|verklet)$/;

export interface Exchange {
  readonly status: number;
  readonly statusText: string;
  readonly headers: HeaderList;
  readonly body: AsyncIterable<Uint8Array>;
  /** Where redirects led, when the browser followed them. */
  readonly url: string;
}

export interface ExchangeRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers: HeaderList;
  readonly body: Uint8Array<ArrayBuffer> | null;
  readonly signal: AbortSignal;
}

/** Nothing answered. `isRefused`: nobody listens there. */
export class ConnectionFailed extends Error {
  readonly isRefused: boolean;

  constructor(message: string, isRefused: boolean) {
    super(message);
    this.isRefused = isRefused;
  }
}

export function isLoopback(url: URL): boolean {
  return LOOPBACK.test(url.hostname);
}

export function exchange(host: ProcessHost, request: ExchangeRequest): Promise<Exchange> {
  return isLoopback(request.url) ? overLoopback(host, request) : overNetwork(request);
}

async function overLoopback(host: ProcessHost, { method, url, headers, body, signal }: ExchangeRequest): Promise<Exchange> {
  if (url.protocol === 'https:') throw new ConnectionFailed('servers of the workspace speak http, not https', true);
  const port = Number(url.port || 80);
  const client = new HttpClient({ isListening: () => true, connect: () => connect(host, port) });
  const own: [string, string][] = [
    ...headers.map(([name, value]): [string, string] => [name, value]),
    ...(body === null ? [] : [['Content-Length', String(body.length)] as [string, string]]),
  ];
  try {
    const response = await client.request(port, {
      method,
      target: `${url.pathname}${url.search}`,
      headers: own,
      body: body === null ? null : once(body),
      signal,
    });
    const { status, statusText, headers: answered } = response.head;
    return { status, statusText, headers: answered, url: url.href, body: method === 'HEAD' ? none() : bodyOf(response) };
  } catch (error) {
    const code = (error as { code?: string }).code ?? '';
    throw new ConnectionFailed(error instanceof Error ? error.message : String(error), code === 'ERR_NO_SUCH_PORT');
  }
}

async function* none(): AsyncGenerator<Uint8Array> {}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function* bodyOf(response: { read(maxBytes: number): Promise<Uint8Array | null> }): AsyncGenerator<Uint8Array> {
  for (let chunk = await response.read(65_536); chunk !== null; chunk = await response.read(65_536)) yield chunk;
}

async function connect(host: ProcessHost, port: number): Promise<ByteConnection | null> {
  const outgoing = await host.call<OutgoingConnection | number>({ type: 'connect', address: { family: 'tcp', host: '', port } });
  if (typeof outgoing === 'number') return null;
  return new BlockingConnection(host, host.openPipe(outgoing.connection.receive), host.openPipe(outgoing.connection.send));
}

/** A loopback connection whose waits block the worker: the program has nothing else to do. */
class BlockingConnection implements ByteConnection {
  readonly #host: ProcessHost;
  readonly #receive: Pipe;
  readonly #send: Pipe;
  #isSending = true;
  #isClosed = false;

  constructor(host: ProcessHost, receive: Pipe, send: Pipe) {
    this.#host = host;
    this.#receive = receive;
    this.#send = send;
  }

  get readableBytes(): number {
    return this.#receive.readableBytes;
  }

  async read(into: Uint8Array): Promise<number> {
    if (this.#isClosed) return 0;
    this.#receive.watch('read', true);
    try {
      for (;;) {
        const seen = this.#host.slots.doorbell();
        const count = this.#receive.read(into);
        if (count !== EAGAIN) return Math.max(0, count);
        // Not `wait`: timers, for a time limit, must go on.
        await this.#host.slots.waitAsync(seen);
      }
    } finally {
      this.#receive.watch('read', false);
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#send.writeAll(bytes) === EPIPE) throw new Error('the peer closed the connection');
  }

  closeWrite(): void {
    if (this.#isSending) this.#send.release('write');
    this.#isSending = false;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.closeWrite();
    this.#receive.release('read');
  }
}

async function overNetwork({ method, url, headers, body, signal }: ExchangeRequest): Promise<Exchange> {
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers: headers
        .map(([name, value]): [string, string] => [name, value])
        .filter(([name]) => !/^(?:host|user-agent|accept-encoding|content-length)$/i.test(name)),
      body,
      signal,
      redirect: 'follow',
      credentials: 'omit',
    });
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ConnectionFailed(
      `the browser could not fetch ${url.host}: it is out of reach, or does not allow requests from other origins (CORS)`,
      false,
    );
  }
  return {
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    url: response.url || url.href,
    body: response.body ?? none(),
  };
}
