// An HTTP/1.1 client over loopback connections, with a keep-alive pool per port. Runs in the kernel worker.
import { isVerkletError, VerkletError, type HeaderList, type PreviewFailure } from '#protocol';
import type { ByteConnection, LoopbackPorts } from './byte-connection.ts';
import { ConnectionReader } from './connection-reader.ts';
import {
  BodyReader,
  bodyFraming,
  encodeRequestHead,
  headerValue,
  keepsAlive,
  readResponseHead,
  type ResponseHead,
} from './http-message.ts';

/** As many as a preview has in flight at once; more would only hold memory. */
const MAX_IDLE_PER_PORT = 16;
/** Below Node's `keepAliveTimeout` of 5 s, so a pooled connection is rarely one that the server is closing. */
const MAX_IDLE_MS = 4000;
const LAST_CHUNK = new TextEncoder().encode('0\r\n\r\n');
const encoder = new TextEncoder();

export interface HttpRequest {
  readonly method: string;
  /** Path and query. */
  readonly target: string;
  /** Without `Host`, `Connection`, `Content-Length` and `Transfer-Encoding`, unless the length of the body is known. */
  readonly headers: HeaderList;
  readonly body: AsyncIterable<Uint8Array> | null;
  /** Closes the connection, whatever it was doing. */
  readonly signal?: AbortSignal;
}

export interface HttpResponse {
  readonly head: ResponseHead;
  /** At most `maxBytes` in a buffer of its own; null at the end. */
  read(maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Gives up the rest of the body. */
  cancel(): void;
}

/** A connection whose server agreed to switch protocols. */
export interface UpgradedConnection {
  readonly head: ResponseHead;
  readonly connection: ByteConnection;
  readonly reader: ConnectionReader;
}

interface Session {
  readonly connection: ByteConnection;
  readonly reader: ConnectionReader;
}
interface IdleSession extends Session {
  readonly sinceMs: number;
}

export class HttpClient {
  readonly #ports: LoopbackPorts;
  readonly #idle = new Map<number, IdleSession[]>();

  constructor(ports: LoopbackPorts) {
    this.#ports = ports;
  }

