// Python: starts from the snapshot and from a waiting worker against a plain boot, files against Emscripten's own, pip, http.server.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchRuntime, type Harness } from '../../e2e/harness.ts';
import { startPackageIndex } from '../../e2e/python/package-index.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 5;
/** Gives the pool time to have a booted worker again, as between two commands of a person. */
const REST_MS = 1500;
const REQUESTS = 50;
const FLASK = ['flask', 'werkzeug', 'jinja2', 'markupsafe', 'click', 'itsdangerous', 'blinker'];

/** Seconds of reading and of stat, 2,000 files each, in a folder; twice, the second counts. */
const FILES = `
import os, sys, time
folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
names = [f"{folder}/f{i}" for i in range(2000)]
for name in names:
    with open(name, "w") as f: f.write("x" * 200)
for _ in range(2):
    start = time.perf_counter()
    for name in names:
        with open(name, "rb") as f: f.read()
    read = time.perf_counter() - start
    start = time.perf_counter()
    for name in names: os.stat(name)
    stat = time.perf_counter() - start
print(read * 1000, stat * 1000)
`;

export async function rows(): Promise<BenchRow[]> {
  await using index = await startPackageIndex();
  const hasFlask = index.addInstalled(FLASK);
  const cacheFolder = mkdtempSync(path.join(tmpdir(), 'verklet-bench-'));
  await using harness = await launchRuntime({ server: { pythonIndex: index.url, pythonPackages: '', cacheFolder } });
  await harness.spawn('python3', ['-c', 'pass']);
  const [warm, cold, plain]: number[][] = [[], [], []];
  for (let round = 0; round < ROUNDS; round++) {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    // Two at once: the first takes the waiting worker, the second restores its own.
    const [first, second] = await harness.page.evaluate(startTwo);
    warm?.push(first);
    cold?.push(second);
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    plain?.push(await timed(() => harness.spawn('python3', ['-E', '-c', 'pass'])));
  }
  const result = [
    row('snapshot-start-to-exit', 'ms', median(cold ?? []), median(plain ?? []), { atMostRatio: 0.25 }),
    row('warm-start-to-exit', 'ms', median(warm ?? []), null, { atMost: 60 }),
    ...(await fileRows(harness)),
    row('http-server-request', 'ms', await requestTime(harness), null, { atMost: 10 }),
  ];
  if (!hasFlask) console.log('pip-install-flask is left out: this machine’s Python has no Flask to pack as wheels.');
  else {
    await new Promise((resolve) => setTimeout(resolve, REST_MS));
    result.push(row('pip-install-flask', 'ms', await timed(() => install(harness)), null, { atMost: 5000 }));
    await harness.spawn('pip', ['uninstall', '-y', ...FLASK]);
    await harness.page.context().setOffline(true);
    result.push(row('pip-install-flask-offline', 'ms', await timed(() => install(harness)), null, { atMost: 3000 }));
  }
  return result;
}

async function install(harness: Harness): Promise<void> {
  const { code, stderr } = await harness.spawn('pip', ['install', 'flask']);
  if (code !== 0) throw new Error(`pip install flask ended with ${code}: ${stderr.toString()}`);
}

async function fileRows(harness: Harness): Promise<BenchRow[]> {
  const measure = async (folder: string): Promise<number[]> => {
    const { stdout } = await harness.spawn('python3', ['-c', FILES, folder]);
    return stdout.toString().trim().split(' ').map(Number);
  };
  // The interpreter's own tree is Emscripten's in-memory file system.
  const [[read = NaN, stat = NaN], [memoryRead = NaN, memoryStat = NaN]] = [
    await measure('/workdir/files'),
    await measure('/lib/python3.14/bench'),
  ];
  return [
    row('read-2000-files', 'ms', read, memoryRead, { atMostRatio: 5 }),
    row('stat-2000-files', 'ms', stat, memoryStat, { atMostRatio: 1.5 }),
  ];
}

async function requestTime(harness: Harness): Promise<number> {
  await harness.fs.writeFile('/workdir/index.html', '<p>hello</p>');
  return median(
    await harness.page.evaluate(async (count) => {
      const process = await globalThis.harnessRuntime.spawn('python3', ['-m', 'http.server', '8000']);
      await globalThis.harnessRuntime.ports.waitFor(8000);
      const times: number[] = [];
      for (let request = 0; request < count; request++) {
        const startedAt = performance.now();
        await (await globalThis.harnessRuntime.fetchPreview(8000, '/')).text();
        times.push(performance.now() - startedAt);
      }
      process.kill('SIGKILL');
      await process.exit;
      return times;
    }, REQUESTS),
  );
}

async function startTwo(): Promise<[number, number]> {
  const once = async (): Promise<number> => {
    const startedAt = performance.now();
    const process = await globalThis.harnessRuntime.spawn('python3', ['-c', 'pass']);
    const status = await process.exit;
    if (status.code !== 0) throw new Error(`python3 -c pass ended with ${status.code}`);
    return performance.now() - startedAt;
  };
  return Promise.all([once(), once()]);
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work();
  return performance.now() - startedAt;
}
