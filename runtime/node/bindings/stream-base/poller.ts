// One look over everything that waits for shared memory, made when the worker's doorbell rings. Runs in the process worker.
import type { Realm } from '../../realm.ts';

/** Something that may have become ready: `poll` runs as its own turn of the event loop. */
export interface Pollable {
  readonly isReady: boolean;
  poll(): void;
}

/** Queues at most one turn per waiting object, so a busy stream cannot starve the others. */
export class Poller {
  readonly #realm: Realm;
  readonly #waiting = new Set<Pollable>();
  readonly #queued = new Set<Pollable>();

  constructor(realm: Realm) {
    this.#realm = realm;
    const previous = realm.host.onDoorbell;
    realm.host.onDoorbell = () => {
      previous?.();
      this.look();
    };
  }

  add(pollable: Pollable): void {
    this.#waiting.add(pollable);
    this.#offer(pollable);
  }

  remove(pollable: Pollable): void {
    this.#waiting.delete(pollable);
  }

  look(): void {
    for (const pollable of this.#waiting) this.#offer(pollable);
  }

  #offer(pollable: Pollable): void {
    if (this.#queued.has(pollable) || !pollable.isReady) return;
    this.#queued.add(pollable);
    this.#realm.loop.enqueue(() => this.#run(pollable));
  }

  #run(pollable: Pollable): void {
    this.#queued.delete(pollable);
    if (!this.#waiting.has(pollable) || !pollable.isReady) return;
    try {
      pollable.poll();
    } finally {
      if (this.#waiting.has(pollable)) this.#offer(pollable);
    }
  }
}

const pollers = new WeakMap<Realm, Poller>();

export function pollerOf(realm: Realm): Poller {
  let poller = pollers.get(realm);
  if (poller === undefined) pollers.set(realm, (poller = new Poller(realm)));
  return poller;
}
