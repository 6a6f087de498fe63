// Large WebAssembly modules that a binding loads on first use: fetched and compiled while the caller waits, since the API
// above it is synchronous. Runs in the process worker.
import { TextDecoder, TextEncoder, XMLHttpRequest } from '../../process/intrinsics.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** @throws Error when the file cannot be fetched, which means that the runtime's own files are gone. */
export function loadWasmModule(url: string): WebAssembly.Module {
  const request = new XMLHttpRequest();
  request.open('GET', url, false);
  request.responseType = 'arraybuffer';
  request.send();
  if (request.status !== 200) throw new Error(`${url} could not be loaded: HTTP ${request.status}`);
  return new WebAssembly.Module(request.response as ArrayBuffer);
}

/** Reads and writes of an instance's memory; the views are made anew when it has grown. */
export class WasmMemory {
  readonly #memory: WebAssembly.Memory;
  #bytes = new Uint8Array();
  #view = new DataView(new ArrayBuffer(0));

  constructor(memory: WebAssembly.Memory) {
    this.#memory = memory;
  }

  get bytes(): Uint8Array {
    if (this.#bytes.buffer !== this.#memory.buffer) this.#bytes = new Uint8Array(this.#memory.buffer);
    return this.#bytes;
  }

  get view(): DataView {
    if (this.#view.buffer !== this.#memory.buffer) this.#view = new DataView(this.#memory.buffer);
    return this.#view;
  }

  u32(at: number): number {
    return this.view.getUint32(at, true);
  }

  i32(at: number): number {
    return this.view.getInt32(at, true);
  }

  setU32(at: number, value: number): void {
    this.view.setUint32(at, value, true);
  }

  /** A copy that outlives the memory's next growth. */
  copy(at: number, length: number): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(at, at + length) as Uint8Array<ArrayBuffer>;
  }

  /** The text of a NUL-terminated string; empty for a null pointer. */
  text(at: number): string {
    if (at === 0) return '';
    const { bytes } = this;
    return decoder.decode(bytes.subarray(at, bytes.indexOf(0, at)));
  }
}

export function utf8(text: string): Uint8Array {
  return encoder.encode(text);
}
