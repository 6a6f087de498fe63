// Compiles the core, once per workspace: the module goes to every worker.
import coreUrl from '../../.cache/wasm/fs-core.wasm?url';

export async function compileCore(): Promise<WebAssembly.Module> {
  return WebAssembly.compileStreaming(fetch(coreUrl));
}
