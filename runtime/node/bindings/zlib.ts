// The `zlib` binding: the deflate family and crc32. Brotli and zstd refuse by name. Runs in the process worker.
import type { BindingFactory, Realm } from '../realm.ts';
import { AsyncWrap } from './stream-base/handle-wrap.ts';
import { crc32 } from './zlib/crc32.ts';
import { DeflateStream, type StreamOptions } from './zlib/deflate-stream.ts';

const EMPTY = new Uint8Array();
const encoder = new TextEncoder();

type WriteArguments = [
  flush: number,
  input: Uint8Array | null,
  inputOffset: number,
  inputLength: number,
  output: Uint8Array,
  outputOffset: number,
  outputLength: number,
];

export const zlib: BindingFactory = (realm, binding) => {
  binding['crc32'] = (data: string | Uint8Array, seed = 0) => crc32(typeof data === 'string' ? encoder.encode(data) : data, seed);
  binding['Zlib'] = class Zlib extends ZlibHandle {
    constructor(mode: number) {
      super(realm, mode);
    }
  };
};

class ZlibHandle extends AsyncWrap {
  readonly #mode: number;
  #stream: DeflateStream | null = null;
  #options: StreamOptions | null = null;
  /** [available output, available input], read by Node's library after each step. */
  #result: Uint32Array = new Uint32Array(2);
  #onWritten: () => void = () => {};
  #isWriting = false;
  #isClosing = false;
  declare onerror: (message: string, errno: number, code: string) => void;

  constructor(realm: Realm, mode: number) {
    super(realm);
    this.#mode = mode;
  }

  init(
    windowBits: number,
    level: number,
    memoryLevel: number,
    strategy: number,
    result: Uint32Array,
    onWritten: () => void,
    dictionary?: ArrayBuffer | ArrayBufferView,
  ): void {
    this.#result = result;
    this.#onWritten = onWritten;
    this.#options = { windowBits, level, memoryLevel, strategy, dictionary: dictionary === undefined ? undefined : viewOf(dictionary) };
    this.#stream = new DeflateStream(this.#mode, this.#options);
  }

  /** Takes effect with the next stream: zlib's own switch in mid-stream is not in the port. */
  params(level: number, strategy: number): void {
    if (this.#options !== null) this.#options = { ...this.#options, level, strategy };
  }

  reset(): void {
    this.#stream?.reset();
  }

  close(): void {
    if (this.#isWriting) this.#isClosing = true;
    else this.#stream = null;
  }

  writeSync(...args: WriteArguments): void {
    this.#step(args);
    this.#report();
  }

  write(...args: WriteArguments): void {
    this.#isWriting = true;
    this.realm.loop.ref();
    this.realm.loop.enqueue(() => {
      this.realm.loop.unref();
      this.#step(args);
      this.#isWriting = false;
      if (this.#report()) this.realm.makeCallback(this, this.#onWritten);
      if (this.#isClosing) this.#stream = null;
    });
  }

  #step([flush, input, inputOffset, inputLength, output, outputOffset, outputLength]: WriteArguments): void {
    const stream = this.#stream;
    if (stream === null) return;
    const source = input === null ? EMPTY : viewOf(input).subarray(inputOffset, inputOffset + inputLength);
    stream.run({ flush, input: source, output: viewOf(output).subarray(outputOffset, outputOffset + outputLength) });
    this.#result[0] = stream.availableOutput;
    this.#result[1] = stream.availableInput;
  }

  /** Tells Node's library of a failure; true when there was none. */
  #report(): boolean {
    const failure = this.#stream?.failure ?? null;
    if (failure === null) return true;
    this.realm.makeCallback(this, this.onerror, failure.message, failure.errno, failure.code);
    return false;
  }
}

function viewOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}
