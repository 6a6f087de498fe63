// Spawn: `node file.js` from the call to its exit, from the warm pool, against the same Node started natively in turn.
import { spawn } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchRuntime } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 15;
/** Gives the pool time to have a booted worker again, as between two commands of a person. */
const REST_MS = 400;

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const file = path.join(mkdtempSync(path.join(tmpdir(), 'verklet-bench-')), 'file.js');
  writeFileSync(file, 'process.exitCode = 0');
  await harness.fs.writeFile('/workdir/file.js', 'process.exitCode = 0');
  const ours: number[] = [];
  const native: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    ours.push(await harness.page.evaluate(spawnOnce));
    native.push(await spawnNative(file));
  }
  return [row('spawn-to-exit', 'ms', median(ours), median(native), { atMostRatio: 0.5 })];
}

async function spawnOnce(): Promise<number> {
  const startedAt = performance.now();
  const process = await globalThis.harnessRuntime.spawn('node', ['file.js']);
  const status = await process.exit;
  if (status.code !== 0) throw new Error(`node file.js ended with ${status.code}`);
  return performance.now() - startedAt;
}

function spawnNative(file: string): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [file], { stdio: 'ignore' });
    child.on('error', reject);
    child.on('exit', () => resolve(performance.now() - startedAt));
  });
}
