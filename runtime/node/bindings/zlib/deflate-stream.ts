// One deflate or inflate stream: the state machine that Node keeps around zlib. Runs in the process worker.
import { allocate, codecs, WINDOW_BYTES } from './codecs.ts';
import { runWindowed, type CodecStream, type Failure, type Remaining, type Step } from './stream.ts';

/** Node's modes, as in its zlib constants. */
export const MODE = { DEFLATE: 1, INFLATE: 2, GZIP: 3, GUNZIP: 4, DEFLATERAW: 5, INFLATERAW: 6, UNZIP: 7 } as const;

const Z_OK = 0;
const Z_STREAM_END = 1;
const Z_NEED_DICT = 2;
const Z_DATA_ERROR = -3;
const Z_BUF_ERROR = -5;
const Z_NO_FLUSH = 0;
const Z_FINISH = 4;
const Z_DEFLATED = 8;
const GZIP_WRAPPER = 16;
const GZIP_OR_ZLIB = 32;
const GZIP_MAGIC_1 = 0x1f;
const GZIP_MAGIC_2 = 0x8b;

// z_stream on a 32-bit machine.
const STREAM_BYTES = 56;
const NEXT_IN = 0;
const AVAIL_IN = 4;
const NEXT_OUT = 12;
const AVAIL_OUT = 16;
const MESSAGE = 24;

