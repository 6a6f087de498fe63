// Python in the tab, as a user meets it: command lines, files shared with Node, blocking input, Ctrl-C, child processes.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness, type SpawnedResult } from './harness.ts';

let harness: Harness;
test.beforeAll(async () => void (harness = await launchRuntime()));
test.afterAll(() => harness.close());

/** Runs `python3`, and gives text instead of bytes. */
async function python(
  args: readonly string[],
  stdin = '',
): Promise<{ code: number | null; signal: string | null; out: string; err: string }> {
  return asText(await harness.spawn('python3', args, { stdin, timeoutMs: 30_000 }));
}

function asText({ code, signal, stdout, stderr }: SpawnedResult) {
  return { code, signal, out: stdout.toString(), err: stderr.toString() };
}

test('-c, arguments, the current folder and exit codes', async () => {
  expect(await python(['-c', 'import sys, os; print(sys.argv, os.getcwd()); sys.exit(3)', 'a', 'b'])).toEqual({
    code: 3,
    signal: null,
    out: "['-c', 'a', 'b'] /workdir\n",
    err: '',
  });
});

test('an exception shows CPython’s traceback and ends with 1', async () => {
  await harness.fs.writeFile('/workdir/helper.py', 'def half(n):\n    return n / 0\n');
  await harness.fs.writeFile('/workdir/main.py', 'import helper\nprint("before")\nhelper.half(4)\n');
  const { code, out, err } = await python(['main.py']);
  expect({ code, out }).toEqual({ code: 1, out: 'before\n' });
  expect(err).toMatch(/^Traceback \(most recent call last\):\n {2}File "\/workdir\/main.py", line 3, in <module>\n {4}helper.half\(4\)/);
  expect(err).toMatch(/ZeroDivisionError: division by zero\n$/);
});

test('-m, a script from standard input, input() and start options', async () => {
  expect((await python(['-m', 'json.tool'], '{"a": [1]}')).out).toBe('{\n    "a": [\n        1\n    ]\n}\n');
  expect((await python([], 'print(6 * 7)\n')).out).toBe('42\n');
  expect((await python(['-c', 'print(input("name? "))'], 'Ada\n')).out).toBe('name? Ada\n');
  expect((await python(['-O', '-c', 'assert False; print("no asserts")'])).out).toBe('no asserts\n');
});

test('Python and Node see one tree and run each other', async () => {
  await harness.spawn('node', ['-e', 'require("fs").writeFileSync("/workdir/from-node.csv", "n\\n1\\n2\\n")']);
  const script = [
    'import csv, subprocess',
    'total = sum(int(row["n"]) for row in csv.DictReader(open("from-node.csv")))',
    'open("total.txt", "w").write(str(total))',
    'print(subprocess.check_output(["node", "-p", "require(`fs`).readFileSync(`total.txt`, `utf8`) * 2"], text=True), end="")',
  ].join('\n');
  expect((await python(['-c', script])).out).toBe('6\n');
});

test('Ctrl-C interrupts a busy loop and a sleep', async () => {
  for (const work of ['while True: pass', 'import time; time.sleep(60)', 'input()']) {
    const status = await harness.page.evaluate(async (code) => {
      const process = await globalThis.harnessRuntime.spawn('python3', ['-c', `print("ready", flush=True)\n${code}`]);
      const reader = process.output.getReader();
      await reader.read();
      process.kill('SIGINT');
      return process.exit;
    }, work);
    expect(status, work).toEqual({ code: null, signal: 'SIGINT' });
  }
});

test('http.server listens like a Node server: preview, Node, another Python, Ctrl-C', async () => {
  await harness.fs.writeFile('/workdir/index.html', '<h1>from Python</h1>');
  await harness.page.evaluate(async () => {
    const process = await globalThis.harnessRuntime.spawn('python3', ['-m', 'http.server', '8000']);
    await globalThis.harnessRuntime.ports.waitFor(8000);
    Object.assign(globalThis, { pythonServer: process });
  });
  const answer = await harness.fetchPreview(8000, '/');
  expect([answer.status, answer.headers['content-type'], answer.body.toString()]).toEqual([200, 'text/html', '<h1>from Python</h1>']);
  const fromNode = await harness.spawn('node', ['-e', 'fetch("http://localhost:8000").then(async (r) => console.log(await r.text()))']);
  expect(fromNode.stdout.toString()).toBe('<h1>from Python</h1>\n');
  const script = 'import urllib.request; print(urllib.request.urlopen("http://127.0.0.1:8000/").read().decode())';
  expect((await python(['-c', script])).out).toBe('<h1>from Python</h1>\n');
  const status = await harness.page.evaluate(() => {
    const { pythonServer } = globalThis as unknown as { pythonServer: { kill(signal: string): void; exit: Promise<unknown> } };
    pythonServer.kill('SIGINT');
    return pythonServer.exit;
  });
  expect(status).toEqual({ code: 0, signal: null });
  await expect(harness.fetchPreview(8000, '/')).rejects.toThrow(/ERR_NO_SUCH_PORT|Nothing listens/);
});

test('asyncio runs CPython’s own selector loop: streams, sleep, a signal handler', async () => {
  const script = `
import asyncio, os, signal
async def echo(reader, writer):
    writer.write((await reader.readline()).upper())
    await writer.drain()
    writer.close()
async def main():
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    reader, writer = await asyncio.open_connection("127.0.0.1", server.sockets[0].getsockname()[1])
    writer.write(b"hello\\n")
    print(type(asyncio.get_running_loop()).__name__, await reader.read())
    writer.close()
    done = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGUSR1, done.set)
    os.kill(os.getpid(), signal.SIGUSR1)
    await asyncio.wait_for(done.wait(), 5)
    print("signalled")
asyncio.run(main())
`;
  const { out, err } = await python(['-c', script]);
  expect({ out, err }).toEqual({ out: "_UnixSelectorEventLoop b'HELLO\\n'\nsignalled\n", err: '' });
});

test('the interactive interpreter keeps history and survives Ctrl-C', async () => {
  const screen = await harness.page.evaluate(async () => {
    const process = await globalThis.harnessRuntime.spawn('python3', ['-q'], { terminal: { columns: 80, rows: 24 } });
    const writer = process.input.getWriter();
    const reader = process.output.getReader();
    let text = '';
    const show = async (expected: string): Promise<void> => {
      while (!text.includes(expected)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended before ${expected}: ${text}`);
        text += new TextDecoder().decode(value);
      }
      text = text.slice(text.indexOf(expected) + expected.length);
    };
    const type = (keys: string): Promise<void> => writer.write(new TextEncoder().encode(keys));
    await show('>>> ');
    await type('print(98000 + 765)\r');
    await show('98765');
    await show('>>> ');
    // Up, as a terminal in application mode sends it: the line again.
    await type('\u001bOA\r');
    await show('98765');
    await type('exec("print(43 * 1000 + 210, flush=True)\\nwhile True: pass")\r');
    await show('43210');
    await type('\u0003');
    await show('KeyboardInterrupt');
    await show('>>> ');
    await type('import sys; sys.exit(7)\r');
    return process.exit;
  });
  expect(screen).toEqual({ code: 7, signal: null });
});
