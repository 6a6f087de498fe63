// The open WebSockets of one previewed port. They outlive the service worker that passed them on: page and kernel talk
// directly. Runs in the kernel worker.
import type { ToKernelFrame } from '#protocol';
import type { CookieJar } from './cookie-jar.ts';
import type { HttpClient } from './http-client.ts';
import { openSocket } from './websocket.ts';

/** Far above what a page opens, far below what would exhaust the workspace's memory: each holds two pipes. */
const MAX_OPEN_SOCKETS = 256;

type SocketFrame = Extract<ToKernelFrame, { type: 'open-socket' }>;

export class SocketSet {
  readonly #port: number;
  readonly #client: HttpClient;
  readonly #jar: CookieJar;
  readonly #open = new Set<AbortController>();

  constructor(port: number, client: HttpClient, jar: CookieJar) {
    this.#port = port;
    this.#client = client;
    this.#jar = jar;
  }

  open(frame: SocketFrame): void {
    if (this.#open.size >= MAX_OPEN_SOCKETS) {
      frame.socket.postMessage({ type: 'socket-error' });
      return frame.socket.close();
    }
    const abort = new AbortController();
    this.#open.add(abort);
    const request = {
      port: this.#port,
      target: frame.url,
      protocols: frame.protocols,
      origin: frame.origin,
      cookies: this.#jar.headerFor(frame.url),
    };
    void openSocket(this.#client, request, frame.socket, abort.signal).finally(() => this.#open.delete(abort));
  }

  dispose(): void {
    for (const socket of this.#open) socket.abort();
  }
}