const CODE_NAMES: Readonly<Record<number, string>> = {
  1: 'Z_STREAM_END',
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

export class DeflateStream implements CodecStream {
  readonly #codecs = codecs();
  readonly #options: StreamOptions;
  readonly #at: number;
  #mode: number;
  #error = Z_OK;
  #flush = 0;
  #isStarted = false;
  #gzipBytesSeen = 0;
  /** UNZIP leaves other bytes after the first member alone; a gzip file may be several members. */
  #availableOutput = 0;

  constructor(mode: number, options: StreamOptions) {
    this.#mode = mode;
    this.#options = options;
    this.#at = this.#codecs.api.calloc(1, STREAM_BYTES);
  }

  run(step: Step): Remaining {
    this.#flush = step.flush;
    if (!this.#start()) return { input: step.input.length, output: step.output.length };
    const { inputAt, outputAt, memory } = this.#codecs;
    const remaining = runWindowed(
      step,
      WINDOW_BYTES,
      (piece, isLast, room) => {
        memory.bytes.set(piece, inputAt);
        memory.setU32(this.#at + NEXT_IN, inputAt);
        memory.setU32(this.#at + AVAIL_IN, piece.length);
        memory.setU32(this.#at + NEXT_OUT, outputAt);
        memory.setU32(this.#at + AVAIL_OUT, room);
        this.#advance(piece, isLast ? step.flush : Z_NO_FLUSH);
        const left = memory.u32(this.#at + AVAIL_IN);
        const isBetweenMembers = this.#error === Z_STREAM_END && this.#mode === MODE.GUNZIP;
        const continues = this.#error === Z_OK || this.#error === Z_BUF_ERROR || (isBetweenMembers && left === 0 && !isLast);
        return { consumed: piece.length - left, produced: room - memory.u32(this.#at + AVAIL_OUT), continues };
      },
      (target) => target.set(memory.bytes.subarray(outputAt, outputAt + target.length)),
    );
    this.#availableOutput = remaining.output;
    return remaining;
  }

  reset(): Failure | null {
    if (!this.#start()) return this.#fail('Failed to init stream before reset');
    this.#error = Z_OK;
    const { api } = this.#codecs;
    this.#error = this.#isInflating ? api.inflateReset(this.#at) : api.deflateReset(this.#at);
    return this.#error === Z_OK ? this.#setDictionary() : this.#fail('Failed to reset stream');
  }

  params(level: number, strategy: number): Failure | null {
    if (!this.#start()) return this.#fail('Failed to init stream before set parameters');
    if (this.#isInflating) return null;
    const { memory, inputAt, outputAt, api } = this.#codecs;
    memory.setU32(this.#at + NEXT_IN, inputAt);
    memory.setU32(this.#at + AVAIL_IN, 0);
    memory.setU32(this.#at + NEXT_OUT, outputAt);
    memory.setU32(this.#at + AVAIL_OUT, 0);
    this.#error = api.deflateParams(this.#at, level, strategy);
    return this.#error === Z_OK || this.#error === Z_BUF_ERROR ? null : this.#fail('Failed to set parameters');
  }

  get failure(): Failure | null {
    switch (this.#error) {
      case Z_OK:
      case Z_BUF_ERROR:
        return this.#availableOutput !== 0 && this.#flush === Z_FINISH ? this.#fail('unexpected end of file', Z_BUF_ERROR) : null;
      case Z_STREAM_END:
        return null;
      case Z_NEED_DICT:
        return this.#fail(this.#options.dictionary === undefined ? 'Missing dictionary' : 'Bad dictionary');
      default:
        return this.#fail('Zlib error');
    }
  }

  release(): void {
    const { api } = this.#codecs;
    if (this.#isStarted) {
      if (this.#isInflating) api.inflateEnd(this.#at);
      else api.deflateEnd(this.#at);
    }
    api.free(this.#at);
  }

  get #isInflating(): boolean {
    const mode = this.#mode;
    return mode === MODE.INFLATE || mode === MODE.GUNZIP || mode === MODE.INFLATERAW || mode === MODE.UNZIP;
  }

  /** Set up with the first use, as Node does: its memory is large. False when zlib refused. */
  #start(): boolean {
    if (this.#isStarted) return true;
    const { api } = this.#codecs;
    const { level, memoryLevel, strategy } = this.#options;
    const bits = this.#windowBits();
    this.#error = this.#isInflating
      ? api.inflateInit2_(this.#at, bits, api.zlibVersion(), STREAM_BYTES)
      : api.deflateInit2_(this.#at, level, Z_DEFLATED, bits, memoryLevel, strategy, api.zlibVersion(), STREAM_BYTES);
    if (this.#error !== Z_OK) return false;
    this.#isStarted = true;
    this.#setDictionary();
    return true;
  }

  #windowBits(): number {
    const { windowBits } = this.#options;
    switch (this.#mode) {
      case MODE.GZIP:
      case MODE.GUNZIP:
        return windowBits + GZIP_WRAPPER;
      case MODE.UNZIP:
        return windowBits + GZIP_OR_ZLIB;
      case MODE.DEFLATERAW:
      case MODE.INFLATERAW:
        return -windowBits;
      default:
        return windowBits;
    }
  }

  #setDictionary(): Failure | null {
    const { dictionary } = this.#options;
    if (dictionary === undefined || this.#mode === MODE.INFLATE || this.#mode === MODE.GUNZIP || this.#mode === MODE.UNZIP) return null;
    this.#error = this.#giveDictionary(dictionary);
    return this.#error === Z_OK ? null : this.#fail('Failed to set dictionary');
  }

  #giveDictionary(dictionary: Uint8Array): number {
    const { api } = this.#codecs;
    const at = allocate(this.#codecs, dictionary);
    const result = this.#isInflating
      ? api.inflateSetDictionary(this.#at, at, dictionary.length)
      : api.deflateSetDictionary(this.#at, at, dictionary.length);
    api.free(at);
    return result;
  }

  #advance(piece: Uint8Array, flush: number): void {
    if (!this.#isInflating) {
      this.#error = this.#codecs.api.deflate(this.#at, flush);
      return;
    }
    if (this.#mode === MODE.UNZIP) this.#decide(piece);
    if (this.#error === Z_STREAM_END && this.#mode === MODE.GUNZIP && piece.length > 0) {
      if (piece[0] === 0) return; // zeros after the last member are padding
      this.#codecs.api.inflateReset(this.#at);
    }
    this.#inflate(piece, flush);
  }

  /** UNZIP becomes GUNZIP or INFLATE by the first two bytes, which may come one by one. */
  #decide(piece: Uint8Array): void {
    for (const byte of piece.subarray(0, 2 - this.#gzipBytesSeen)) {
      const expected = this.#gzipBytesSeen === 0 ? GZIP_MAGIC_1 : GZIP_MAGIC_2;
      if (byte !== expected) {
        this.#mode = MODE.INFLATE;
        return;
      }
      if (++this.#gzipBytesSeen === 2) this.#mode = MODE.GUNZIP;
    }
  }

  #inflate(piece: Uint8Array, flush: number): void {
    const { api, memory } = this.#codecs;
    const { dictionary } = this.#options;
    this.#error = api.inflate(this.#at, flush);
    if (this.#mode !== MODE.INFLATERAW && this.#error === Z_NEED_DICT && dictionary !== undefined) {
      const set = this.#giveDictionary(dictionary);
      if (set === Z_OK) this.#error = api.inflate(this.#at, flush);
      else this.#error = set === Z_DATA_ERROR ? Z_NEED_DICT : set;
    }
    while (this.#error === Z_STREAM_END && this.#mode === MODE.GUNZIP) {
      const left = memory.u32(this.#at + AVAIL_IN);
      if (left === 0 || piece[piece.length - left] === 0) break;
      api.inflateReset(this.#at);
      this.#error = api.inflate(this.#at, flush);
    }
  }

  #fail(message: string, errno = this.#error): Failure {
    const own = this.#codecs.memory.text(this.#codecs.memory.u32(this.#at + MESSAGE));
    return { message: own === '' ? message : own, errno, code: CODE_NAMES[errno] ?? 'Z_ERRNO' };
  }
}
