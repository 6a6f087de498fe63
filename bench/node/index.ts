// Node in the tab against the same Node natively, in turns: loading `http`, requests within a process, starting a thread. And
// what an idle process costs in memory, as the browser attributes it to the workspace's frame.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { launchRuntime, type Harness } from '../../e2e/harness.ts';
import { INITIAL_MEMORY_BYTES } from '../../runtime/fs/core-instance.ts';
import { median, row, type BenchRow } from '../rows.ts';

const TURNS = 5;
const IDLE_PROCESSES = 4;
const MIB = 1024 * 1024;

type Times = Readonly<Record<'requireMs' | 'requestMs' | 'threadMs', number>>;

export async function rows(): Promise<BenchRow[]> {
  const program = path.join(import.meta.dirname, 'program.cjs');
  await using harness = await launchRuntime();
  await harness.fs.writeFile('/workdir/program.cjs', readFileSync(program));
  const [ours, native]: [Times[], Times[]] = [[], []];
  for (let turn = 0; turn < TURNS; turn++) {
    native.push(JSON.parse(execFileSync(process.execPath, ['--no-warnings', program], { encoding: 'utf8' })) as Times);
    const { stdout, stderr, code } = await harness.spawn('node', ['program.cjs'], { timeoutMs: 120_000 });
    if (code !== 0) throw new Error(`program.cjs ended with ${code}:\n${stderr.toString()}`);
    ours.push(JSON.parse(stdout.toString()) as Times);
  }
  const of = (times: readonly Times[], name: keyof Times): number => median(times.map((turn) => turn[name]));
  return [
    row('require-http', 'ms', of(ours, 'requireMs'), of(native, 'requireMs'), { atMost: 10 }),
    row('keep-alive-request', 'ms', of(ours, 'requestMs'), of(native, 'requestMs'), { atMostRatio: 3 }),
    row('thread-start', 'ms', of(ours, 'threadMs'), of(native, 'threadMs'), { atMostRatio: 3 }),
    row('idle-process', 'MiB', await idleProcessMib(), null, { atMost: 12 }),
  ];
}

/** Processes that wait in a timer, by the difference that several of them make. */
async function idleProcessMib(): Promise<number> {
  // A runtime of its own: the memory of the files has not grown yet.
  await using harness = await launchRuntime();
  await harness.spawn('node', ['-e', '0']);
  const before = await memoryBytes(harness);
  const stop = new AbortController();
  const idle = Array.from({ length: IDLE_PROCESSES }, () =>
    harness.spawn('node', ['-e', 'setInterval(() => {}, 1e6); console.log(1)'], { signal: stop.signal }),
  );
  await new Promise((resolve) => setTimeout(resolve, 5000));
  const after = await memoryBytes(harness);
  stop.abort();
  await Promise.all(idle);
  // The workspace's files are one memory that all share; the browser counts it in each worker.
  return ((after - before) / IDLE_PROCESSES - INITIAL_MEMORY_BYTES) / MIB;
}

async function memoryBytes({ page }: Harness): Promise<number> {
  const frame = page.frames().find((one) => one !== page.mainFrame());
  if (frame === undefined) throw new Error('The page shows no runtime frame');
  return frame.evaluate(async () => {
    const measured = performance as unknown as { measureUserAgentSpecificMemory(): Promise<{ bytes: number }> };
    return (await measured.measureUserAgentSpecificMemory()).bytes;
  });
}
