// The core over one memory. Without the build's URLs, so that Node-side tests use it too.
import type { CoreExports } from './core-exports.ts';

/** 4 GiB of address space; untouched pages cost nothing. */
const MAX_PAGES = 65536;
/** The fixed tables end at 12.5 MiB; the rest is room to start in. */
const INITIAL_PAGES = 512;
/** What every worker of a workspace maps, and a browser counts in each. */
export const INITIAL_MEMORY_BYTES = INITIAL_PAGES * 65_536;

export function createCoreMemory(): WebAssembly.Memory {
  return new WebAssembly.Memory({ initial: INITIAL_PAGES, maximum: MAX_PAGES, shared: true });
}

export function instantiateCore(module: WebAssembly.Module, memory: WebAssembly.Memory): CoreExports {
  return new WebAssembly.Instance(module, { env: { memory, abort: coreAborted } }).exports as unknown as CoreExports;
}

function coreAborted(): never {
  throw new WebAssembly.RuntimeError('the file system core aborted');
}
