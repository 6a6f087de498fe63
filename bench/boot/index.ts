// Boot: from `Runtime.boot()` to resolved, and to the exit of the first process, with a warm HTTP cache. In-page clock.
import { launchRuntime } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 9;

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const previewHost = `preview.verklet.localhost:${harness.server.port}`;
  const boots: number[] = [];
  const firstExits: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const times = await harness.page.evaluate(bootOnce, previewHost);
    boots.push(times.bootMs);
    firstExits.push(times.firstExitMs);
  }
  return [
    row('boot-resolved', 'ms', median(boots), null, { atMost: 400 }),
    row('first-spawn-exited', 'ms', median(firstExits), null, { atMost: 800 }),
  ];
}

async function bootOnce(previewHost: string): Promise<{ bootMs: number; firstExitMs: number }> {
  const startedAt = performance.now();
  const runtime = await globalThis.verklet.Runtime.boot({ backend: 'browser', previewHost });
  const bootMs = performance.now() - startedAt;
  await runtime.fs.writeFile('first.js', 'process.exitCode = 0');
  const process = await runtime.spawn('node', ['first.js']);
  const status = await process.exit;
  const firstExitMs = performance.now() - startedAt;
  await runtime.dispose();
  if (status.code !== 0) throw new Error(`the first process ended with ${status.code}`);
  return { bootMs, firstExitMs };
}
