// One Zstandard stream, either way. Runs in the process worker.
import { allocate, codecs, WINDOW_BYTES } from './codecs.ts';
import { runWindowed, type CodecStream, type Failure, type Progress, type Remaining, type Step } from './stream.ts';

const E_CONTINUE = 0;
const RESET_SESSION_ONLY = 1;
/** Parameter slots that the caller left alone. */
const UNSET = 0xffff_ffff;
/** Worker threads, job size and overlap: advice about speed that a build with one thread need not follow. */
const isAboutThreads = (parameter: number): boolean => parameter >= 400 && parameter <= 402;
const SIZE_UNKNOWN = 0xffff_ffff_ffff_ffffn;

/** Names of ZSTD_ErrorCode by number. Table. */
const ERROR_NAMES: Readonly<Record<number, string>> = {
  0: 'no_error',
  1: 'GENERIC',
  10: 'prefix_unknown',
  12: 'version_unsupported',
  14: 'frameParameter_unsupported',
  16: 'frameParameter_windowTooLarge',
  20: 'corruption_detected',
  22: 'checksum_wrong',
  24: 'literals_headerWrong',
  30: 'dictionary_corrupted',
  32: 'dictionary_wrong',
  34: 'dictionaryCreation_failed',
  40: 'parameter_unsupported',
  41: 'parameter_combination_unsupported',
  42: 'parameter_outOfBound',
  44: 'tableLog_tooLarge',
  46: 'maxSymbolValue_tooLarge',
  48: 'maxSymbolValue_tooSmall',
  49: 'cannotProduce_uncompressedBlock',
  50: 'stabilityCondition_notRespected',
  60: 'stage_wrong',
  62: 'init_missing',
  64: 'memory_allocation',
  66: 'workSpace_tooSmall',
  70: 'dstSize_tooSmall',
  72: 'srcSize_wrong',
  74: 'dstBuffer_null',
  80: 'noForwardProgress_destFull',
  82: 'noForwardProgress_inputEmpty',
};

export interface ZstdOptions {
  readonly parameters: Uint32Array;
  readonly pledgedSize: number | undefined;
  readonly dictionary: Uint8Array | undefined;
}

abstract class ZstdStream implements CodecStream {
  protected readonly codecs = codecs();
  protected context = 0;
  readonly #options: ZstdOptions;
  #error = 0;

  constructor(options: ZstdOptions) {
    this.#options = options;
  }

  protected abstract set(parameter: number, value: number): number;
  protected abstract loadDictionary(at: number, length: number): number;
  protected abstract pledge(size: bigint): number;
  protected abstract restart(): void;
  protected abstract step(output: number, input: number, operation: number): number;
  abstract release(): void;

  /** Null when everything was accepted. */
  configure(): Failure | null {
    const { api } = this.codecs;
    const { dictionary, parameters, pledgedSize } = this.#options;
    if (dictionary !== undefined) {
      const at = allocate(this.codecs, dictionary);
      const result = this.loadDictionary(at, dictionary.length);
      api.free(at);
      if (api.ZSTD_isError(result) !== 0)
        return { message: 'Failed to load zstd dictionary', errno: -1, code: 'ERR_ZLIB_DICTIONARY_LOAD_FAILED' };
    }
    const size = pledgedSize === undefined ? SIZE_UNKNOWN : BigInt(Math.trunc(pledgedSize));
    if (api.ZSTD_isError(this.pledge(size)) !== 0)
      return { message: 'Could not set pledged src size', errno: -1, code: 'ERR_ZLIB_INITIALIZATION_FAILED' };
    for (const [parameter, value] of parameters.entries())
      if (value !== UNSET && !isAboutThreads(parameter) && api.ZSTD_isError(this.set(parameter, value | 0)) !== 0)
        return { message: 'Setting parameter failed', errno: -1, code: 'ERR_ZLIB_INITIALIZATION_FAILED' };
    return null;
  }

  run(step: Step): Remaining {
    const { memory, outputAt } = this.codecs;
    return runWindowed(
      step,
      WINDOW_BYTES,
      (piece, isLast, room) => this.#window(piece, room, isLast ? step.flush : E_CONTINUE),
      (target) => target.set(memory.bytes.subarray(outputAt, outputAt + target.length)),
    );
  }

  reset(): Failure | null {
    this.#error = 0;
    this.restart();
    return null;
  }

  params(): Failure | null {
    return null;
  }

  get failure(): Failure | null {
    if (this.#error === 0) return null;
    const { api, memory } = this.codecs;
    return {
      message: memory.text(api.ZSTD_getErrorString(this.#error)),
      errno: this.#error,
      code: `ZSTD_error_${ERROR_NAMES[this.#error] ?? 'GENERIC'}`,
    };
  }

  #window(piece: Uint8Array, room: number, operation: number): Progress {
    const { api, memory, inputAt, outputAt, wordsAt } = this.codecs;
    memory.bytes.set(piece, inputAt);
    // ZSTD_outBuffer, then ZSTD_inBuffer: pointer, size, position.
    for (const [index, word] of [outputAt, room, 0, inputAt, piece.length, 0].entries()) memory.setU32(wordsAt + index * 4, word);
    const result = this.step(wordsAt, wordsAt + 12, operation);
    this.#error = api.ZSTD_isError(result) === 0 ? 0 : api.ZSTD_getErrorCode(result);
    return { consumed: memory.u32(wordsAt + 20), produced: memory.u32(wordsAt + 8), continues: this.#error === 0 };
  }
}

export class ZstdCompressStream extends ZstdStream {
  constructor(options: ZstdOptions) {
    super(options);
    this.context = this.codecs.api.ZSTD_createCCtx();
  }

  release(): void {
    this.codecs.api.ZSTD_freeCCtx(this.context);
  }

  protected set(parameter: number, value: number): number {
    return this.codecs.api.ZSTD_CCtx_setParameter(this.context, parameter, value);
  }

  protected loadDictionary(at: number, length: number): number {
    return this.codecs.api.ZSTD_CCtx_loadDictionary(this.context, at, length);
  }

  protected pledge(size: bigint): number {
    return this.codecs.api.ZSTD_CCtx_setPledgedSrcSize(this.context, size);
  }

  protected restart(): void {
    this.codecs.api.ZSTD_CCtx_reset(this.context, RESET_SESSION_ONLY);
  }

  protected step(output: number, input: number, operation: number): number {
    return this.codecs.api.ZSTD_compressStream2(this.context, output, input, operation);
  }
}

export class ZstdDecompressStream extends ZstdStream {
  constructor(options: ZstdOptions) {
    super(options);
    this.context = this.codecs.api.ZSTD_createDCtx();
  }

  release(): void {
    this.codecs.api.ZSTD_freeDCtx(this.context);
  }

  protected set(parameter: number, value: number): number {
    return this.codecs.api.ZSTD_DCtx_setParameter(this.context, parameter, value);
  }

  protected loadDictionary(at: number, length: number): number {
    return this.codecs.api.ZSTD_DCtx_loadDictionary(this.context, at, length);
  }

  /** Only a compressor can be told. */
  protected pledge(): number {
    return 0;
  }

  protected restart(): void {
    this.codecs.api.ZSTD_DCtx_reset(this.context, RESET_SESSION_ONLY);
  }

  protected step(output: number, input: number): number {
    return this.codecs.api.ZSTD_decompressStream(this.context, output, input);
  }
}
