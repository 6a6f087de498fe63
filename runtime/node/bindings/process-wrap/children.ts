// The children this process waits for. Exits may arrive before the spawn call has returned. Runs in the process worker.
import type { ExitStatus } from '#protocol';
import type { Realm } from '../../realm.ts';

type ExitListener = (status: ExitStatus) => void;

export class Children {
  readonly #realm: Realm;
  readonly #listeners = new Map<number, ExitListener>();
  readonly #early = new Map<number, ExitStatus>();

  constructor(realm: Realm) {
    this.#realm = realm;
    realm.host.onChildExit = (pid, status) => this.#exited(pid, status);
  }

  onExit(pid: number, listener: ExitListener): void {
    this.#listeners.set(pid, listener);
    const status = this.#early.get(pid);
    if (status !== undefined) this.#exited(pid, status);
  }

  /** The exit of this child is nobody's business: its status was taken by a blocking wait. */
  forget(pid: number): void {
    this.#listeners.set(pid, () => {});
    this.#early.delete(pid);
  }

  #exited(pid: number, status: ExitStatus): void {
    const listener = this.#listeners.get(pid);
    if (listener === undefined) {
      this.#early.set(pid, status);
      return;
    }
    this.#listeners.delete(pid);
    this.#early.delete(pid);
    this.#realm.loop.enqueue(() => listener(status));
  }
}

const children = new WeakMap<Realm, Children>();

export function childrenOf(realm: Realm): Children {
  let known = children.get(realm);
  if (known === undefined) children.set(realm, (known = new Children(realm)));
  return known;
}
