// The WebSocket of a session: authenticates with its first message, then carries frames between a browser and the agent.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocket, WebSocketServer } from 'ws';
import * as v from 'valibot';
import { decodeFrame, decodeJson, isVerkletError, MAX_FRAME_BYTES, VerkletError, type Frame } from '#protocol';
import type { Scope, SessionGrant } from '../grants.ts';
import { HeldElsewhere, passOnStream } from './other-replica.ts';
import type { SessionService } from './session-service.ts';
import type { Session } from './session.ts';

const AUTHENTICATE_TIMEOUT_MS = 10_000;
/** A client that takes nothing: its streams wait in the agent, where there is room for them. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const PING_MS = 20_000;
const CLOSE_REFUSED = 4401;
const CLOSE_RESTARTED = 4410;
const CLOSE_SLOW = 4413;
const CLOSE_BROKEN = 4400;

const authenticate = v.object({
  type: v.literal('authenticate'),
  token: v.pipe(v.string(), v.maxLength(4096)),
  client: v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(0xffffffff)),
});

/** What a browser may open in the box, and the scope it needs. */
const openings: Readonly<Record<string, Scope>> = { spawn: 'exec', 'stderr-of': 'exec', connect: 'port', 'watch-ports': 'port' };

const STREAM_PATH = /^\/-\/v1\/sessions\/([a-z0-9]+)\/stream$/;

export class SessionStreams {
  readonly #service: SessionService;
  readonly #sockets = new WebSocketServer({ noServer: true, maxPayload: MAX_FRAME_BYTES, perMessageDeflate: false });

  constructor(service: SessionService) {
    this.#service = service;
  }

  /** Takes an upgrade for a session's stream; false when the path is another's. */
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
    const id = STREAM_PATH.exec(request.url?.split('?')[0] ?? '')?.[1];
    if (id === undefined) return false;
    if (!this.#service.isAllowedOrigin(request.headers.origin ?? '')) {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\n\r\n');
      return true;
    }
    this.#sockets.handleUpgrade(request, socket, head, (webSocket) => this.#welcome(webSocket, request, id));
    return true;
  }

  close(): void {
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#sockets.close();
  }

  #welcome(socket: WebSocket, request: IncomingMessage, id: string): void {
    const timer = setTimeout(() => socket.close(CLOSE_REFUSED, 'no grant'), AUTHENTICATE_TIMEOUT_MS);
    socket.on('error', () => socket.terminate());
    socket.once('message', (data: Buffer) => {
      clearTimeout(timer);
      this.#authenticate(socket, id, data).catch((error: unknown) => {
        if (error instanceof HeldElsewhere) return passOnStream(error, request, socket, data);
        const code = isVerkletError(error) ? error.code : 'ERR_INTERNAL';
        socket.close(code === 'ERR_GRANT' || code === 'ERR_NO_SUCH_SESSION' ? CLOSE_REFUSED : CLOSE_RESTARTED, code);
      });
    });
  }

  async #authenticate(socket: WebSocket, id: string, data: Buffer): Promise<void> {
    const { grant, client } = await this.#verify(id, data);
    const session = await (await this.#service.sessions()).getOwned(id, grant.owner);
    if (grant.generation !== session.record.generation) throw new VerkletError('ERR_GRANT', { reason: 'the session has a new box since' });
    if (socket.readyState !== WebSocket.OPEN) return;
    new ClientSocket(socket, session, grant, client, (next) => this.#verify(id, next)).start();
  }

  async #verify(id: string, data: Buffer): Promise<{ grant: SessionGrant; client: number }> {
    const parsed = v.safeParse(authenticate, decodeJson(data));
    if (!parsed.success) throw new VerkletError('ERR_GRANT', { reason: 'the first message is not one' });
    const grant = await this.#service.grants.verifySession(parsed.output.token);
    if (grant.session !== id) throw new VerkletError('ERR_GRANT', { reason: 'it is for another session' });
    return { grant, client: parsed.output.client };
  }
}

class ClientSocket {
  readonly #socket: WebSocket;
  readonly #session: Session;
  readonly #client: number;
  readonly #verify: (data: Buffer) => Promise<{ grant: SessionGrant }>;
  #grant: SessionGrant;
  #expiry: NodeJS.Timeout | null = null;
  #isAlive = true;

  constructor(
    socket: WebSocket,
    session: Session,
    grant: SessionGrant,
    client: number,
    verify: (data: Buffer) => Promise<{ grant: SessionGrant }>,
  ) {
    this.#socket = socket;
    this.#session = session;
    this.#grant = grant;
    this.#client = client;
    this.#verify = verify;
  }

  start(): void {
    const handler = {
      deliver: (frame: Uint8Array) => this.#deliver(frame),
      disconnect: () => this.#socket.close(CLOSE_RESTARTED, 'say hello again'),
    };
    this.#session.attach(this.#client, handler);
    this.#expireWith(this.#grant);
    const alive = setInterval(() => {
      if (!this.#isAlive) return this.#socket.terminate();
      this.#isAlive = false;
      this.#socket.ping();
    }, PING_MS);
    this.#socket.on('pong', () => (this.#isAlive = true));
    this.#socket.on('message', (data: Buffer, isBinary) => {
      this.#isAlive = true;
      if (isBinary) this.#forward(data);
      else void this.#renew(data);
    });
    this.#socket.on('close', () => {
      clearInterval(alive);
      if (this.#expiry) clearTimeout(this.#expiry);
      this.#session.detach(this.#client, handler);
    });
    this.#socket.send(JSON.stringify({ type: 'ready' }));
  }

  #deliver(frame: Uint8Array): void {
    if (this.#socket.bufferedAmount > MAX_BUFFERED_BYTES) this.#socket.close(CLOSE_SLOW, 'too slow');
    else this.#socket.send(frame);
  }

  #forward(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === null || !this.#isAllowed(frame)) return this.#socket.close(CLOSE_BROKEN, 'not allowed');
    this.#session.send(this.#client, bytes);
  }

  #isAllowed({ kind, payload }: Frame): boolean {
    if (kind === 'event' || kind === 'goaway' || kind === 'welcome') return false;
    if (kind !== 'open') return true;
    const { type } = (decodeJson(payload) ?? {}) as { type?: unknown };
    const scope = typeof type === 'string' && Object.hasOwn(openings, type) ? openings[type] : undefined;
    return scope !== undefined && this.#grant.scopes.includes(scope);
  }

  async #renew(data: Buffer): Promise<void> {
    try {
      const { grant } = await this.#verify(data);
      if (grant.owner !== this.#grant.owner) throw new VerkletError('ERR_GRANT', { reason: 'it is for somebody else' });
      this.#grant = grant;
      this.#expireWith(grant);
    } catch {
      this.#socket.close(CLOSE_REFUSED, 'ERR_GRANT'); // the client hears the code
    }
  }

  #expireWith({ expiresAtMs }: SessionGrant): void {
    if (this.#expiry) clearTimeout(this.#expiry);
    this.#expiry = setTimeout(() => this.#socket.close(CLOSE_REFUSED, 'the grant expired'), Math.max(0, expiresAtMs - Date.now()));
  }
}
