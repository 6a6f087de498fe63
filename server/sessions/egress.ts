// The only way out of a box: an HTTP proxy that serves the package registries of this server and, by an allow-list, hosts
// of the network. Names are resolved here and the address checked: nothing private, nothing of this machine.
import { lookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { BlockList, connect, isIP } from 'node:net';
import { Duplex } from 'node:stream';
import { Readable } from 'node:stream';
import type { LinkStream, StreamEvents } from '#protocol';

export interface EgressOptions {
  /** Host names, or `*.example.com`. */
  readonly allow: readonly string[];
  /** Path prefixes of this server that a box may read. */
  readonly ownPaths: readonly string[];
  /** Asks this server's own application. */
  readonly fetchOwn: (path: string, init: { method: string; headers: Record<string, string> }) => Promise<Response>;
  readonly onConnect: (host: string, isAllowed: boolean) => void;
}

// One list per family: an IPv4 address is also an IPv6 one to a list, and all of those are below `::/8`.
const closed4 = new BlockList();
const closed6 = new BlockList();
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  closed4.addSubnet(network, prefix, 'ipv4');
for (const [network, prefix] of [
  ['::', 8],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
  ['2002::', 16],
] as const)
  closed6.addSubnet(network, prefix, 'ipv6');

export class Egress {
  readonly #server: Server;
  readonly #options: EgressOptions;

  constructor(options: EgressOptions) {
    this.#options = options;
    this.#server = createServer({ requestTimeout: 60_000 }, (request, response) => void this.#serve(request, response));
    this.#server.on('connect', (request, socket, head) => void this.#tunnel(request, socket, head));
  }

  /** Serves one connection of a box. */
  accept(stream: LinkStream): StreamEvents {
    const { duplex, events } = duplexOf(stream);
    this.#server.emit('connection', duplex);
    return events;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    const isOwn = this.#options.ownPaths.some((prefix) => path.startsWith(prefix));
    if (!isOwn || (request.method !== 'GET' && request.method !== 'HEAD')) {
      response
        .writeHead(403, { 'Content-Type': 'text/plain' })
        .end('This box has no network. It may read the package registries of its server.\n');
      return;
    }
    try {
      const headers = Object.fromEntries(
        Object.entries(request.headers).flatMap(([name, value]) => (typeof value === 'string' && name !== 'host' ? [[name, value]] : [])),
      );
      const answer = await this.#options.fetchOwn(path, { method: request.method, headers });
      response.writeHead(answer.status, Object.fromEntries(answer.headers));
      if (answer.body) Readable.fromWeb(answer.body as never).pipe(response);
      else response.end();
    } catch (error) {
      response.writeHead(502, { 'Content-Type': 'text/plain' }).end(`The registry did not answer: ${String(error)}\n`);
    }
  }

  async #tunnel(request: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
    socket.on('error', () => socket.destroy());
    const match = /^([\w.-]+):(\d+)$/.exec(request.url ?? '');
    const [, host = '', port = ''] = match ?? [];
    const address = this.#isAllowed(host) ? await publicAddress(host) : null;
    this.#options.onConnect(host, address !== null);
    if (address === null) return void socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n');
    // To the address that was checked, not to the name, which may mean another by now.
    const upstream = connect({ host: address, port: Number(port) }, () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('close', () => upstream.destroy());
  }

  #isAllowed(host: string): boolean {
    return this.#options.allow.some((rule) => (rule.startsWith('*.') ? host.endsWith(rule.slice(1)) : host === rule));
  }
}

/** The address of a host, or null when any of its addresses is not of the public network. */
export async function publicAddress(host: string): Promise<string | null> {
  try {
    const addresses = isIP(host) ? [{ address: host, family: isIP(host) }] : await lookup(host, { all: true });
    const isPublic = addresses.every(({ address, family }) =>
      family === 6 ? !closed6.check(address, 'ipv6') : !closed4.check(address, 'ipv4'),
    );
    return isPublic ? (addresses[0]?.address ?? null) : null;
  } catch {
    return null; // the name means nothing
  }
}

/** A link stream as Node's duplex. */
export function duplexOf(stream: LinkStream): { duplex: Duplex; events: StreamEvents } {
  let onDrain: (() => void) | null = null;
  const duplex: Duplex = new Duplex({
    allowHalfOpen: true,
    read: () => undefined,
    write(chunk: Buffer, _encoding, done) {
      stream.write(chunk);
      if (stream.canSend) done();
      else onDrain = done;
    },
    final(done) {
      stream.end();
      done();
    },
    destroy(error, done) {
      if (!stream.isClosed && (error !== null || !duplex.writableFinished)) stream.reset();
      done(error);
    },
  });
  return {
    duplex,
    events: {
      onData: (bytes) => {
        duplex.push(Buffer.from(bytes));
        stream.taken(bytes.length);
      },
      onEnd: () => duplex.push(null),
      onDrain: () => {
        const done = onDrain;
        onDrain = null;
        done?.();
      },
      onReset: () => duplex.destroy(),
    },
  };
}
