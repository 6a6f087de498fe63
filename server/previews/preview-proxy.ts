// Ports of a session on the preview hosts, for a browser that has no runtime there: another device, or a page that was
// closed. A ticket that works once becomes a cookie of that one host; the way to the program is the agent's stream only.
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { pipeline, type Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import type { PreviewName } from '#headers';
import { VerkletError, type StreamOpening } from '#protocol';
import { joinSockets } from '../join-sockets.ts';
import type { PreviewGrant } from '../grants.ts';
import type { SessionService } from '../sessions/session-service.ts';
import { PREVIEW_COOKIE, previewCookieOf, requestHeaders, responseHeaders } from './preview-heads.ts';
import { StreamSocket } from './stream-socket.ts';

export const ENTER_PATH = '/__verklet/enter';
/** Of one session at a time: a page that opens more waits, or is broken. */
const MAX_REQUESTS = 64;
/** Until a program has answered with a head; its body may take for ever. */
const HEAD_TIMEOUT_MS = 60_000;
const COOKIE_LIFE_S = 8 * 3600;

type PortName = PreviewName & { readonly port: number };

export class PreviewProxy {
  readonly #service: SessionService;
  readonly #running = new Map<string, number>();

  constructor(service: SessionService) {
    this.#service = service;
  }

  /** Works once, for five minutes, on the workspace's own hosts. Throws `ERR_GRANT` for a workspace that is somebody else's. */
  async ticket(grant: PreviewGrant): Promise<string> {
    // Whoever comes first has the label: it is a secret of the owner's tab until then.
    const owner = await this.#service.store.registry.claim(`label:${grant.workspace}`, grant.owner);
    if (owner !== grant.owner) throw new VerkletError('ERR_GRANT', { reason: 'the workspace is somebody else’s' });
    return this.#service.grants.signPreview('ticket', grant);
  }

  /** Null: this browser has no permission here, or the session is over. `own`: the origin as the browser has it. */
  async answer(name: PortName, bindings: HttpBindings, own: URL): Promise<Response | null> {
    const { headers, url: target = '/' } = bindings.incoming;
    const url = new URL(target, own);
    if (url.pathname === ENTER_PATH) return this.#enter(name, url);
    if (url.pathname.startsWith('/__verklet/')) return null;
    const grant = await this.#permission(name, headers.cookie);
    if (grant === null) return null;
    // Ours is the only service worker of a port origin: another would stay when the workspace comes back to the tab.
    if (headers['service-worker'] !== undefined) return text(403, 'Service workers do not run in a preview of a session.');
    return this.#relay(grant, bindings, requestHeaders(headers, grant.port, own));
  }

  /** Takes an upgrade on a port origin; false when this browser may not. */
  async handleUpgrade(name: PortName, request: IncomingMessage, socket: Duplex, head: Buffer, own: URL): Promise<boolean> {
    const grant = await this.#permission(name, request.headers.cookie);
    if (grant === null || request.headers.origin !== own.origin) return false;
    const far = await this.#connect(grant);
    const headers = { ...requestHeaders(request.headers, grant.port, own), connection: 'Upgrade', upgrade: request.headers.upgrade ?? '' };
    const lines = Object.entries(headers).flatMap(([key, value]) => [value].flat().map((each) => `${key}: ${each}`));
    far.write(`${request.method} ${request.url} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`);
    if (head.length > 0) far.write(head);
    joinSockets(socket, far);
    return true;
  }

  async #enter(name: PortName, url: URL): Promise<Response> {
    const to = url.searchParams.get('to') ?? '/';
    const isLocal = to.startsWith('/') && !/^\/[/\\]/.test(to);
    const grant = await this.#redeem(name, url.searchParams.get('ticket') ?? '');
    if (grant === null || !isLocal) return text(403, 'This link was used already, or is too old. Ask for a new one.');
    const cookie = await this.#service.grants.signPreview('cookie', grant);
    return new Response(null, {
      status: 303,
      headers: {
        Location: to,
        'Set-Cookie': `${PREVIEW_COOKIE}=${cookie}; Path=/; Max-Age=${COOKIE_LIFE_S}; Secure; HttpOnly; SameSite=None; Partitioned`,
        'Cache-Control': 'no-store',
        'Referrer-Policy': 'no-referrer',
      },
    });
  }

  async #redeem(name: PortName, ticket: string): Promise<PreviewGrant | null> {
    const grant = await this.#service.grants.verifyPreview('ticket', ticket).catch(() => null); // any ticket that is none
    if (grant === null || !isFor(grant, name)) return null;
    return (await this.#service.store.registry.useGrant(grant.id, Date.now() + 600_000)) ? grant : null;
  }

  async #permission(name: PortName, cookies: string | undefined): Promise<PreviewGrant | null> {
    const cookie = previewCookieOf(cookies ?? '');
    if (cookie === null) return null;
    const grant = await this.#service.grants.verifyPreview('cookie', cookie).catch(() => null); // any cookie that is none
    if (grant === null || !isFor(grant, name)) return null;
    const record = await this.#service.store.registry.getSession(grant.session);
    return record !== null && record.state !== 'stopped' && record.owner === grant.owner ? grant : null;
  }

  async #connect({ session: id, owner, port }: PreviewGrant): Promise<StreamSocket> {
    const session = await (await this.#service.sessions()).getOwned(id, owner);
    return new StreamSocket((events) => session.open({ type: 'connect', port } satisfies StreamOpening, events));
  }

  async #relay(grant: PreviewGrant, bindings: HttpBindings, headers: Record<string, string | string[]>): Promise<Response> {
    const running = this.#running.get(grant.session) ?? 0;
    if (running >= MAX_REQUESTS) return text(503, 'Too many requests at a time.', { 'Retry-After': '1' });
    this.#running.set(grant.session, running + 1);
    const done = (): void => {
      const left = (this.#running.get(grant.session) ?? 1) - 1;
      if (left > 0) this.#running.set(grant.session, left);
      else this.#running.delete(grant.session);
    };
    const far = await this.#connect(grant).catch((error: unknown) => {
      done();
      throw error;
    });
    far.once('close', done);
    return exchange(far, bindings, headers, grant.port);
  }
}

