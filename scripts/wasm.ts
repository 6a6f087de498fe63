// Compiles the AssemblyScript entries into .cache/wasm/. Used by the build and by tests on a fresh checkout.
import { globSync, mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/** Output names by entry; also the list of entries. */
export const wasmEntries = {
  'runtime/fs/assembly/core.ts': { output: 'fs-core', isShared: true },
} as const;

/** Compiles what is missing or older than its sources; returns nothing, throws with the compiler's messages. */
export async function compileWasm(root: string): Promise<void> {
  mkdirSync(path.join(root, '.cache/wasm'), { recursive: true });
  for (const entry of Object.keys(wasmEntries) as (keyof typeof wasmEntries)[]) {
    const { output, isShared } = wasmEntries[entry];
    const target = path.join(root, '.cache/wasm', `${output}.wasm`);
    if (isFresh(target, path.join(root, path.dirname(entry)))) continue;
    await compile(root, entry, target, isShared);
  }
}

async function compile(root: string, entry: string, target: string, isShared: boolean): Promise<void> {
  const { default: asc } = await import('assemblyscript/asc');
  const shared = ['--importMemory', '--sharedMemory', '--enable', 'threads', '--initialMemory', '16', '--maximumMemory', '65536'];
  const options = [
    entry,
    '--outFile',
    path.relative(root, target),
    '--runtime',
    'stub',
    '-O3',
    '--noAssert',
    '--enable',
    'bulk-memory',
    ...(isShared ? shared : []),
  ];
  const { error, stderr } = await asc.main([...options, '--baseDir', root]);
  if (error) throw new Error(`${entry} did not compile:\n${stderr.toString()}`);
}

function isFresh(target: string, sourceFolder: string): boolean {
  const built = statSync(target, { throwIfNoEntry: false })?.mtimeMs ?? 0;
  return globSync('**/*.ts', { cwd: sourceFolder }).every((file) => statSync(path.join(sourceFolder, file)).mtimeMs < built);
}
