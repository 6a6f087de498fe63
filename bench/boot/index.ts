// Boot: from `Runtime.boot()` to resolved, and to the exit of the first process, with a warm HTTP cache. And the whole app on a
// cold start with the network gone (cold-offline.ts). In-page clocks.
import { launchRuntime } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';
import { startColdOffline } from './cold-offline.ts';

const ROUNDS = 9;

export async function rows(): Promise<BenchRow[]> {
  const boots = await warmBoots();
  const starts = await startColdOffline();
  return [
    row('boot-resolved', 'ms', median(boots.map(({ bootMs }) => bootMs)), null, { atMost: 400 }),
    row('first-spawn-exited', 'ms', median(boots.map(({ firstExitMs }) => firstExitMs)), null, { atMost: 800 }),
    row('cold-offline-to-editor', 'ms', median(starts.map(({ editorMs }) => editorMs)), null, { atMost: 1500 }),
    row('cold-offline-to-node-exited', 'ms', median(starts.map(({ exitMs }) => exitMs)), null, { atMost: 2000 }),
  ];
}

async function warmBoots(): Promise<{ bootMs: number; firstExitMs: number }[]> {
  await using harness = await launchRuntime();
  const previewHost = `preview.verklet.localhost:${harness.server.port}`;
  const boots = [];
  for (let round = 0; round < ROUNDS; round++) boots.push(await harness.page.evaluate(bootOnce, previewHost));
  return boots;
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
