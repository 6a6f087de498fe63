// zlib, Brotli and Zstandard as WebAssembly: loaded with the first stream of a process. Runs in the process worker.
import codecsUrl from './native/codecs.wasm?url';
import { loadWasmModule, WasmMemory } from '../wasm-module.ts';
import type { Codecs } from './codecs-exports.ts';

export interface LoadedCodecs {
  readonly api: Codecs;
  readonly memory: WasmMemory;
  /** Windows through which bytes go in and out: streams run one at a time. */
  readonly inputAt: number;
  readonly outputAt: number;
  /** Eight words for arguments by reference. */
  readonly wordsAt: number;
}

export const WINDOW_BYTES = 65_536;
const WORDS_BYTES = 32;

let loaded: LoadedCodecs | null = null;

export function codecs(): LoadedCodecs {
  return (loaded ??= load());
}

/** Bytes in the module's memory until `release`. */
export function allocate({ api, memory }: LoadedCodecs, bytes: Uint8Array): number {
  const at = api.malloc(Math.max(1, bytes.length));
  memory.bytes.set(bytes, at);
  return at;
}

function load(): LoadedCodecs {
  const { exports } = new WebAssembly.Instance(loadWasmModule(codecsUrl), {
    wasi_snapshot_preview1: {
      proc_exit: (code: number) => {
        throw new Error(`The compression library gave up (${code})`);
      },
    },
  });
  const api = exports as unknown as Codecs;
  api._initialize();
  return {
    api,
    memory: new WasmMemory(api.memory),
    inputAt: api.malloc(WINDOW_BYTES),
    outputAt: api.malloc(WINDOW_BYTES),
    wordsAt: api.malloc(WORDS_BYTES),
  };
}
