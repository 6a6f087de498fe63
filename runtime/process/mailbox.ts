// The reply to a blocking call: one shared buffer per worker, written by the kernel, read by the worker that waits.
// Layout: word 0 state, word 1 length in bytes, JSON text from byte 16.
import { TextDecoder, TextEncoder } from './intrinsics.ts';

const STATE = 0;
const LENGTH = 1;
const TEXT_OFFSET = 16;
const IDLE = 0;
const READY = 1;
/** The largest reply is a process list; the rest are numbers. */
export const MAILBOX_BYTES = 256 * 1024;

export class Mailbox {
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory, 0, TEXT_OFFSET / 4);
    this.#bytes = new Uint8Array(memory, TEXT_OFFSET);
  }

  static create(): SharedArrayBuffer {
    return new SharedArrayBuffer(MAILBOX_BYTES);
  }

  /** Kernel side. The caller rings the worker afterwards. Throws RangeError for a reply that does not fit. */
  post(value: unknown): void {
    const text = new TextEncoder().encode(JSON.stringify(value));
    if (text.length > this.#bytes.length) throw new RangeError(`a reply of ${text.length} bytes does not fit a mailbox`);
    this.#bytes.set(text);
    Atomics.store(this.#words, LENGTH, text.length);
    Atomics.store(this.#words, STATE, READY);
  }

  /** Worker side: the reply once it is there, else undefined. */
  take(): { readonly value: unknown } | undefined {
    if (Atomics.load(this.#words, STATE) !== READY) return undefined;
    const text = this.#bytes.slice(0, Atomics.load(this.#words, LENGTH));
    Atomics.store(this.#words, STATE, IDLE);
    return { value: JSON.parse(new TextDecoder().decode(text)) };
  }
}
