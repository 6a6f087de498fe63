// The file system's one lock. Its word names the owner's slot, so that the lock of a dead worker can be taken over: but
// only after proof of death, since a terminated worker may run on for seconds. Runs in every worker that may block.
import type { Slots } from '../kernel/ipc/slots.ts';
import { LOCK } from './layout.ts';

const CONTENDED = 0x4000_0000;
const SPINS = 200;
/** How long to sleep before looking whether the owner was proven dead meanwhile. */
const PATIENCE_MS = 20;

export class RobustLock {
  readonly #slots: Slots;
  readonly #onTakeOver: () => void;
  #words: Int32Array;

  /** `onTakeOver` undoes what the dead owner left half done; it runs with the lock held. */
  constructor(memory: SharedArrayBuffer, slots: Slots, onTakeOver: () => void) {
    this.#words = new Int32Array(memory, LOCK, 1);
    this.#slots = slots;
    this.#onTakeOver = onTakeOver;
  }

  acquire(): void {
    this.#parkIfDead();
    const mine = this.#slots.self + 1;
    for (let spin = 0; spin < SPINS; spin++) if (Atomics.compareExchange(this.#words, 0, 0, mine) === 0) return;
    for (;;) {
      const held = Atomics.load(this.#words, 0);
      if (held === 0) {
        if (Atomics.compareExchange(this.#words, 0, 0, mine | CONTENDED) === 0) return;
        continue;
      }
      if (this.#tryTakeOver(held, mine)) return;
      const marked = held | CONTENDED;
      if (held === marked || Atomics.compareExchange(this.#words, 0, held, marked) === held)
        Atomics.wait(this.#words, 0, marked, PATIENCE_MS);
      this.#parkIfDead();
    }
  }

  release(): void {
    if (Atomics.exchange(this.#words, 0, 0) & CONTENDED) Atomics.notify(this.#words, 0, 1);
  }

  /** The slot that holds the lock, or null. */
  get owner(): number | null {
    const held = Atomics.load(this.#words, 0) & ~CONTENDED;
    return held === 0 ? null : held - 1;
  }

  #tryTakeOver(held: number, mine: number): boolean {
    const owner = (held & ~CONTENDED) - 1;
    if (!this.#slots.isProvenDead(owner)) return false;
    if (Atomics.compareExchange(this.#words, 0, held, mine | CONTENDED) !== held) return false;
    this.#onTakeOver();
    return true;
  }

  /** A killed worker stops at its next system call rather than run on. */
  #parkIfDead(): void {
    if (!this.#slots.isDead()) return;
    const parked = new Int32Array(new SharedArrayBuffer(4));
    for (;;) Atomics.wait(parked, 0, 0);
  }
}
