// Loads the core: compiled once per workspace, instantiated in every worker over the shared memory.
import coreUrl from '../../.cache/wasm/fs-core.wasm?url';
import type { CoreExports } from './core-exports.ts';

/** 4 GiB of address space; untouched pages cost nothing. */
const MAX_PAGES = 65536;
/** The fixed tables end at 12.5 MiB; the rest is room to start in. */
const INITIAL_PAGES = 512;

export async function compileCore(): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(coreUrl));
}

export function createCoreMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES, shared: true });
}

export function instantiateCore(module: WebAssembly.Module, memory: WebAssembly.Memory): CoreExports {
  return new WebAssembly.Instance(module, { env: { memory, abort: coreAborted } }).exports as unknown as CoreExports;
}

function coreAborted(): never {
  throw new WebAssembly.RuntimeError('the file system core aborted');
}
