// The WebSocket class of previews: the standard's interface over a MessagePort whose other end the kernel holds. The service
// worker only passes the port on, so sockets outlive it. Runs in preview pages and workers.
import type { SocketFrame } from '#protocol';
import type { Channel } from './channel.ts';

const STATE = { CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 } as const;
const LOCAL_HOSTS = new Set(['localhost', '127.0.0.1', '[::1]', '0.0.0.0']);
const TOKEN = /^[!#$%&'*+\-.^_`|~\w]+$/;
/** A server that never answers a close would leave the socket closing for ever. */
const CLOSE_TIMEOUT_MS = 3000;

type Listener = ((event: Event) => unknown) | null;

/** A class that connects to this preview's server; any other address goes to the browser's own. */
export function createWebSocketClass(channel: Channel): typeof WebSocket {
  const Native = globalThis.WebSocket;
  const PreviewSocket = createPreviewSocket(channel);
  const construct = (_target: typeof WebSocket, [input, protocols]: [string | URL, (string | string[])?]) => {
    const url = parseUrl(input);
    return isPreviewServer(url) ? new PreviewSocket(url, protocols === undefined ? [] : [protocols].flat()) : new Native(url, protocols);
  };
  // Of the class's statics and prototype the browser's own serve: `instanceof WebSocket` holds for both kinds.
  Object.setPrototypeOf(PreviewSocket.prototype, Native.prototype);
  return new Proxy(Native, { construct: construct as never });
}

/** The page's own host, or the same port on the loopback: where a development server tells its page to connect. */
function isPreviewServer(url: URL): boolean {
  const previewPort = Number.parseInt(location.hostname, 10);
  return url.host === location.host || (LOCAL_HOSTS.has(url.hostname) && Number(url.port) === previewPort);
}

/** Relative and http addresses are allowed by the WebSockets standard; fragments are not. */
function parseUrl(input: string | URL): URL {
  let url: URL;
  try {
    url = new URL(input, location.href);
  } catch (error) {
    throw Object.assign(new DOMException(`The URL '${String(input)}' is invalid.`, 'SyntaxError'), { cause: error });
  }
  if (url.protocol === 'http:') url.protocol = 'ws:';
  if (url.protocol === 'https:') url.protocol = 'wss:';
  if (!['ws:', 'wss:'].includes(url.protocol))
    throw new DOMException(`The URL's scheme must be 'ws' or 'wss': '${url.protocol}'.`, 'SyntaxError');
  if (url.hash !== '') throw new DOMException('The URL contains a fragment identifier.', 'SyntaxError');
  return url;
}

function createPreviewSocket(channel: Channel) {
  return class PreviewSocket extends EventTarget {
    readonly #url: URL;
    readonly #port: MessagePort;
    readonly #handlers = new Map<string, Listener>();
    #state: number = STATE.CONNECTING;
    #protocol = '';
    #binaryType: BinaryType = 'blob';
    /** Blobs are read asynchronously; what is sent after one must not overtake it. */
    #sending: Promise<void> | null = null;

    constructor(url: URL, protocols: readonly string[]) {
      super();
      if (new Set(protocols).size !== protocols.length || !protocols.every((name) => TOKEN.test(name))) {
        throw new DOMException('A subprotocol is invalid or named twice.', 'SyntaxError');
      }
      this.#url = url;
      const { port1, port2 } = new MessageChannel();
      this.#port = port1;
      port1.onmessage = (event: MessageEvent<SocketFrame>) => this.#receive(event.data);
      channel.send({ type: 'verklet-open-socket', url: url.pathname + url.search, protocols }, [port2]);
      // Ports have no reliable close event: a page that goes says so.
      globalThis.addEventListener('pagehide', () => this.#leave(1001, ''), { once: true });
    }

    get url(): string {
      return this.#url.href;
    }
    get readyState(): number {
      return this.#state;
    }
    get bufferedAmount(): number {
      return 0; // handed over at once; the kernel bounds what waits there
    }
    get protocol(): string {
      return this.#protocol;
    }
    get extensions(): string {
      return '';
    }
    get binaryType(): BinaryType {
      return this.#binaryType;
    }
    set binaryType(value: BinaryType) {
      if (value === 'blob' || value === 'arraybuffer') this.#binaryType = value;
    }

    get onopen(): Listener {
      return this.#handlers.get('open') ?? null;
    }
    set onopen(listener: Listener) {
      this.#setHandler('open', listener);
    }
    get onmessage(): Listener {
      return this.#handlers.get('message') ?? null;
    }
    set onmessage(listener: Listener) {
      this.#setHandler('message', listener);
    }
    get onerror(): Listener {
      return this.#handlers.get('error') ?? null;
    }
    set onerror(listener: Listener) {
      this.#setHandler('error', listener);
    }
    get onclose(): Listener {
      return this.#handlers.get('close') ?? null;
    }
    set onclose(listener: Listener) {
      this.#setHandler('close', listener);
    }

    send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
      if (this.#state === STATE.CONNECTING) throw new DOMException('Still in CONNECTING state.', 'InvalidStateError');
      if (this.#state !== STATE.OPEN) return;
      if (this.#sending === null && !(data instanceof Blob)) return this.#post(toMessage(data));
      const previous = this.#sending ?? Promise.resolve();
      const mine: Promise<void> = previous
        .then(async () => this.#post(data instanceof Blob ? await data.arrayBuffer() : toMessage(data)))
        .catch(() => this.#fail()) // an unreadable Blob
        .finally(() => {
          if (this.#sending === mine) this.#sending = null;
        });
      this.#sending = mine;
    }

    close(code?: number, reason = ''): void {
      if (code !== undefined && code !== 1000 && !(code >= 3000 && code <= 4999)) {
        throw new DOMException(`The close code must be 1000 or between 3000 and 4999; ${code} is neither.`, 'InvalidAccessError');
      }
      if (new TextEncoder().encode(reason).byteLength > 123)
        throw new DOMException('The close reason is longer than 123 bytes.', 'SyntaxError');
      if (this.#state >= STATE.CLOSING) return;
      const wasOpen = this.#state === STATE.OPEN;
      this.#state = STATE.CLOSING;
      void (this.#sending ?? Promise.resolve()).then(() => this.#leave(code ?? 1005, reason));
      if (wasOpen) setTimeout(() => this.#finish(1006, '', false), CLOSE_TIMEOUT_MS);
      else setTimeout(() => this.#fail());
    }

    #receive(frame: SocketFrame): void {
      switch (frame.type) {
        case 'socket-open':
          if (this.#state !== STATE.CONNECTING) return;
          this.#state = STATE.OPEN;
          this.#protocol = frame.protocol;
          return void this.dispatchEvent(new Event('open'));
        case 'socket-message':
          if (this.#state !== STATE.OPEN) return;
          return void this.dispatchEvent(new MessageEvent('message', { data: this.#toData(frame.data), origin: this.#url.origin }));
        case 'socket-error':
          return void (this.#state !== STATE.CLOSED && this.dispatchEvent(new Event('error')));
        case 'socket-close':
          return this.#finish(frame.code, frame.reason, frame.wasClean);
        default:
          return frame satisfies never;
      }
    }

    #toData(data: string | ArrayBuffer): string | ArrayBuffer | Blob {
      return typeof data === 'string' || this.#binaryType === 'arraybuffer' ? data : new Blob([data]);
    }

    #post(data: string | ArrayBuffer): void {
      this.#port.postMessage({ type: 'socket-message', data } satisfies SocketFrame, typeof data === 'string' ? [] : [data]);
    }

    #leave(code: number, reason: string): void {
      this.#port.postMessage({ type: 'socket-close', code, reason, wasClean: true } satisfies SocketFrame);
    }

    #fail(): void {
      if (this.#state === STATE.CLOSED) return;
      this.dispatchEvent(new Event('error'));
      this.#finish(1006, '', false);
    }

    #finish(code: number, reason: string, wasClean: boolean): void {
      if (this.#state === STATE.CLOSED) return;
      this.#state = STATE.CLOSED;
      this.#port.close();
      this.dispatchEvent(new CloseEvent('close', { code, reason, wasClean }));
    }

    #setHandler(type: string, listener: Listener): void {
      const existing = this.#handlers.get(type);
      if (existing) this.removeEventListener(type, existing);
      const bound = typeof listener === 'function' ? listener.bind(this as never) : null;
      this.#handlers.set(type, bound);
      if (bound) this.addEventListener(type, bound);
    }
  };
}

/** A copy: the caller may go on writing to its buffer. */
function toMessage(data: string | ArrayBufferLike | ArrayBufferView): string | ArrayBuffer {
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice().buffer as ArrayBuffer;
  if (data instanceof ArrayBuffer) return data.slice(0);
  return String(data);
}
