// Async context: what an await costs with the helper that keeps AsyncLocalStorage, against the same code without it, in one
// process of the tab by turns. While no store exists the helper is one comparison.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { launchRuntime } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

interface Measured {
  readonly kept: readonly number[];
  readonly plain: readonly number[];
}

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  await harness.fs.writeFile('/workdir/awaits.cjs', readFileSync(path.join(import.meta.dirname, 'awaits.cjs')));
  const { stdout, stderr, code } = await harness.spawn('node', ['awaits.cjs'], { timeoutMs: 120_000 });
  if (code !== 0) throw new Error(`awaits.cjs ended with ${code}:\n${stderr.toString()}`);
  const { kept, plain } = JSON.parse(stdout.toString()) as Measured;
  return [row('await-without-store', 'ns', median(kept), median(plain), { atMostRatio: 1.05 })];
}
