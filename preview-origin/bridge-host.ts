// The runtime frame's side of the bridges: one hidden iframe per previewed port, each given one port to the kernel at a
// time. What bridges say is user-controlled: origin and source are checked, and asking too often is ignored.
import { BRIDGE_PATH, type FromBridge, type OfferPort } from './shared/messages.ts';

/** A service worker restarts after half a minute idle; more than this is a loop or an attack. */
const MAX_OFFERS_PER_MINUTE = 30;
/** A test runner opens a fresh port per run; each bridge is a document of its own. */
const MAX_CLOSED_BRIDGES = 8;

/** Frame -> kernel worker, with `channel` transferred. */
export interface AttachPreview {
  readonly type: 'attach-preview';
  readonly port: number;
  readonly channel: MessagePort;
}

export interface BridgeReport {
  readonly port: number;
  readonly state: 'ready' | 'failed';
  readonly detail: string;
}

interface Bridge {
  readonly iframe: HTMLIFrameElement;
  readonly origin: string;
  offersSinceMs: number;
  offers: number;
}

export class BridgeHost {
  readonly #document: Document;
  readonly #kernel: Worker;
  readonly #report: (report: BridgeReport) => void;
  readonly #bridges = new Map<number, Bridge>();
  /** Ports without a listener whose bridge still stands, the longest closed first. */
  readonly #closed = new Set<number>();
  readonly #listening = new AbortController();

  constructor(document: Document, kernel: Worker, report: (report: BridgeReport) => void = () => undefined) {
    this.#document = document;
    this.#kernel = kernel;
    this.#report = report;
    document.defaultView?.addEventListener('message', (event) => this.#receive(event), { signal: this.#listening.signal });
  }

  /** Makes the port's preview origin answer from this workspace. Harmless when it does already. */
  openPort(port: number): void {
    this.#closed.delete(port);
    if (this.#bridges.has(port)) return;
    const { protocol, host } = this.#document.location;
    const origin = `${protocol}//${port}--${host}`;
    const iframe = this.#document.createElement('iframe');
    iframe.hidden = true;
    iframe.title = `Bridge to port ${port}`;
    // Same-origin for the service worker; without top navigation, since preview code can reach into a bridge.
    iframe.setAttribute('sandbox', 'allow-scripts allow-same-origin');
    iframe.src = origin + BRIDGE_PATH;
    this.#bridges.set(port, { iframe, origin, offersSinceMs: performance.now(), offers: 0 });
    this.#document.body.append(iframe);
  }

  /**
   * Nothing listens on the port any more. Its bridge stays: only the kernel can tell a page that its server stopped, and
   * the next server on the port answers the same pages. The longest closed one goes when there are too many.
   */
  closePort(port: number): void {
    const bridge = this.#bridges.get(port);
    if (!bridge) return;
    this.#closed.delete(port);
    this.#closed.add(port);
    const [oldest] = this.#closed;
    if (this.#closed.size > MAX_CLOSED_BRIDGES && oldest !== undefined) this.#remove(oldest);
  }

  dispose(): void {
    this.#listening.abort();
    for (const port of [...this.#bridges.keys()]) this.#remove(port);
  }

  #remove(port: number): void {
    this.#bridges.get(port)?.iframe.remove();
    this.#bridges.delete(port);
    this.#closed.delete(port);
  }

  #receive(event: MessageEvent<FromBridge | null>): void {
    for (const [port, bridge] of this.#bridges) {
      if (event.source !== bridge.iframe.contentWindow || event.origin !== bridge.origin) continue;
      return this.#answer(port, bridge, event.data);
    }
  }

  #answer(port: number, bridge: Bridge, message: FromBridge | null): void {
    switch (message?.type) {
      case 'bridge-ready':
        this.#offer(port, bridge);
        return this.#report({ port, state: 'ready', detail: '' });
      case 'need-port':
        return this.#offer(port, bridge);
      case 'bridge-failed':
        return this.#report({ port, state: 'failed', detail: `${message.reason}: ${String(message.detail).slice(0, 500)}` });
      default: // not of the protocol: preview code may send anything
    }
  }

  #offer(port: number, bridge: Bridge): void {
    const now = performance.now();
    if (now - bridge.offersSinceMs > 60_000) {
      bridge.offersSinceMs = now;
      bridge.offers = 0;
    }
    if (bridge.offers++ >= MAX_OFFERS_PER_MINUTE) return;
    const { port1, port2 } = new MessageChannel();
    this.#kernel.postMessage({ type: 'attach-preview', port, channel: port1 } satisfies AttachPreview, [port1]);
    bridge.iframe.contentWindow?.postMessage({ type: 'offer-port' } satisfies OfferPort, bridge.origin, [port2]);
  }
}
