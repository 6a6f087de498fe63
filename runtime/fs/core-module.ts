// Compiles the core in Node, for tests and benchmarks; builds it first where that has not happened.
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { compileWasm } from '../../scripts/wasm.ts';

export async function loadCoreModule(): Promise<WebAssembly.Module> {
  const root = path.join(import.meta.dirname, '../..');
  await compileWasm(root);
  return WebAssembly.compile(await readFile(path.join(root, '.cache/wasm/fs-core.wasm')));
}
