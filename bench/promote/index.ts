// Promotion: from the command to its first byte in a fresh session, the next command, throughput, keystrokes, a warm upload.
// Against the process driver, through a real browser; what is native is the same program on this machine.
import { spawn } from 'node:child_process';
import { launchRuntime } from '../../e2e/harness.ts';
import { median, percentile, row, type BenchRow } from '../rows.ts';
import { serverRows } from './server-side.ts';

const PROMOTIONS = 5;
const ROUNDS = 30;
const KEYSTROKES = 100;
const STREAM_BYTES = 64 * 1024 * 1024;
const TREE_FILES = 3000;
const TREE_FILE_BYTES = 10 * 1024;

export async function rows(): Promise<BenchRow[]> {
  return [...(await browserRows()), ...(await serverRows())];
}

async function browserRows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const host = `preview.verklet.localhost:${harness.server.port}`;
  const status = await harness.server.sessions.status();
  if (status.sessions === 'unavailable') throw new Error(`nothing to measure: ${status.reason}`);
  const ours = await harness.page.evaluate(measure, {
    host,
    promotions: PROMOTIONS,
    rounds: ROUNDS,
    keystrokes: KEYSTROKES,
    streamBytes: STREAM_BYTES,
    files: TREE_FILES,
    fileBytes: TREE_FILE_BYTES,
  });
  const native: number[] = [];
  for (let round = 0; round < ROUNDS; round++) native.push(await spawnNative());
  const overSpawn = median(ours.spawnsMs) - median(native);
  return [
    row('enter-to-first-byte', 'ms', median(ours.promotionsMs), null, { atMost: 1500 }),
    row('next-command-over-local', 'ms', overSpawn, null, { atMost: 30 }),
    row('warm-upload-share', '%', (100 * ours.warmBytes) / (TREE_FILES * TREE_FILE_BYTES), null, { atMost: 1 }),
    // As time per megabyte, so that less is better: 50 MB/s is 20 ms.
    row('stdout-per-megabyte', 'ms', ours.msPerMegabyte, null, { atMost: 20 }),
    row('keystroke-echo-p95', 'ms', percentile(ours.echoesMs, 0.95), null, { atMost: 10 }),
  ];
}

interface Measured {
  promotionsMs: number[];
  spawnsMs: number[];
  echoesMs: number[];
  warmBytes: number;
  msPerMegabyte: number;
}

async function measure(options: {
  host: string;
  promotions: number;
  rounds: number;
  keystrokes: number;
  streamBytes: number;
  files: number;
  fileBytes: number;
}): Promise<Measured> {
  const { Runtime } = globalThis.verklet;
  type Booted = Awaited<ReturnType<typeof Runtime.boot>>;
  const boot = (key: string): Promise<Booted> => Runtime.boot({ backend: 'auto', previewHost: options.host, persistenceKey: key });
  const firstByte = async (runtime: Booted, argv: readonly string[]): Promise<number> => {
    const startedAt = performance.now();
    const process = await runtime.spawn(argv[0] as string, argv.slice(1));
    const reader = process.output.getReader();
    await reader.read();
    const ms = performance.now() - startedAt;
    for (let next = await reader.read(); !next.done; next = await reader.read());
    await process.exit;
    return ms;
  };
  const result: Measured = { promotionsMs: [], spawnsMs: [], echoesMs: [], warmBytes: 0, msPerMegabyte: 0 };

  for (let round = 0; round < options.promotions; round++) {
    const runtime = await boot(`bench-${Math.random()}`);
    await runtime.fs.mount({ 'a.c': 'int main(void){return 0;}', src: { 'b.js': 'b', 'c.js': 'c' } });
    result.promotionsMs.push(await firstByte(runtime, ['gcc', '--version']));
    await runtime.server?.demote();
    await runtime.dispose();
  }

  const key = `bench-tree-${Math.random()}`;
  const runtime = await boot(key);
  const tree: Record<string, Record<string, string>> = {};
  for (let index = 0; index < options.files; index++) {
    const folder = (tree[`d${index % 50}`] ??= {});
    let text = '';
    while (text.length < options.fileBytes) text += Math.random().toString(36);
    folder[`f${index}.txt`] = text.slice(0, options.fileBytes);
  }
  await runtime.fs.mount(tree);
  await firstByte(runtime, ['gcc', '--version']);
  for (let round = 0; round < options.rounds; round++) result.spawnsMs.push(await firstByte(runtime, ['/bin/echo', 'x']));

  const startedAt = performance.now();
  const flood = await runtime.spawn('head', ['-c', String(options.streamBytes), '/dev/zero']);
  let got = 0;
  const reader = flood.output.getReader();
  for (let next = await reader.read(); !next.done; next = await reader.read()) got += next.value.byteLength;
  await flood.exit;
  if (got !== options.streamBytes) throw new Error(`${got} bytes of output arrived`);
  result.msPerMegabyte = (performance.now() - startedAt) / (options.streamBytes / 1e6);

  const cat = await runtime.spawn('cat', [], { terminal: { columns: 80, rows: 24 } });
  const keys = cat.input.getWriter();
  const screen = cat.output.getReader();
  await new Promise((resolve) => setTimeout(resolve, 500));
  for (let round = 0; round < options.keystrokes; round++) {
    const typedAt = performance.now();
    await keys.write(new TextEncoder().encode('k'));
    await screen.read();
    result.echoesMs.push(performance.now() - typedAt);
  }
  cat.kill('SIGKILL');

  // The same tree again, in a new session of the same workspace: the server has everything but the one edited file.
  await runtime.server?.demote();
  await runtime.fs.writeFile('d0/f0.txt', 'edited');
  await firstByte(runtime, ['gcc', '--version']);
  for (const diagnostic of runtime.diagnostics.list())
    if (diagnostic.type === 'promotion-finished') result.warmBytes = diagnostic.sentBytes;
  await runtime.server?.demote();
  await runtime.dispose();
  return result;
}

function spawnNative(): Promise<number> {
  const startedAt = performance.now();
  return new Promise((resolve, reject) => {
    const child = spawn('/bin/echo', ['x'], { stdio: ['ignore', 'pipe', 'ignore'] });
    child.on('error', reject);
    child.stdout.once('data', () => resolve(performance.now() - startedAt));
  });
}
