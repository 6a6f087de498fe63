// One deflate or inflate stream on pako's port of zlib: the state machine that Node's C++ keeps around zlib's own.
import * as deflate from 'pako/lib/zlib/deflate.js';
import * as inflate from 'pako/lib/zlib/inflate.js';
import ZStream from 'pako/lib/zlib/zstream.js';

/** Node's modes, as in its zlib constants. */
export const MODE = { DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7 } as const;

const Z_OK = 0;
const Z_STREAM_END = 1;
const Z_NEED_DICT = 2;
const Z_DATA_ERROR = -3;
const Z_BUF_ERROR = -5;
const Z_FINISH = 4;
const Z_DEFLATED = 8;
const GZIP_WRAPPER = 16;
const GZIP_MAGIC_1 = 0x1f;
const GZIP_MAGIC_2 = 0x8b;

const CODE_NAMES: Readonly<Record<number, string>> = {
  2: 'Z_NEED_DICT',
  [-1]: 'Z_ERRNO',
  [-2]: 'Z_STREAM_ERROR',
  [-3]: 'Z_DATA_ERROR',
  [-4]: 'Z_MEM_ERROR',
  [-5]: 'Z_BUF_ERROR',
  [-6]: 'Z_VERSION_ERROR',
};

export interface StreamOptions {
  readonly windowBits: number;
  readonly level: number;
  readonly memoryLevel: number;
  readonly strategy: number;
  readonly dictionary: Uint8Array | undefined;
}

export interface ZlibFailure {
  readonly message: string;
  readonly errno: number;
  readonly code: string;
}

export interface Step {
  readonly flush: number;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

export class DeflateStream {
  readonly #mode: number;
  readonly #options: StreamOptions;
  #stream = new ZStream();
  #error = Z_OK;
  #flush = 0;
  /** For UNZIP: gzip or zlib is decided by the first byte. */
  #isUndecided = false;
  #isGzip = false;

  constructor(mode: number, options: StreamOptions) {
    this.#mode = mode;
    this.#options = options;
    this.reset();
  }

  get availableOutput(): number {
    return this.#stream.avail_out;
  }

  get availableInput(): number {
    return this.#stream.avail_in;
  }

  reset(): void {
    const { windowBits, level, memoryLevel, strategy, dictionary } = this.#options;
    this.#stream = new ZStream();
    this.#error = Z_OK;
    this.#isGzip = this.#mode === MODE.GUNZIP;
    this.#isUndecided = this.#mode === MODE.UNZIP;
    if (this.#isUndecided) return;
    const bits =
      this.#mode === MODE.GZIP || this.#mode === MODE.GUNZIP ? windowBits + GZIP_WRAPPER : this.#isRaw ? -windowBits : windowBits;
    if (this.#isInflating) {
      this.#error = inflate.inflateInit2(this.#stream, bits);
      if (dictionary !== undefined && this.#mode === MODE.INFLATERAW) this.#error = inflate.inflateSetDictionary(this.#stream, dictionary);
      return;
    }
    this.#error = deflate.deflateInit2(this.#stream, level, Z_DEFLATED, bits, memoryLevel, strategy);
    if (dictionary !== undefined) this.#error = deflate.deflateSetDictionary(this.#stream, dictionary);
  }

  /** Moves bytes from input to output as far as either lasts. */
  run({ flush, input, output }: Step): void {
    const stream = this.#stream;
    this.#flush = flush;
    Object.assign(stream, { input, next_in: 0, avail_in: input.length, output, next_out: 0, avail_out: output.length });
    if (this.#isUndecided && !this.#decide(input)) return;
    this.#error = this.#isInflating ? this.#inflate(flush) : deflate.deflate(stream, flush);
  }

  /** What went wrong in the last step. */
  get failure(): ZlibFailure | null {
    switch (this.#error) {
      case Z_OK:
      case Z_BUF_ERROR:
        return this.#stream.avail_out !== 0 && this.#flush === Z_FINISH ? fail('unexpected end of file', Z_BUF_ERROR) : null;
      case Z_STREAM_END:
        return null;
      case Z_NEED_DICT:
        return fail(this.#options.dictionary === undefined ? 'Missing dictionary' : 'Bad dictionary', Z_NEED_DICT);
      default:
        return fail(this.#stream.msg || 'Zlib error', this.#error);
    }
  }

  get #isRaw(): boolean {
    return this.#mode === MODE.DEFLATERAW || this.#mode === MODE.INFLATERAW;
  }

  get #isInflating(): boolean {
    return this.#mode === MODE.INFLATE || this.#mode === MODE.GUNZIP || this.#mode === MODE.INFLATERAW || this.#mode === MODE.UNZIP;
  }

  #decide(input: Uint8Array): boolean {
    if (input.length === 0) return false;
    const { windowBits } = this.#options;
    this.#isUndecided = false;
    this.#isGzip = input[0] === GZIP_MAGIC_1 && (input.length === 1 || input[1] === GZIP_MAGIC_2);
    this.#error = inflate.inflateInit2(this.#stream, this.#isGzip ? windowBits + GZIP_WRAPPER : windowBits);
    return this.#error === Z_OK;
  }

  #inflate(flush: number): number {
    const stream = this.#stream;
    const { dictionary } = this.#options;
    let result = inflate.inflate(stream, flush);
    if (result === Z_NEED_DICT && dictionary !== undefined && this.#mode !== MODE.INFLATERAW) {
      const set = inflate.inflateSetDictionary(stream, dictionary);
      if (set === Z_OK) result = inflate.inflate(stream, flush);
      else if (set === Z_DATA_ERROR) result = Z_NEED_DICT;
    }
    // A gzip file may be several, one after the other; zeros after the last are padding.
    while (stream.avail_in > 0 && this.#isGzip && result === Z_STREAM_END && stream.input[stream.next_in] !== 0) {
      inflate.inflateReset(stream);
      result = inflate.inflate(stream, flush);
    }
    return result;
  }
}

function fail(message: string, errno: number): ZlibFailure {
  return { message, errno, code: CODE_NAMES[errno] ?? 'Z_ERRNO' };
}
