// The `zlib` binding: the deflate family, Brotli, Zstandard and crc32. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { AsyncWrap } from './stream-base/handle-wrap.ts';
import { BrotliDecoderStream, BrotliEncoderStream } from './zlib/brotli-stream.ts';
import { crc32 } from './zlib/crc32.ts';
import { DeflateStream } from './zlib/deflate-stream.ts';
import type { CodecStream, Failure } from './zlib/stream.ts';
import { ZstdCompressStream, ZstdDecompressStream, type ZstdOptions } from './zlib/zstd-stream.ts';
import { utf8 } from './wasm-module.ts';

const EMPTY = new Uint8Array();

type WriteArguments = [
  flush: number,
  input: Uint8Array | null,
  inputOffset: number,
  inputLength: number,
  output: Uint8Array,
  outputOffset: number,
  outputLength: number,
];

/** Streams that a program dropped without closing keep no memory. */
const abandoned = new FinalizationRegistry<CodecStream>((stream) => stream.release());

export const zlib: BindingFactory = (realm, binding) => {
  binding['crc32'] = (data: string | Uint8Array, seed = 0) => crc32(typeof data === 'string' ? utf8(data) : data, seed);
  for (const [name, initialize] of Object.entries(initializers)) binding[name] = handleClass(realm, name, initialize);
};

/** `init` of each class, by its name; throws what Node's library is to throw. */
const initializers: Readonly<Record<string, (handle: CompressionHandle, mode: number, args: unknown[]) => void>> = {
  Zlib(handle, mode, args) {
    const [windowBits, level, memoryLevel, strategy, result, onWritten, dictionary] = args as [
      number,
      number,
      number,
      number,
      Uint32Array,
      () => void,
      ArrayBuffer | ArrayBufferView | undefined,
    ];
    handle.attach(
      new DeflateStream(mode, {
        windowBits,
        level,
        memoryLevel,
        strategy,
        dictionary: dictionary === undefined || dictionary.byteLength === 0 ? undefined : viewOf(dictionary).slice(),
      }),
      result,
      onWritten,
    );
  },
  BrotliEncoder: brotli(() => new BrotliEncoderStream()),
  BrotliDecoder: brotli(() => new BrotliDecoderStream()),
  ZstdCompress: zstd((options) => new ZstdCompressStream(options)),
  ZstdDecompress: zstd((options) => new ZstdDecompressStream(options)),
};

function brotli(create: () => BrotliEncoderStream | BrotliDecoderStream): (typeof initializers)[string] {
  return (handle, _mode, args) => {
    const [parameters, result, onWritten] = args as [Uint32Array, Uint32Array, () => void];
    const stream = create();
    handle.attach(stream, result, onWritten);
    refuseOn(stream.configure(parameters));
  };
}

function zstd(create: (options: ZstdOptions) => ZstdCompressStream | ZstdDecompressStream): (typeof initializers)[string] {
  return (handle, _mode, args) => {
    const [parameters, pledgedSize, result, onWritten, dictionary] = args as [
      Uint32Array,
      number | undefined,
      Uint32Array,
      () => void,
      ArrayBufferView | undefined,
    ];
    const stream = create({ parameters, pledgedSize, dictionary: dictionary === undefined ? undefined : viewOf(dictionary) });
    handle.attach(stream, result, onWritten);
    refuseOn(stream.configure());
  };
}

function refuseOn(failure: Failure | null): void {
  if (failure !== null) throw nodeError(Error, 'ERR_ZLIB_INITIALIZATION_FAILED', failure.message);
}

function handleClass(realm: Realm, name: string, initialize: (typeof initializers)[string]): unknown {
  const Handle = class extends CompressionHandle {
    readonly #mode: number;

    constructor(mode: number) {
      super(realm);
      this.#mode = mode;
    }

    init(...args: unknown[]): void {
      initialize(this, this.#mode, args);
    }
  };
  return Object.defineProperty(Handle, 'name', { value: name });
}

class CompressionHandle extends AsyncWrap {
  #stream: CodecStream | null = null;
  /** [available output, available input], read by Node's library after each step. */
  #result: Uint32Array = new Uint32Array(2);
  #onWritten: () => void = () => {};
  #isWriting = false;
  #isClosing = false;

  attach(stream: CodecStream, result: Uint32Array, onWritten: () => void): void {
    this.#stream = stream;
    this.#result = result;
    this.#onWritten = onWritten;
    abandoned.register(this, stream, this);
  }

  params(level: number, strategy: number): void {
    this.#tell(this.#stream?.params(level, strategy) ?? null);
  }

  reset(): void {
    this.#tell(this.#stream?.reset() ?? null);
  }

  close(): void {
    if (this.#isWriting) {
      this.#isClosing = true;
      return;
    }
    abandoned.unregister(this);
    this.#stream?.release();
    this.#stream = null;
  }

  writeSync(...args: WriteArguments): void {
    this.#step(args);
    this.#tell(this.#stream?.failure ?? null);
  }

  write(...args: WriteArguments): void {
    this.#isWriting = true;
    this.realm.loop.ref();
    this.realm.loop.enqueue(() => {
      this.realm.loop.unref();
      if (!this.#isClosing) this.#step(args);
      this.#isWriting = false;
      if (this.#tell(this.#stream?.failure ?? null)) this.realm.makeCallback(this, this.#onWritten);
      if (this.#isClosing) this.close();
    });
  }

  #step([flush, input, inputOffset, inputLength, output, outputOffset, outputLength]: WriteArguments): void {
    if (this.#stream === null) return;
    const source = input === null ? EMPTY : viewOf(input).subarray(inputOffset, inputOffset + inputLength);
    const target = viewOf(output).subarray(outputOffset, outputOffset + outputLength);
    const remaining = this.#stream.run({ flush, input: source, output: target });
    this.#result[0] = remaining.output;
    this.#result[1] = remaining.input;
  }

  /** Tells Node's library of a failure; true when there was none. */
  #tell(failure: Failure | null): boolean {
    if (failure === null) return true;
    const { onerror } = this as unknown as BindingObject;
    this.realm.makeCallback(this, onerror, failure.message, failure.errno, failure.code);
    return false;
  }
}

function viewOf(data: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(data) ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength) : new Uint8Array(data);
}
