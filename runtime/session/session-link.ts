// The WebSocket of a session: connects, says who it is, comes back after a loss. Streams outlive it. Session worker.
import { LinkEndpoint, type LinkState, type SessionEvent } from '#protocol';

const FIRST_PAUSE_MS = 200;
const MAX_PAUSE_MS = 5_000;
/** A connection on which nothing arrives any more is found out by this, not by the operating system's quarter of an hour. */
const PING_MS = 5_000;
const SILENCE_MS = 12_000;
const RENEW_MS = 4 * 60_000;
const CLOSE_REFUSED = 4401;

export interface LinkEvents {
  onState(state: LinkState): void;
  onEvent(event: SessionEvent): void;
  /** Connected; `isSame` is false when the box was replaced and all streams ended. */
  onReady(isSame: boolean): void;
  /** The server refuses for good. */
  onRefused(reason: string): void;
  /** A fresh token; null when there is none now. */
  renewToken(): Promise<string | null>;
}

export class SessionLink {
  readonly endpoint: LinkEndpoint;
  readonly #url: string;
  readonly #events: LinkEvents;
  readonly #id = crypto.getRandomValues(new Uint32Array(1))[0] || 1;
  readonly #renewal: ReturnType<typeof setInterval>;
  #token: string;
  #socket: WebSocket | null = null;
  #pauseMs = FIRST_PAUSE_MS;
  #retry: ReturnType<typeof setTimeout> | null = null;
  #lastHeardMs = 0;
  #isClosed = false;
  readonly #wake = (): void => {
    if (this.#retry !== null) this.#connect();
  };

  constructor(url: string, token: string, events: LinkEvents) {
    this.#url = url;
    this.#token = token;
    this.#events = events;
    this.endpoint = new LinkEndpoint(
      { role: 'client' },
      {
        onReady: (isSame) => {
          this.#pauseMs = FIRST_PAUSE_MS;
          events.onState('connected');
          events.onReady(isSame);
        },
        onEvent: (event) => events.onEvent(event as SessionEvent),
      },
    );
    addEventListener('online', this.#wake);
    this.#renewal = setInterval(() => void this.#renew(), RENEW_MS);
    this.#connect();
  }

  close(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    removeEventListener('online', this.#wake);
    clearInterval(this.#renewal);
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#socket?.close();
    this.endpoint.dispose({ reason });
    this.#events.onState('closed');
  }

  #connect(): void {
    if (this.#retry !== null) clearTimeout(this.#retry);
    this.#retry = null;
    if (this.#isClosed) return;
    this.#events.onState('connecting');
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    this.#socket = socket;
    this.#lastHeardMs = performance.now();
    const watch = setInterval(() => {
      if (performance.now() - this.#lastHeardMs > SILENCE_MS) this.#lost(socket, watch);
      else this.endpoint.ping();
    }, PING_MS);
    socket.addEventListener('open', () => this.#socket === socket && this.#authenticate(socket));
    socket.addEventListener('message', ({ data }: MessageEvent<string | ArrayBuffer>) => {
      if (this.#socket !== socket) return;
      this.#lastHeardMs = performance.now();
      // The one text is the welcome: from now on frames may be sent.
      if (typeof data === 'string') this.endpoint.attach((frame) => socket.readyState === WebSocket.OPEN && socket.send(frame));
      else if (!this.endpoint.receive(new Uint8Array(data))) socket.close();
    });
    socket.addEventListener('close', ({ code, reason }) => {
      if (this.#socket !== socket) return;
      if (code === CLOSE_REFUSED && reason !== 'the grant expired' && !this.#isClosed) {
        clearInterval(watch);
        return this.#events.onRefused(reason);
      }
      this.#lost(socket, watch, code);
    });
  }

  /** A close that nobody answers takes the browser a long time: the socket is given up, whatever it says later. */
  #lost(socket: WebSocket, watch: ReturnType<typeof setInterval>, code?: number): void {
    clearInterval(watch);
    socket.close();
    this.#socket = null;
    this.endpoint.detach();
    if (this.#isClosed) return;
    this.#events.onState('lost');
    void this.#connectLater(code === CLOSE_REFUSED);
  }

  async #connectLater(mustRenew: boolean): Promise<void> {
    if (mustRenew) await this.#renew();
    // Not all clients of a server that restarted at the same moment.
    this.#retry = setTimeout(() => this.#connect(), this.#pauseMs * (0.7 + Math.random() * 0.6));
    this.#pauseMs = Math.min(this.#pauseMs * 2, MAX_PAUSE_MS);
  }

  #authenticate(socket: WebSocket): void {
    socket.send(JSON.stringify({ type: 'authenticate', token: this.#token, client: this.#id }));
  }

  async #renew(): Promise<void> {
    const token = await this.#events.renewToken();
    if (token === null) return;
    this.#token = token;
    if (this.#socket?.readyState === WebSocket.OPEN && this.endpoint.isReady) this.#authenticate(this.#socket);
  }
}
