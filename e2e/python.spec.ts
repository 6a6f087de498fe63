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
