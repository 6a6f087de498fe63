// The functions of codecs.wasm that the binding calls, by their names in zlib, Brotli and Zstandard. Pointers and sizes are
// numbers, 64-bit integers bigints. native/build.sh reads this list: what is not here is not in the artifact. Table.

type Pointer = number;

export interface Codecs {
  readonly memory: WebAssembly.Memory;
  _initialize(): void;
  malloc(sizeBytes: number): Pointer;
  calloc(count: number, sizeBytes: number): Pointer;
  free(at: Pointer): void;

  // zlib
  zlibVersion(): Pointer;
  crc32(seed: number, bytes: Pointer, length: number): number;
  deflateInit2_(
    stream: Pointer,
    level: number,
    method: number,
    windowBits: number,
    memoryLevel: number,
    strategy: number,
    version: Pointer,
    sizeBytes: number,
  ): number;
  deflate(stream: Pointer, flush: number): number;
  deflateEnd(stream: Pointer): number;
  deflateReset(stream: Pointer): number;
  deflateParams(stream: Pointer, level: number, strategy: number): number;
  deflateSetDictionary(stream: Pointer, dictionary: Pointer, length: number): number;
  inflateInit2_(stream: Pointer, windowBits: number, version: Pointer, sizeBytes: number): number;
  inflate(stream: Pointer, flush: number): number;
  inflateEnd(stream: Pointer): number;
  inflateReset(stream: Pointer): number;
  inflateSetDictionary(stream: Pointer, dictionary: Pointer, length: number): number;

  // Brotli
  BrotliEncoderCreateInstance(allocate: Pointer, release: Pointer, data: Pointer): Pointer;
  BrotliEncoderDestroyInstance(state: Pointer): void;
  BrotliEncoderSetParameter(state: Pointer, parameter: number, value: number): number;
  BrotliEncoderCompressStream(
    state: Pointer,
    operation: number,
    availableIn: Pointer,
    nextIn: Pointer,
    availableOut: Pointer,
    nextOut: Pointer,
    totalOut: Pointer,
  ): number;
  BrotliDecoderCreateInstance(allocate: Pointer, release: Pointer, data: Pointer): Pointer;
  BrotliDecoderDestroyInstance(state: Pointer): void;
  BrotliDecoderSetParameter(state: Pointer, parameter: number, value: number): number;
  BrotliDecoderDecompressStream(
    state: Pointer,
    availableIn: Pointer,
    nextIn: Pointer,
    availableOut: Pointer,
    nextOut: Pointer,
    totalOut: Pointer,
  ): number;
  BrotliDecoderGetErrorCode(state: Pointer): number;
  BrotliDecoderErrorString(code: number): Pointer;

  // Zstandard
  ZSTD_createCCtx(): Pointer;
  ZSTD_freeCCtx(context: Pointer): number;
  ZSTD_CCtx_reset(context: Pointer, directive: number): number;
  ZSTD_CCtx_setParameter(context: Pointer, parameter: number, value: number): number;
  ZSTD_CCtx_setPledgedSrcSize(context: Pointer, size: bigint): number;
  ZSTD_CCtx_loadDictionary(context: Pointer, dictionary: Pointer, length: number): number;
  ZSTD_compressStream2(context: Pointer, output: Pointer, input: Pointer, operation: number): number;
  ZSTD_createDCtx(): Pointer;
  ZSTD_freeDCtx(context: Pointer): number;
  ZSTD_DCtx_reset(context: Pointer, directive: number): number;
  ZSTD_DCtx_setParameter(context: Pointer, parameter: number, value: number): number;
  ZSTD_DCtx_loadDictionary(context: Pointer, dictionary: Pointer, length: number): number;
  ZSTD_decompressStream(context: Pointer, output: Pointer, input: Pointer): number;
  ZSTD_isError(code: number): number;
  ZSTD_getErrorCode(code: number): number;
  ZSTD_getErrorName(code: number): Pointer;
  ZSTD_getErrorString(code: number): Pointer;
}
