// The guest's linear memory: numbers, strings and buffer lists, little endian. It may be shared and may grow between calls.
import { TextDecoder, TextEncoder } from '../../../process/intrinsics.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();
const IOVEC_BYTES = 8;

export class GuestMemory {
  readonly #memory: WebAssembly.Memory;
  #buffer: ArrayBufferLike | null = null;
  #view = new DataView(new ArrayBuffer(0));

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  get view(): DataView {
    const { buffer } = this.#memory;
    // A shared buffer stays the same object only until the memory grows.
    if (buffer !== this.#buffer || this.#view.byteLength !== buffer.byteLength) {
      this.#buffer = buffer;
      this.#view = new DataView(buffer);
    }
    return this.#view;
  }

  bytes(pointer: number, length: number): Uint8Array {
    return new Uint8Array(this.#memory.buffer, pointer >>> 0, length >>> 0);
  }

  text(pointer: number, length: number): string {
    return decoder.decode(this.bytes(pointer, length).slice());
  }

  setU32(pointer: number, value: number): void {
    this.view.setUint32(pointer >>> 0, value, true);
  }

  setU64(pointer: number, value: bigint): void {
    this.view.setBigUint64(pointer >>> 0, value, true);
  }

  /** The parts of a scattered buffer. */
  buffers(pointer: number, count: number): Uint8Array[] {
    const { view } = this;
    return Array.from({ length: count }, (_, index) => {
      const at = (pointer >>> 0) + index * IOVEC_BYTES;
      return this.bytes(view.getUint32(at, true), view.getUint32(at + 4, true));
    });
  }

  /** As `args_get` and `environ_get` want them: pointers here, the texts with their zero bytes there. */
  setStrings(pointers: number, texts: number, strings: readonly string[]): void {
    let at = texts >>> 0;
    for (const [index, string] of strings.entries()) {
      this.setU32(pointers + index * 4, at);
      const bytes = encoder.encode(`${string}\0`);
      this.bytes(at, bytes.length).set(bytes);
      at += bytes.length;
    }
  }
}

/** Bytes of the strings with a zero byte each. */
export function sizeOfStrings(strings: readonly string[]): number {
  return strings.reduce((sum, string) => sum + encoder.encode(string).length + 1, 0);
}

export function encodeText(text: string): Uint8Array {
  return encoder.encode(text);
}
