// One Brotli stream, either way. Runs in the process worker.
import { codecs, WINDOW_BYTES } from './codecs.ts';
import { runWindowed, type CodecStream, type Failure, type Remaining, type Step } from './stream.ts';

const OPERATION_PROCESS = 0;
const OPERATION_FINISH = 2;
const RESULT_ERROR = 0;
const RESULT_NEEDS_MORE_INPUT = 2;
const Z_BUF_ERROR = -5;
/** Parameter slots that the caller left alone. */
const UNSET = 0xffff_ffff;

const INITIALIZATION_FAILED: Failure = { message: 'Initialization failed', errno: -1, code: 'ERR_ZLIB_INITIALIZATION_FAILED' };

abstract class BrotliStream implements CodecStream {
  protected readonly codecs = codecs();
  protected state = 0;
  protected flush = 0;

  abstract readonly failure: Failure | null;
  protected abstract create(): number;
  protected abstract destroy(state: number): void;
  protected abstract set(parameter: number, value: number): boolean;
  /** True while the codec wants to go on. */
  protected abstract step(operation: number, words: number): boolean;

  constructor() {
    this.state = this.create();
  }

  /** Null when all were accepted. */
  configure(parameters: Uint32Array): Failure | null {
    for (const [parameter, value] of parameters.entries()) if (value !== UNSET && !this.set(parameter, value)) return INITIALIZATION_FAILED;
    return null;
  }

  run(step: Step): Remaining {
    this.flush = step.flush;
    const { memory, inputAt, outputAt, wordsAt } = this.codecs;
    return runWindowed(
      step,
      WINDOW_BYTES,
      (piece, isLast, room) => {
        memory.bytes.set(piece, inputAt);
        for (const [index, word] of [piece.length, inputAt, room, outputAt].entries()) memory.setU32(wordsAt + index * 4, word);
        const continues = this.step(isLast ? step.flush : OPERATION_PROCESS, wordsAt);
        return { consumed: piece.length - memory.u32(wordsAt), produced: room - memory.u32(wordsAt + 8), continues };
      },
      (target) => target.set(memory.bytes.subarray(outputAt, outputAt + target.length)),
    );
  }

  reset(): Failure | null {
    this.destroy(this.state);
    this.state = this.create();
    return this.state === 0 ? INITIALIZATION_FAILED : null;
  }

  params(): Failure | null {
    return null;
  }

  release(): void {
    this.destroy(this.state);
    this.state = 0;
  }
}

export class BrotliEncoderStream extends BrotliStream {
  #hasFailed = false;

  get failure(): Failure | null {
    return this.#hasFailed ? { message: 'Compression failed', errno: -1, code: 'ERR_BROTLI_COMPRESSION_FAILED' } : null;
  }

  override reset(): Failure | null {
    this.#hasFailed = false;
    return super.reset();
  }

  protected create(): number {
    return this.codecs.api.BrotliEncoderCreateInstance(0, 0, 0);
  }

  protected destroy(state: number): void {
    this.codecs.api.BrotliEncoderDestroyInstance(state);
  }

  protected set(parameter: number, value: number): boolean {
    return this.codecs.api.BrotliEncoderSetParameter(this.state, parameter, value) !== 0;
  }

  protected step(operation: number, words: number): boolean {
    const ok = this.codecs.api.BrotliEncoderCompressStream(this.state, operation, words, words + 4, words + 8, words + 12, 0);
    this.#hasFailed = ok === 0;
    return !this.#hasFailed;
  }
}

export class BrotliDecoderStream extends BrotliStream {
  #result = 1;

  get failure(): Failure | null {
    const { api, memory } = this.codecs;
    if (this.#result === RESULT_ERROR) {
      const errno = api.BrotliDecoderGetErrorCode(this.state);
      return { message: 'Decompression failed', errno, code: `ERR_${memory.text(api.BrotliDecoderErrorString(errno))}` };
    }
    if (this.flush !== OPERATION_FINISH || this.#result !== RESULT_NEEDS_MORE_INPUT) return null;
    return { message: 'unexpected end of file', errno: Z_BUF_ERROR, code: 'Z_BUF_ERROR' };
  }

  override reset(): Failure | null {
    this.#result = 1;
    return super.reset();
  }

  protected create(): number {
    return this.codecs.api.BrotliDecoderCreateInstance(0, 0, 0);
  }

  protected destroy(state: number): void {
    this.codecs.api.BrotliDecoderDestroyInstance(state);
  }

  protected set(parameter: number, value: number): boolean {
    return this.codecs.api.BrotliDecoderSetParameter(this.state, parameter, value) !== 0;
  }

  protected step(_operation: number, words: number): boolean {
    const { api } = this.codecs;
    this.#result = api.BrotliDecoderDecompressStream(this.state, words, words + 4, words + 8, words + 12, 0);
    return this.#result === RESULT_NEEDS_MORE_INPUT || this.#result === 3;
  }
}
