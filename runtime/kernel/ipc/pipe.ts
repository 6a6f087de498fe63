// A one-way byte pipe: a ring in its own SharedArrayBuffer, usable from any worker of the workspace, blocking or not.
// Several processes may hold either end (inherited stdio), so both sides take a short lock whose word names its owner.
import type { PipeMemory } from '#protocol';
import { MAX_SLOTS, type Slots } from './slots.ts';

/** As large as a Linux pipe's default: programs tuned to that size behave the same. */
export const PIPE_CAPACITY_BYTES = 64 * 1024;

const HEAD = 0; // bytes ever read, modulo 2^32
const TAIL = 1; // bytes ever written, modulo 2^32
const READERS = 2;
const WRITERS = 3;
const READ_LOCK = 4; // 0, or owner slot + 1
const WRITE_LOCK = 5;
const READ_INTEREST = 6; // bitmap over slots: whom to ring when data or end of file arrives
const INTEREST_WORDS = MAX_SLOTS / 32;
const WRITE_INTEREST = READ_INTEREST + INTEREST_WORDS;
/** 1: the writer broke the connection off instead of ending it. */
const RESET = WRITE_INTEREST + INTEREST_WORDS;
// One byte per slot and end: how often the slot holds it. So the kernel can drop exactly what a dead process still held.
const READ_HOLDS_OFFSET = 128;
const WRITE_HOLDS_OFFSET = READ_HOLDS_OFFSET + MAX_SLOTS;
const HEADER_BYTES = WRITE_HOLDS_OFFSET + MAX_SLOTS;

/** A pipe's result when nothing can be done now. Same values as Linux errnos, negative. */
export const EAGAIN = -11;
export const EPIPE = -32;

export type PipeEnd = 'read' | 'write';

export class Pipe {
  readonly memory: PipeMemory;
  readonly #header: Int32Array;
  readonly #holds: Readonly<Record<PipeEnd, Uint8Array>>;
  readonly #bytes: Uint8Array;
  readonly #capacity: number;
  readonly #slots: Slots;

