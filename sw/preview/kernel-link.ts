// The service worker's way to the kernel: one port, asked for at the bridge when missing, dropped when the bridge's Web
// Lock comes free. Runs in the preview service worker.
import { PROTOCOL_VERSION, type FromKernelFrame, type ToKernelFrame } from '#protocol';
import { BRIDGE_PATH, WORKSPACE_WAIT_MS, type NeedPort, type ToPage } from '../../preview-origin/shared/messages.ts';

/** A bridge that is still loading cannot hear us: ask again until the time is up. */
const ASK_AGAIN_MS = 100;
/** A page whose main thread is busy must not hold up its own response for long. */
const COOKIE_ACK_MS = 50;

/** A frame that belongs to one exchange. */
export type ExchangeFrame = Extract<FromKernelFrame, { id: number }>;
/** Called with each frame of an exchange; `null` when the workspace is gone. */
export type ExchangeListener = (frame: ExchangeFrame | null) => void;

export class KernelLink {
  /** The origin as the user's server knows it. */
  readonly serverOrigin: string;
  readonly port: number;
  readonly #scope: ServiceWorkerGlobalScope;
  readonly #exchanges = new Map<number, ExchangeListener>();
  #channel: MessagePort | null = null;
  /** The kernel is of another version: its frames and ours may mean different things. */
  #isMismatched = false;
  #asking: Promise<boolean> | null = null;
  #onAttached: () => void = () => undefined;
  #lastId = 0;
  #cookiesApplied: Promise<unknown> = Promise.resolve();

  constructor(scope: ServiceWorkerGlobalScope, port: number) {
    this.#scope = scope;
    this.port = port;
    this.serverOrigin = `http://localhost:${port}`;
  }

  nextId(): number {
    return ++this.#lastId;
  }

  /** Settles when the pages know of every cookie that came before the frame at hand. */
  get cookiesApplied(): Promise<unknown> {
    return this.#cookiesApplied;
  }

  get isMismatched(): boolean {
    return this.#isMismatched;
  }

  /** True once there is a port; false when no workspace answered in time. */
  async ready(): Promise<boolean> {
    if (this.#channel) return true;
    this.#asking ??= this.#ask().finally(() => (this.#asking = null));
    return this.#asking;
  }

  attach(channel: MessagePort, lockName: string): void {
    if (this.#channel) this.#drop(this.#channel);
    this.#channel = channel;
    this.#isMismatched = false;
    channel.onmessage = (event: MessageEvent<FromKernelFrame>) => this.#receive(event.data);
    this.send({ type: 'hello', protocolVersion: PROTOCOL_VERSION, port: this.port });
    // Granted only when the bridge is gone, and the workspace with it: ports have no reliable close event.
    void this.#scope.navigator.locks.request(lockName, { mode: 'shared' }, () => this.#drop(channel));
    this.#onAttached();
  }

  /** Starts listening for the frames of an exchange. */
  open(id: number, listener: ExchangeListener): void {
    this.#exchanges.set(id, listener);
  }

  close(id: number): void {
    this.#exchanges.delete(id);
  }

  /** Sends now, or not at all: a frame for a lost port belongs to an exchange that is already failed. */
  send(frame: ToKernelFrame, transfer: Transferable[] = []): void {
    this.#channel?.postMessage(frame, transfer);
  }

  /** False when there was no workspace to send to. */
  async sendWhenReady(frame: ToKernelFrame, transfer: Transferable[] = []): Promise<boolean> {
    if (!(await this.ready())) return false;
    this.send(frame, transfer);
    return true;
  }

  async #ask(): Promise<boolean> {
    const attached = new Promise<void>((resolve) => (this.#onAttached = resolve));
    const until = performance.now() + WORKSPACE_WAIT_MS;
    while (!this.#channel && performance.now() < until) {
      const clients = await this.#scope.clients.matchAll({ type: 'window', includeUncontrolled: true });
      const bridges = clients.filter((client) => new URL(client.url).pathname === BRIDGE_PATH);
      for (const bridge of bridges) bridge.postMessage({ type: 'verklet-need-port' } satisfies NeedPort);
      await Promise.race([attached, pause(ASK_AGAIN_MS)]);
    }
    return this.#channel !== null;
  }

  #receive(frame: FromKernelFrame): void {
    switch (frame.type) {
      case 'welcome':
        if (frame.protocolVersion !== PROTOCOL_VERSION) this.#refuse();
        return;
      case 'cookies-changed':
        this.#cookiesApplied = this.#announceCookies(frame.cookies);
        return;
      default:
        this.#exchanges.get(frame.id)?.(frame);
    }
  }

  /** A newer kernel has a newer worker of this kind to go with it: looked for here. An older one needs its tab reloaded. */
  #refuse(): void {
    this.#isMismatched = true;
    this.#failAll();
    void this.#scope.registration.update().catch(() => undefined); // no network: nothing newer to be had
  }

  #failAll(): void {
    const listeners = [...this.#exchanges.values()];
    this.#exchanges.clear();
    for (const listener of listeners) listener(null);
  }

  async #announceCookies(cookies: string): Promise<void> {
    const pages = await this.#scope.clients.matchAll({ type: 'window' });
    const acknowledged = pages.map((page) => {
      const { port1, port2 } = new MessageChannel();
      page.postMessage({ type: 'verklet-cookies-changed', cookies } satisfies ToPage, [port2]);
      return new Promise((resolve) => (port1.onmessage = resolve));
    });
    await Promise.race([Promise.all(acknowledged), pause(COOKIE_ACK_MS)]);
  }

  #drop(channel: MessagePort): void {
    if (this.#channel !== channel) return;
    channel.close();
    this.#channel = null;
    this.#isMismatched = false;
    this.#failAll();
  }
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
