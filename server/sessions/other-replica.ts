// A session that another replica runs: requests that arrive here are passed on to it, so any replica answers for all.
import { request as httpRequest, type IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { pipeline, Readable, type Duplex } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { WebSocket } from 'ws';
import { VerkletError } from '#protocol';
import { joinSockets } from '../join-sockets.ts';

/** Passed on once: two replicas that each think the other has the session must not play ball. */
const FORWARDED = 'x-verklet-forwarded';
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;
const CLOSE_RESTARTED = 4410;

/** The lease is another's. `url` is where that replica answers; null when it does not say (`VERKLET_OWN_URL`). */
export class HeldElsewhere extends VerkletError {
  readonly url: string | null;

  constructor(holder: string | null) {
    super('ERR_SESSION_LOST', { reason: 'another server runs it' });
    this.url = urlOfHolder(holder);
  }
}

/** A holder's name ends in its address, where it has one. */
export function holderWithUrl(holder: string, url: string | null): string {
  return url === null ? holder : `${holder} ${url}`;
}

function urlOfHolder(holder: string | null): string | null {
  const at = holder?.indexOf(' ') ?? -1;
  return holder === null || at < 0 ? null : holder.slice(at + 1);
}

/** Passes a request on as it came; `body` is its unread body. Throws `elsewhere` when nobody answers there. */
export function passOn(
  elsewhere: HeldElsewhere,
  { incoming, outgoing }: HttpBindings,
  body: ReadableStream<Uint8Array> | null,
): Promise<Response> {
  if (elsewhere.url === null || incoming.headers[FORWARDED] !== undefined) throw elsewhere;
  const url = new URL(incoming.url ?? '/', elsewhere.url);
  return new Promise((resolve, reject) => {
    const sent = httpRequest(url, { method: incoming.method, headers: { ...incoming.headers, [FORWARDED]: '1' } });
    sent.on('error', () => (outgoing.headersSent ? outgoing.destroy() : reject(elsewhere))); // its lease runs out, and the client tries again
    sent.on('response', (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, withoutHops(answer.rawHeaders));
      pipeline(answer, outgoing, () => undefined); // either side may go at any time; both are closed then
      resolve(RESPONSE_ALREADY_SENT);
    });
    if (body === null) sent.end();
    else pipeline(Readable.fromWeb(body as Parameters<typeof Readable.fromWeb>[0]), sent, () => undefined); // `sent` says so, too
  });
}

function withoutHops(raw: readonly string[]): string[] {
  return raw.filter((_, at) => !/^(?:connection|keep-alive|transfer-encoding)$/i.test(raw[at - (at % 2)] ?? ''));
}

/** An upgrade on a preview host: the other replica checks it anew. */
export function passOnUpgrade(elsewhere: HeldElsewhere, request: IncomingMessage, socket: Duplex, head: Buffer): boolean {
  if (elsewhere.url === null || request.headers[FORWARDED] !== undefined) return false;
  const { hostname, port } = new URL(elsewhere.url);
  const far = connect(Number(port) || 80, hostname);
  const lines = [`${request.method} ${request.url} HTTP/1.1`, `${FORWARDED}: 1`];
  for (let at = 0; at < request.rawHeaders.length; at += 2) lines.push(`${request.rawHeaders[at]}: ${request.rawHeaders[at + 1]}`);
  far.write(`${lines.join('\r\n')}\r\n\r\n`);
  far.write(head);
  joinSockets(socket, far);
  return true;
}

/** A client's stream: `first` is the message it authenticated with. */
export function passOnStream(elsewhere: HeldElsewhere, request: IncomingMessage, socket: WebSocket, first: Buffer): void {
  const giveUp = (): void => socket.close(CLOSE_RESTARTED, elsewhere.code);
  if (elsewhere.url === null || request.headers[FORWARDED] !== undefined) return giveUp();
  const url = new URL(request.url ?? '/', elsewhere.url);
  url.protocol = 'ws:';
  const far = new WebSocket(url, { headers: { [FORWARDED]: '1', origin: request.headers.origin ?? '' }, perMessageDeflate: false });
  socket.pause();
  far.on('open', () => {
    far.send(first.toString());
    socket.resume();
  });
  for (const [from, to] of [
    [socket, far],
    [far, socket],
  ] as const) {
    from.on('message', (data: Buffer, isBinary) => {
      if (to.bufferedAmount > MAX_BUFFERED_BYTES) return from.terminate();
      to.send(data, { binary: isBinary });
    });
    from.on('error', () => to.terminate()); // the client connects again, to whoever has the session then
    from.on('close', (code, reason) => (code >= 3000 && code < 5000 ? to.close(code, reason) : to.terminate()));
  }
}