  constructor(memory: PipeMemory, slots: Slots) {
    this.memory = memory;
    this.#header = new Int32Array(memory, 0, READ_HOLDS_OFFSET / 4);
    this.#holds = {
      read: new Uint8Array(memory, READ_HOLDS_OFFSET, MAX_SLOTS),
      write: new Uint8Array(memory, WRITE_HOLDS_OFFSET, MAX_SLOTS),
    };
    this.#bytes = new Uint8Array(memory, HEADER_BYTES);
    this.#capacity = this.#bytes.length;
    this.#slots = slots;
  }

  /** A pipe with no holders yet: call {@link retain} for each end handed out. */
  static create(capacityBytes = PIPE_CAPACITY_BYTES): PipeMemory {
    return new SharedArrayBuffer(HEADER_BYTES + capacityBytes);
  }

  /** Adds a holder of an end, for this worker's slot. What a parent retains for a child, the kernel {@link transfer}s. */
  retain(end: PipeEnd): void {
    Atomics.add(this.#holds[end], this.#slots.self, 1);
    Atomics.add(this.#header, counterOf(end), 1);
  }

  /** Drops one hold of this worker; without one, nothing happens. The last writer gone means end of file, the last reader EPIPE. */
  release(end: PipeEnd): void {
    this.#drop(end, this.#slots.self, 1);
  }

  /** Moves one hold to another slot: a child inherits. Called by the kernel. */
  transfer(end: PipeEnd, from: number, to: number): void {
    if (Atomics.load(this.#holds[end], from) === 0) return;
    Atomics.sub(this.#holds[end], from, 1);
    Atomics.add(this.#holds[end], to, 1);
  }

  /** Drops every hold of a slot whose process ended. Called by the kernel. */
  releaseSlot(slot: number): void {
    this.#drop('read', slot, Atomics.load(this.#holds.read, slot));
    this.#drop('write', slot, Atomics.load(this.#holds.write, slot));
  }

  /** Breaks off: readers find an error at the end, not an end. */
  reset(): void {
    Atomics.store(this.#header, RESET, 1);
  }

  get wasReset(): boolean {
    return Atomics.load(this.#header, RESET) === 1;
  }

  get readableBytes(): number {
    return (Atomics.load(this.#header, TAIL) - Atomics.load(this.#header, HEAD)) >>> 0;
  }

  get writableBytes(): number {
    return this.#capacity - this.readableBytes;
  }

  get hasWriters(): boolean {
    return Atomics.load(this.#header, WRITERS) > 0;
  }

  get hasReaders(): boolean {
    return Atomics.load(this.#header, READERS) > 0;
  }

  /** True when a read would return at once: data, or end of file. */
  get isReadable(): boolean {
    return this.readableBytes > 0 || !this.hasWriters;
  }

  /** Rings this worker's doorbell on every later change that matters to the end. */
  watch(end: PipeEnd, isInterested: boolean): void {
    const base = end === 'read' ? READ_INTEREST : WRITE_INTEREST;
    const index = base + (this.#slots.self >> 5);
    const bit = 1 << (this.#slots.self & 31);
    if (isInterested) Atomics.or(this.#header, index, bit);
    else Atomics.and(this.#header, index, ~bit);
  }

  /** Bytes read; 0 at end of file; {@link EAGAIN} when empty. */
  read(into: Uint8Array): number {
    if (!this.#lock(READ_LOCK)) return EAGAIN;
    try {
      const head = Atomics.load(this.#header, HEAD);
      // Writers are looked at before the tail: one that writes and then leaves must not look like end of file.
      const hasWriters = this.hasWriters;
      const available = (Atomics.load(this.#header, TAIL) - head) >>> 0;
      if (available === 0) return hasWriters ? EAGAIN : 0;
      const count = Math.min(available, into.length);
      const start = (head >>> 0) % this.#capacity;
      const first = Math.min(count, this.#capacity - start);
      into.set(this.#bytes.subarray(start, start + first));
      if (first < count) into.set(this.#bytes.subarray(0, count - first), first);
      Atomics.store(this.#header, HEAD, (head + count) | 0);
      this.#notify(WRITE_INTEREST);
      return count;
    } finally {
      this.#unlock(READ_LOCK);
    }
  }

  /** Bytes taken, which may be fewer than offered; {@link EAGAIN} when full; {@link EPIPE} when nobody reads. */
  write(from: Uint8Array): number {
    // A killed worker may run on for a while; what it writes no longer counts.
    if (!this.hasReaders || this.#slots.isDead()) return EPIPE;
    if (!this.#lock(WRITE_LOCK)) return EAGAIN;
    try {
      const tail = Atomics.load(this.#header, TAIL);
      const free = this.#capacity - ((tail - Atomics.load(this.#header, HEAD)) >>> 0);
      const count = Math.min(free, from.length);
      if (count === 0) return from.length === 0 ? 0 : EAGAIN;
      const start = (tail >>> 0) % this.#capacity;
      const first = Math.min(count, this.#capacity - start);
      this.#bytes.set(from.subarray(0, first), start);
      if (first < count) this.#bytes.set(from.subarray(first, count), 0);
      Atomics.store(this.#header, TAIL, (tail + count) | 0);
      this.#notify(READ_INTEREST);
      return count;
    } finally {
      this.#unlock(WRITE_LOCK);
    }
  }

  /** Blocks until everything is written. Returns the length, or {@link EPIPE}. Not for the kernel. */
  writeAll(from: Uint8Array): number {
    let done = 0;
    this.watch('write', true);
    try {
      while (done < from.length) {
        const seen = this.#slots.doorbell();
        const count = this.write(from.subarray(done));
        if (count === EPIPE) return EPIPE;
        if (count > 0) done += count;
        else if (this.#slots.isDead()) return EPIPE;
        else this.#slots.wait(seen, 1000);
      }
      return done;
    } finally {
      this.watch('write', false);
    }
  }

  /** Blocks until there is data or end of file. Not for the kernel. */
  readBlocking(into: Uint8Array): number {
    this.watch('read', true);
    try {
      for (;;) {
        const seen = this.#slots.doorbell();
        const count = this.read(into);
        if (count !== EAGAIN) return count;
        if (this.#slots.isDead()) return 0;
        this.#slots.wait(seen, 1000);
      }
    } finally {
      this.watch('read', false);
    }
  }

  /** Frees a lock that a proven-dead worker held. Called by the kernel only. */
  recover(deadSlot: number): void {
    Atomics.compareExchange(this.#header, READ_LOCK, deadSlot + 1, 0);
    Atomics.compareExchange(this.#header, WRITE_LOCK, deadSlot + 1, 0);
  }

  #drop(end: PipeEnd, slot: number, count: number): void {
    if (count === 0 || Atomics.load(this.#holds[end], slot) < count) return;
    Atomics.sub(this.#holds[end], slot, count);
    const before = Atomics.sub(this.#header, counterOf(end), count);
    if (before === count) this.#notify(end === 'read' ? WRITE_INTEREST : READ_INTEREST);
  }

  #notify(base: number): void {
    for (let word = 0; word < INTEREST_WORDS; word++) {
      let bits = Atomics.load(this.#header, base + word);
      while (bits !== 0) {
        const bit = 31 - Math.clz32(bits);
        this.#slots.ring(word * 32 + bit);
        bits &= ~(1 << bit);
      }
    }
  }

  // Held for one copy of at most the capacity, so spinning is right; a holder that died is freed by the kernel.
  #lock(word: number): boolean {
    for (let attempt = 0; attempt < 10_000; attempt++) {
      if (Atomics.compareExchange(this.#header, word, 0, this.#slots.self + 1) === 0) return true;
    }
    return false;
  }

  #unlock(word: number): void {
    Atomics.store(this.#header, word, 0);
  }
}

function counterOf(end: PipeEnd): number {
  return end === 'read' ? READERS : WRITERS;
}
