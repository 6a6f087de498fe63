// Asks a process in the tab which of its native functions refuse: they carry a mark with their name.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Harness } from '../harness.ts';

export async function unsupportedCalls(runtime: Harness): Promise<string[]> {
  await runtime.fs.writeFile('/workdir/list-unsupported.cjs', readFileSync(path.join(import.meta.dirname, 'list-unsupported.cjs')));
  const { stdout, stderr, code } = await runtime.spawn('node', ['--expose-internals', '--no-warnings', 'list-unsupported.cjs']);
  if (code !== 0) throw new Error(`the list of unsupported calls failed:\n${stderr.toString()}`);
  return JSON.parse(stdout.toString()) as string[];
}
