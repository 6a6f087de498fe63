// Pending signals of this process in the form in which CPython's signal check reads them: a one-element array. Python worker.
import type { Slots } from '../../kernel/ipc/slots.ts';

export class SignalBuffer {
  readonly #slots: Slots;
  readonly #taken: number[] = [];

  constructor(slots: Slots) {
    this.#slots = slots;
  }

  /** The next signal, 0 when there is none. Reading takes it. */
  get 0(): number {
    if (this.#taken.length === 0 && this.#slots.hasSignals()) this.#taken.push(...this.#slots.takeSignals());
    return this.#taken.shift() ?? 0;
  }

  set 0(_: number) {
    // CPython clears what it read; reading did that already.
  }
}
