// What Python in the tab cannot do is found before it runs, and named: by explain, by the program itself, by pip.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { startPackageIndex, type PackageIndex } from './python/package-index.ts';

let harness: Harness;
let index: PackageIndex;
test.beforeAll(async () => {
  index = await startPackageIndex();
  index.addWheel('greeting', '1.0', { 'greeting.py': 'x = 1\n' });
  index.addWheel('upon', '1.0', { 'upon.py': 'x = 1\n' }, { requires: ['natty'] });
  index.addFile('natty-1.0-cp314-cp314-manylinux_2_17_x86_64.whl', new Uint8Array(4));
  harness = await launchRuntime({ server: { pythonIndex: index.url, pythonPackages: '' } });
});
test.afterAll(async () => {
  await harness.close();
  await index[Symbol.asyncDispose]();
});

const explain = (command: string) => harness.page.evaluate((line) => globalThis.harnessRuntime.explain(line), command);

test('explain names the reason by command, requirement and source, and starts nothing', async () => {
  const cases: [source: string, code: string][] = [
    ['import multiprocessing as mp\nif __name__ == "__main__":\n    with mp.Pool(2) as pool: print(pool.map(abs, [-1]))\n', 'python.fork'],
    ['from concurrent.futures import ProcessPoolExecutor\nwith ProcessPoolExecutor() as pool: pass\n', 'python.fork'],
    ['import torch\nprint(torch.zeros(2))\n', 'python.native-wheel'],
    ['import ctypes\nctypes.CDLL("libm.so.6")\n', 'python.native-library'],
    ['import tkinter\n', 'python.display'],
    ['# /// script\n# dependencies = ["psutil>=5"]\n# ///\nprint("touched nothing")\n', 'python.native-wheel'],
  ];
  for (const [source, code] of cases) {
    await harness.fs.writeFile('/workdir/app.py', source);
    expect(await explain('python3 app.py'), source).toMatchObject({ host: 'nowhere', code });
  }
  await harness.fs.writeFile('/workdir/app.py', 'import beside\n');
  await harness.fs.writeFile('/workdir/beside.py', 'import os\ndef work():\n    return os.fork()\n');
  expect(await explain('python3 app.py')).toEqual({
    host: 'nowhere',
    code: 'python.fork',
    reason: 'os.fork needs a server session (it starts processes with fork), and no server is configured',
  });
  expect(await explain('poetry install')).toMatchObject({ host: 'nowhere', code: 'python.tool-needs-server' });
  expect(await explain('pip install natty')).toMatchObject({ host: 'nowhere', code: 'python.native-wheel' });
});

test('what a program can do without is no reason', async () => {
  const source =
    'try:\n    import torch\nexcept ImportError:\n    torch = None\nimport multiprocessing\nprint(multiprocessing.cpu_count(), torch)\n';
  await harness.fs.writeFile('/workdir/app.py', source);
  expect(await explain('python3 app.py')).toMatchObject({ host: 'browser' });
  expect((await harness.spawn('python3', ['app.py'])).stdout.toString()).toBe('1 None\n');
  await harness.fs.writeFile('/workdir/app.py', '# /// script\n# dependencies = ["greeting"]\n# ///\n');
  expect(await explain('python3 app.py')).toMatchObject({ host: 'browser', code: 'python.missing-module' });
  expect(await explain('pip install greeting')).toMatchObject({ host: 'browser' });
});

test('without a server the program runs until it gets there, and a diagnostic says the code before', async () => {
  await harness.fs.writeFile('/workdir/app.py', 'import os\nprint("before")\nos.fork()\n');
  await harness.page.evaluate(() => {
    const seen: string[] = [];
    Object.assign(globalThis, { seen });
    globalThis.harnessRuntime.diagnostics.on((event) => {
      if (event.type === 'unsupported-call') seen.push(event.name);
    });
  });
  const { code, stdout, stderr } = await harness.spawn('python3', ['app.py']);
  expect([code, stdout.toString()]).toEqual([1, 'before\n']);
  expect(stderr.toString()).toContain('fork needs a server session (python.fork)');
  const seen = await harness.page.evaluate(() => (globalThis as unknown as { seen: string[] }).seen);
  expect(seen.join()).toContain('python.fork: os.fork');
});

test('pip says it before it installs anything, for what was asked and for what that needs', async () => {
  for (const name of ['natty', 'upon']) {
    const { code, stderr } = await harness.spawn('pip', ['install', 'greeting', name]);
    expect(code).toBe(1);
    expect(stderr.toString()).toContain('natty needs a server session: it has no files that run in the tab, but natty-1.0-cp314');
    expect(stderr.toString()).toContain('(python.native-wheel)');
    expect((await harness.spawn('pip', ['list'])).stdout.toString()).not.toContain('greeting');
  }
});

test('with a server at hand it moves there: found before it runs, or met before it did anything', async () => {
  const status = await harness.server.sessions.status();
  test.skip(status.sessions === 'unavailable', `no sessions here: ${status.reason}`);
  test.setTimeout(120_000);
  const forks = 'import os, sys\npid = os.fork()\nif pid == 0: os._exit(0)\nos.waitpid(pid, 0)\nprint(sys.platform, "forked")\n';
  // A name that no look into the source can follow.
  const hidden = 'import os\nprint("lost", end="")\ngetattr(os, "fo" + "rk")() or os._exit(0)\nos.wait()\nprint("kept")\n';
  const written = 'import os\nprint("said", flush=True)\ngetattr(os, "fo" + "rk")()\n';
  const results = await harness.page.evaluate(
    async ({ host, files }) => {
      const boot = { backend: 'auto', previewHost: host, persistenceKey: `boundary-${Math.random()}` } as const;
      const run = async (source: string) => {
        const runtime = await globalThis.verklet.Runtime.boot(boot);
        await runtime.fs.writeFile('/workdir/app.py', source);
        const explanation = await runtime.explain('python3 app.py');
        const process = await runtime.spawn('python3', ['app.py']);
        const text = async (stream: ReadableStream<Uint8Array>): Promise<string> => new Response(stream as BodyInit).text();
        const [out, err, exit] = await Promise.all([text(process.output), text(process.errors), process.exit]);
        const hosts = runtime.diagnostics
          .list()
          .flatMap((event) => (event.type === 'process-started' && event.command === 'python3 app.py' ? [event.host] : []));
        await runtime.server?.demote();
        await runtime.dispose();
        return { explanation, out, err, code: exit.code, hosts };
      };
      const found = [];
      for (const source of files) found.push(await run(source));
      return found;
    },
    { host: `preview.verklet.localhost:${harness.server.port}`, files: [forks, hidden, written] },
  );
  expect(results[0]).toMatchObject({ explanation: { host: 'server', code: 'python.fork' }, out: 'linux forked\n', code: 0 });
  expect(results[1]).toMatchObject({ out: 'lostkept\n', code: 0, hosts: ['browser', 'server'] });
  expect(results[2]).toMatchObject({ out: 'said\n', code: 1, hosts: ['browser'] });
  expect(results[2]?.err).toContain('python.fork');
});
