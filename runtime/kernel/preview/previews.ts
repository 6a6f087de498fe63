// Everything the kernel knows of previews: one client, one cookie jar per port, one relay per attached service worker.
import type { Diagnostic, FromKernel } from '#protocol';
import type { LoopbackPorts } from './byte-connection.ts';
import { CookieJar } from './cookie-jar.ts';
import { PreviewFetches } from './fetch-preview.ts';
import { HttpClient } from './http-client.ts';
import { PreviewRelay } from './relay.ts';
import { SocketSet } from './socket-set.ts';

/** An origin has one service worker; while it is replaced there may be two. */
const MAX_RELAYS_PER_PORT = 2;

interface PreviewedPort {
  readonly jar: CookieJar;
  readonly sockets: SocketSet;
  readonly relays: PreviewRelay[];
}

export class Previews {
  readonly #client: HttpClient;
  readonly #report: (diagnostic: Diagnostic) => void;
  readonly #previewed = new Map<number, PreviewedPort>();

  constructor(ports: LoopbackPorts, report: (diagnostic: Diagnostic) => void) {
    this.#client = new HttpClient(ports);
    this.#report = report;
  }

  /** A service worker's end arrived with `attach-preview`. */
  attach(port: number, channel: MessagePort): void {
    const { jar, sockets, relays } = this.#stateOf(port);
    this.#report({ type: 'preview-connected', atMs: Date.now(), port });
    if (relays.length >= MAX_RELAYS_PER_PORT) relays.shift()?.dispose();
    relays.push(
      new PreviewRelay(channel, {
        port,
        client: this.#client,
        jar,
        sockets,
        onCookiesChanged: () => relays.forEach((relay) => relay.announceCookies()),
        onFailure: (reason, detail) => this.#report({ type: 'preview-failed', atMs: Date.now(), port, reason, detail }),
        onConsole: (level, text) => this.#report({ type: 'preview-console', atMs: Date.now(), port, level, text }),
      }),
    );
  }

  /** The requests of one SDK control port. */
  createFetches(post: (message: FromKernel, transfer?: Transferable[]) => void): PreviewFetches {
    return new PreviewFetches(this.#client, post);
  }

  /** The last listener on a port went away. Relays stay: the next server on the port answers the same pages. */
  closePort(port: number): void {
    this.#client.forgetPort(port);
  }

  dispose(): void {
    for (const { relays, sockets } of this.#previewed.values()) {
      for (const relay of relays) relay.dispose();
      sockets.dispose();
    }
    this.#previewed.clear();
    this.#client[Symbol.dispose]();
  }

  #stateOf(port: number): PreviewedPort {
    const existing = this.#previewed.get(port);
    if (existing) return existing;
    const jar = new CookieJar();
    const state = { jar, sockets: new SocketSet(port, this.#client, jar), relays: [] };
    this.#previewed.set(port, state);
    return state;
  }
}
