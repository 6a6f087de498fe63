// The `signal_wrap` binding: `process.on('SIGINT')` and friends. Runs in the process worker.
import type { BindingFactory, Realm } from '../realm.ts';
import { EINVAL } from './stream-base/errno.ts';
import { HandleWrap } from './stream-base/handle-wrap.ts';

const SIGKILL = 9;
const SIGSTOP = 19;
const LAST_SIGNAL = 62;

/** The started handles by signal; the kernel applies the default action where none is listed. */
class SignalTable {
  readonly #realm: Realm;
  readonly #handles = new Map<number, Set<SignalHandle>>();

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  add(signal: number, handle: SignalHandle): void {
    const { host } = this.#realm;
    host.onSignal ??= (raised) => this.#raise(raised);
    const listed = this.#handles.get(signal) ?? new Set();
    this.#handles.set(signal, listed.add(handle));
    host.slots.setHandled(signal, true);
  }

  remove(signal: number, handle: SignalHandle): void {
    const listed = this.#handles.get(signal);
    listed?.delete(handle);
    if (listed?.size === 0) this.#realm.host.slots.setHandled(signal, false);
  }

  #raise(signal: number): void {
    for (const handle of this.#handles.get(signal) ?? []) {
      this.#realm.loop.enqueue(() => handle.deliver(signal));
    }
  }
}

class SignalHandle extends HandleWrap {
  readonly #table: SignalTable;
  #signal = 0;
  declare onsignal?: (signal: number) => void;

  constructor(realm: Realm, table: SignalTable) {
    super(realm);
    this.#table = table;
  }

  start(signal: number): number {
    if (signal <= 0 || signal > LAST_SIGNAL || signal === SIGKILL || signal === SIGSTOP) return EINVAL;
    this.stop();
    this.#signal = signal;
    this.#table.add(signal, this);
    this.setActive(true);
    return 0;
  }

  stop(): number {
    if (this.#signal !== 0) this.#table.remove(this.#signal, this);
    this.#signal = 0;
    this.setActive(false);
    return 0;
  }

  deliver(signal: number): void {
    if (this.#signal === signal && !this.isShutDown) this.realm.makeCallback(this, this.onsignal, signal);
  }

  protected override onClosing(): void {
    this.stop();
  }
}

export const signal: BindingFactory = (realm, binding) => {
  const table = new SignalTable(realm);
  binding['Signal'] = class extends SignalHandle {
    static override readonly name = 'Signal';
    constructor() {
      super(realm, table);
    }
  };
};
