// The page's end of the session worker. Until the first session there is no worker, and the kernel's port is read here.
import type { FromPromotion, FromSessionWorker, LinkState, RemoteProgram, SessionEvent, ToPromotion, ToSessionWorker } from '#protocol';

export interface SessionWorkerEvents {
  /** What the session's streams are no answer to. */
  onKernel(message: ToPromotion): void;
  onState(state: LinkState): void;
  onEvent(event: SessionEvent): void;
  /** Connected; `isSame` is false when the box was replaced and all streams ended. */
  onReady(isSame: boolean): void;
  /** The server refuses for good. */
  onRefused(reason: string): void;
  onGap(pid: number, lostBytes: number): void;
  /** Resolves when the batch of file changes is in the tab. */
  settle(batch: number): Promise<void>;
  renewToken(): Promise<string | null>;
}

export class SessionWorker {
  readonly #port: MessagePort;
  readonly #events: SessionWorkerEvents;
  readonly #onKernel = ({ data }: MessageEvent<ToPromotion>): void => this.#events.onKernel(data);
  readonly #preparations = new Map<number, (code: number | null) => void>();
  #worker: Worker | null = null;
  #lastId = 0;
  /** Of the open session; 0 while there is none. What is still said of an earlier one is dropped. */
  #session = 0;
  #lastSession = 0;

  constructor(port: MessagePort, events: SessionWorkerEvents) {
    this.#port = port;
    this.#events = events;
    port.addEventListener('message', this.#onKernel);
    port.start();
  }

  tellKernel(message: FromPromotion): void {
    if (this.#worker) this.#post({ type: 'tell-kernel', message });
    else this.#port.postMessage(message);
  }

  open(url: string, token: string): void {
    this.#start();
    this.#session = ++this.#lastSession;
    this.#post({ type: 'open-session', session: this.#session, url, token });
  }

  start({ pid, argv, cwd, env, terminal }: RemoteProgram): void {
    this.#post({ type: 'start-program', program: { pid, argv, cwd, env, terminal } });
  }

  /** Runs a command of ours; its exit code, or null when it was ended. */
  prepare(pid: number, argv: readonly string[], cancelled: AbortSignal): Promise<number | null> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#preparations.set(id, resolve);
      this.#post({ type: 'start-preparation', id, pid, argv });
      cancelled.addEventListener('abort', () => this.#post({ type: 'cancel-preparation', id }), { once: true });
    });
  }

  close(reason: string): void {
    if (this.#session === 0) return;
    this.#session = 0;
    this.#post({ type: 'close-session', reason });
    this.#events.onState('closed');
  }

  dispose(): void {
    if (this.#worker) this.#worker.terminate();
    else this.#port.close();
    this.#worker = null;
    for (const resolve of this.#preparations.values()) resolve(null);
    this.#preparations.clear();
  }

  /** The port moves with what has not been read of it. */
  #start(): void {
    if (this.#worker) return;
    this.#port.removeEventListener('message', this.#onKernel);
    this.#worker = new Worker(new URL('../../session/session.worker.ts', import.meta.url), { type: 'module', name: 'session' });
    this.#worker.addEventListener('message', ({ data }: MessageEvent<FromSessionWorker>) => this.#receive(data));
    this.#post({ type: 'take-kernel', port: this.#port }, [this.#port]);
  }

  #receive(message: FromSessionWorker): void {
    if ('session' in message && message.session !== this.#session) return;
    switch (message.type) {
      case 'kernel-said':
        return this.#events.onKernel(message.message);
      case 'link-changed':
        return this.#events.onState(message.state);
      case 'link-ready':
        return this.#events.onReady(message.isSame);
      case 'link-refused':
        return this.#events.onRefused(message.reason);
      case 'want-token':
        return void this.#renew();
      case 'session-said':
        return this.#events.onEvent(message.event);
      case 'program-exited':
        return void this.#settle(message.pid, message.batch);
      case 'output-lost':
        return this.#events.onGap(message.pid, message.lostBytes);
      case 'preparation-ended':
        this.#preparations.get(message.id)?.(message.code);
        this.#preparations.delete(message.id);
        return;
      default:
        message satisfies never;
    }
  }

  async #renew(): Promise<void> {
    try {
      const token = await this.#events.renewToken();
      this.#post(token === null ? { type: 'no-token' } : { type: 'set-token', token });
    } catch {
      this.#post({ type: 'no-token' }); // offline or refused: the next connection attempt says which
    }
  }

  async #settle(pid: number, batch: number): Promise<void> {
    await this.#events.settle(batch);
    this.#post({ type: 'program-settled', pid });
  }

  #post(message: ToSessionWorker, transfer: Transferable[] = []): void {
    this.#worker?.postMessage(message, transfer);
  }
}