/** Written to the socket itself: what the program leaves out, as a content type, stays left out. */
function exchange(
  far: StreamSocket,
  { incoming, outgoing }: HttpBindings,
  headers: Record<string, string | string[]>,
  port: number,
): Promise<Response> {
  return new Promise((resolve) => {
    const sent = httpRequest({
      method: incoming.method,
      path: incoming.url,
      headers: { ...headers, connection: 'close' },
      setHost: false,
      agent: new OneSocketAgent(far),
    });
    const timer = setTimeout(() => sent.destroy(new Error('no answer')), HEAD_TIMEOUT_MS);
    outgoing.once('close', () => {
      clearTimeout(timer);
      far.destroy();
    });
    sent.on('error', (error) => {
      far.destroy();
      if (outgoing.headersSent) outgoing.destroy();
      else resolve(text(502, `Nothing answers on port ${port} of the session (${error.message}).`));
    });
    sent.on('response', (answer) => {
      clearTimeout(timer);
      outgoing.writeHead(answer.statusCode ?? 502, responseHeaders(answer.rawHeaders, port));
      pipeline(answer, outgoing, () => undefined); // either side may go at any time; both are closed then
      resolve(RESPONSE_ALREADY_SENT);
    });
    incoming.pipe(sent);
  });
}

/** The only way out is the stream that is there already: there is no address to be led to. */
class OneSocketAgent extends Agent {
  readonly #socket: StreamSocket;

  constructor(socket: StreamSocket) {
    super({ keepAlive: false });
    this.#socket = socket;
  }

  override createConnection(): StreamSocket {
    return this.#socket;
  }
}

function isFor(grant: PreviewGrant, name: PortName): boolean {
  return grant.port === name.port && grant.workspace === name.workspace;
}

function text(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store', ...headers },
  });
}
