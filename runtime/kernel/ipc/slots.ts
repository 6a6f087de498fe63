// The shared table of workers: one slot each, with a doorbell, pending signals and a death mark. Runs in every worker.

/** Workers that may live at once, the kernel (slot 0) included. Bounds the interest bitmaps of pipes. */
export const MAX_SLOTS = 256;
export const KERNEL_SLOT = 0;
/** The worker that serves the SDK's file calls. */
export const FILE_SERVICE_SLOT = 1;

const WORDS_PER_SLOT = 8;
const DOORBELL = 0;
const DEAD = 1;
const PENDING_SIGNALS = 2; // two words: signals 1..62
const HANDLED_SIGNALS = 4; // two words: signals for which the process has a handler
const PROVEN_DEAD = 6; // the worker's life lock was found free: it will never run again
const STOPPED = 7; // job control: the worker parks at its next wait until this is 0 again

/**
 * A worker's view of the table. Everything that can end a wait (pipe data, space, a signal, a kernel reply, a child's
 * exit) rings the doorbell of the waiting worker, so one word is enough to block or to wait asynchronously.
 */
export class Slots {
  readonly words: Int32Array;
  readonly self: number;

  constructor(memory: SharedArrayBuffer, self: number) {
    this.words = new Int32Array(memory);
    this.self = self;
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(MAX_SLOTS * WORDS_PER_SLOT * 4);
  }

  ring(slot: number): void {
    const index = slot * WORDS_PER_SLOT + DOORBELL;
    Atomics.add(this.words, index, 1);
    Atomics.notify(this.words, index);
  }

  /** The doorbell's count; read it before checking a condition, then wait for it to change. */
  doorbell(): number {
    return Atomics.load(this.words, this.self * WORDS_PER_SLOT + DOORBELL);
  }

  /** Blocks until the doorbell differs from `seen` or the time is up. Not for the kernel. */
  wait(seen: number, timeoutMs = Infinity): void {
    Atomics.wait(this.words, this.self * WORDS_PER_SLOT + DOORBELL, seen, timeoutMs);
    this.park();
  }

  /** Resolves when the doorbell differs from `seen`. */
  async waitAsync(seen: number): Promise<void> {
    const result = Atomics.waitAsync(this.words, this.self * WORDS_PER_SLOT + DOORBELL, seen);
    if (result.async) await result.value;
    this.park();
  }

  /** Blocks while this worker is stopped by job control. A killed worker goes on, to be ended. */
  park(): void {
    const index = this.self * WORDS_PER_SLOT + STOPPED;
    while (Atomics.load(this.words, index) === 1 && !this.isDead()) Atomics.wait(this.words, index, 1);
  }

  /** Called by the kernel: SIGSTOP and its kind, SIGCONT. A worker that computes parks when it next waits. */
  setStopped(slot: number, isStopped: boolean): void {
    const index = slot * WORDS_PER_SLOT + STOPPED;
    Atomics.store(this.words, index, isStopped ? 1 : 0);
    Atomics.notify(this.words, index);
    this.ring(slot);
  }

  isStopped(slot: number): boolean {
    return Atomics.load(this.words, slot * WORDS_PER_SLOT + STOPPED) === 1;
  }

  isDead(slot = this.self): boolean {
    return Atomics.load(this.words, slot * WORDS_PER_SLOT + DEAD) === 1;
  }

  markDead(slot: number): void {
    Atomics.store(this.words, slot * WORDS_PER_SLOT + DEAD, 1);
    Atomics.notify(this.words, slot * WORDS_PER_SLOT + STOPPED);
    this.ring(slot);
  }

  /** Makes a slot usable again; only after its last worker is proven gone. */
  reset(slot: number): void {
    for (let word = 0; word < WORDS_PER_SLOT; word++) Atomics.store(this.words, slot * WORDS_PER_SLOT + word, 0);
  }

  raiseSignal(slot: number, signal: number): void {
    Atomics.or(this.words, slot * WORDS_PER_SLOT + PENDING_SIGNALS + (signal >> 5), 1 << (signal & 31));
    this.ring(slot);
  }

  /** Takes all pending signals of this worker, lowest first. */
  takeSignals(): number[] {
    const taken: number[] = [];
    for (let half = 0; half < 2; half++) {
      const bits = Atomics.exchange(this.words, this.self * WORDS_PER_SLOT + PENDING_SIGNALS + half, 0);
      for (let bit = 0; bit < 32; bit++) if (bits & (1 << bit)) taken.push(half * 32 + bit);
    }
    return taken;
  }

  /** Whether {@link takeSignals} would give any. */
  hasSignals(): boolean {
    const index = this.self * WORDS_PER_SLOT + PENDING_SIGNALS;
    return Atomics.load(this.words, index) !== 0 || Atomics.load(this.words, index + 1) !== 0;
  }

  setHandled(signal: number, isHandled: boolean): void {
    const index = this.self * WORDS_PER_SLOT + HANDLED_SIGNALS + (signal >> 5);
    if (isHandled) Atomics.or(this.words, index, 1 << (signal & 31));
    else Atomics.and(this.words, index, ~(1 << (signal & 31)));
  }

  isHandled(slot: number, signal: number): boolean {
    return (Atomics.load(this.words, slot * WORDS_PER_SLOT + HANDLED_SIGNALS + (signal >> 5)) & (1 << (signal & 31))) !== 0;
  }

  /** True once the worker is known to never run again: only then may its half-done work be undone. */
  isProvenDead(slot: number): boolean {
    return Atomics.load(this.words, slot * WORDS_PER_SLOT + PROVEN_DEAD) === 1;
  }

  markProvenDead(slot: number): void {
    Atomics.store(this.words, slot * WORDS_PER_SLOT + PROVEN_DEAD, 1);
  }
}
