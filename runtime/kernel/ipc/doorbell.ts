// The kernel's one wait: everything that watches a pipe is asked again when the kernel's doorbell rang. Kernel worker.
import type { Slots } from './slots.ts';

export class Doorbell {
  readonly slots: Slots;
  readonly #listeners = new Set<() => void>();
  #isClosed = false;

  constructor(slots: Slots) {
    this.slots = slots;
    void this.#listen();
  }

  /** `listener` must be cheap and may not throw: it runs after every ring. */
  add(listener: () => void): void {
    this.#listeners.add(listener);
  }

  remove(listener: () => void): void {
    this.#listeners.delete(listener);
  }

  close(): void {
    this.#isClosed = true;
    this.#listeners.clear();
    this.slots.ring(this.slots.self);
  }

  async #listen(): Promise<void> {
    while (!this.#isClosed) {
      const seen = this.slots.doorbell();
      for (const listener of this.#listeners) listener();
      await this.slots.waitAsync(seen);
    }
  }
}