  /** Resolves with the head. Rejects with `ERR_NO_SUCH_PORT`, `ERR_PREVIEW_FAILED` or `ERR_ABORTED`. */
  async request(port: number, request: HttpRequest): Promise<HttpResponse> {
    const pooled = request.body === null ? this.#takeIdle(port) : null;
    if (pooled) {
      const response = await this.#exchange(port, pooled, request).catch((error: unknown) => {
        // The server closed an idle connection as we took it: nothing was handled yet, a fresh one may ask again.
        if (pooled.reader.hasReceived || request.signal?.aborted) throw error;
        return null;
      });
      if (response) return response;
    }
    return this.#exchange(port, await this.#connect(port), request);
  }

  /** Sends a request with its own `Connection` and `Upgrade` headers; resolves on 101 only. */
  async upgrade(port: number, target: string, headers: HeaderList): Promise<UpgradedConnection> {
    const session = await this.#connect(port);
    try {
      await session.connection.write(encodeRequestHead('GET', target, [['Host', `localhost:${port}`], ...headers]));
      const head = await this.#readFinalHead(port, session.reader, true);
      if (head.status !== 101) throw failed(port, `it answered ${head.status} to an upgrade`, 'bad-response');
      return { head, ...session };
    } catch (error) {
      session.connection.close();
      throw this.#asFailure(port, error);
    }
  }

  /** Drops the idle connections of a port whose listener went away. */
  forgetPort(port: number): void {
    for (const session of this.#idle.get(port) ?? []) session.connection.close();
    this.#idle.delete(port);
  }

  [Symbol.dispose](): void {
    for (const port of [...this.#idle.keys()]) this.forgetPort(port);
  }

  async #connect(port: number): Promise<Session> {
    const connection = await this.#ports.connect(port);
    if (!connection) throw new VerkletError('ERR_NO_SUCH_PORT', { port });
    return { connection, reader: new ConnectionReader(connection) };
  }

  async #exchange(port: number, session: Session, request: HttpRequest): Promise<HttpResponse> {
    const close = () => session.connection.close();
    request.signal?.addEventListener('abort', close, { once: true });
    const settle = () => request.signal?.removeEventListener('abort', close);
    try {
      request.signal?.throwIfAborted();
      const sending = this.#send(port, session.connection, request);
      // A server may answer and close before it took the whole body: its answer counts, not our failed write.
      const sent = sending.then(
        () => true,
        () => {
          session.connection.closeWrite();
          return false;
        },
      );
      const head = await this.#readFinalHead(port, session.reader, false);
      return this.#response(port, session, request, head, sent, settle);
    } catch (error) {
      settle();
      close();
      throw request.signal?.aborted
        ? new VerkletError('ERR_ABORTED', { what: 'The request' }, { cause: error })
        : this.#asFailure(port, error);
    }
  }

  #response(
    port: number,
    session: Session,
    request: HttpRequest,
    head: ResponseHead,
    sent: Promise<boolean>,
    settle: () => void,
  ): HttpResponse {
    const framing = bodyFraming(request.method, head);
    const body = new BodyReader(session.reader, framing);
    const isReusable = keepsAlive(head, framing);
    const release = async () => {
      settle();
      const isReady = isReusable && !session.reader.hasLeftover && (await sent);
      if (isReady && !request.signal?.aborted) this.#putIdle(port, session);
      else session.connection.close();
    };
    if (body.isDone) void release();
    const read = async (maxBytes: number) => {
      if (body.isDone) return null;
      try {
        const chunk = await body.read(maxBytes);
        if (body.isDone) void release();
        return chunk;
      } catch (error) {
        settle();
        session.connection.close();
        throw this.#asFailure(port, error);
      }
    };
    const cancel = () => {
      if (body.isDone) return;
      settle();
      session.connection.close();
    };
    return { head, read, cancel };
  }

  async #send(port: number, connection: ByteConnection, request: HttpRequest): Promise<void> {
    const length = headerValue(request.headers, 'content-length');
    const isChunked = request.body !== null && length === null;
    const framing: HeaderList = isChunked ? [['Transfer-Encoding', 'chunked']] : [];
    await connection.write(
      encodeRequestHead(request.method, request.target, [
        ['Host', `localhost:${port}`],
        ...request.headers,
        ['Connection', 'keep-alive'],
        ...framing,
      ]),
    );
    if (!request.body) return;
    if (isChunked) await sendChunked(connection, request.body);
    else await sendSized(connection, request.body, Number(length));
  }

  /** Passes over interim responses (100, 103); 101 is final only where it was asked for. */
  async #readFinalHead(port: number, reader: ConnectionReader, isUpgrade: boolean): Promise<ResponseHead> {
    for (;;) {
      const head = await readResponseHead(reader);
      if (!head) throw failed(port, 'it sent nothing', this.#ports.isListening(port) ? 'bad-response' : 'process-died');
      if (head.status >= 200 || (isUpgrade && head.status === 101)) return head;
      if (head.status === 101) throw failed(port, 'it switched protocols unasked', 'bad-response');
    }
  }

  #asFailure(port: number, error: unknown): VerkletError {
    if (isVerkletError(error)) return error;
    const reason = error instanceof Error ? error.message : String(error);
    return failed(port, reason, this.#ports.isListening(port) ? 'bad-response' : 'process-died', error);
  }

  #takeIdle(port: number): Session | null {
    // An old connection may outlive its listener: a port that is closed must look closed.
    if (!this.#ports.isListening(port)) this.forgetPort(port);
    const idle = this.#idle.get(port) ?? [];
    for (let session = idle.pop(); session; session = idle.pop()) {
      // A fresh reader: whether this exchange received anything decides if it may be asked again.
      if (performance.now() - session.sinceMs < MAX_IDLE_MS)
        return { connection: session.connection, reader: new ConnectionReader(session.connection) };
      session.connection.close();
    }
    return null;
  }

  #putIdle(port: number, session: Session): void {
    const idle = this.#idle.get(port) ?? [];
    this.#idle.set(port, idle);
    if (idle.length < MAX_IDLE_PER_PORT && this.#ports.isListening(port)) idle.push({ ...session, sinceMs: performance.now() });
    else session.connection.close();
  }
}

async function sendChunked(connection: ByteConnection, body: AsyncIterable<Uint8Array>): Promise<void> {
  for await (const bytes of body) {
    if (bytes.byteLength === 0) continue; // an empty chunk would end the body
    await connection.write(encoder.encode(`${bytes.byteLength.toString(16)}\r\n`));
    await connection.write(bytes);
    await connection.write(encoder.encode('\r\n'));
  }
  await connection.write(LAST_CHUNK);
}

/** Never writes past the length: what follows would be read as another request. */
async function sendSized(connection: ByteConnection, body: AsyncIterable<Uint8Array>, sizeBytes: number): Promise<void> {
  let left = sizeBytes;
  for await (const bytes of body) {
    left -= bytes.byteLength;
    if (!(left >= 0)) break;
    await connection.write(bytes);
  }
  if (left !== 0) throw new TypeError('the body is not as long as its Content-Length');
}

function failed(port: number, reason: string, failure: PreviewFailure, cause?: unknown): VerkletError {
  return new VerkletError('ERR_PREVIEW_FAILED', { port, reason, failure }, cause === undefined ? undefined : { cause });
}

/** What an error of this client means to the page that asked. */
export function failureOf(error: unknown): PreviewFailure {
  if (!isVerkletError(error)) return 'bad-response';
  switch (error.code) {
    case 'ERR_NO_SUCH_PORT':
      return 'no-such-port';
    case 'ERR_ABORTED':
      return 'cancelled';
    case 'ERR_TIMEOUT':
      return 'timeout';
    default:
      return error.details['failure'] === 'process-died' ? 'process-died' : 'bad-response';
  }
}
