// Streams, signals and job control: pipelines of real processes, Ctrl-C, Ctrl-Z, fg and bg, full-screen programs.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { TestTerminal } from './terminal.fixture.ts';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const CTRL_Z = '\u001a';

let harness: Harness;
test.beforeAll(async () => {
  harness = await launchRuntime();
});
test.afterAll(() => harness.close());

const sh = (script: string, options: Parameters<Harness['spawn']>[2] = {}) =>
  harness.spawn('sh', ['-c', script], { timeoutMs: 30_000, ...options });

test('the first line of a slow pipeline arrives before the last is written', async () => {
  const arrivals: { text: string; atMs: number }[] = [];
  await sh('(echo a; sleep 1; echo b) | cat', {
    onOutput: (_stream, bytes) => arrivals.push({ text: bytes.toString(), atMs: performance.now() }),
  });
  expect(arrivals.map(({ text }) => text)).toEqual(['a\n', 'b\n']);
  expect((arrivals[1]?.atMs ?? 0) - (arrivals[0]?.atMs ?? 0)).toBeGreaterThan(600);
});

test('lines pass through filters as they come', async () => {
  const first = Promise.withResolvers<string>();
  const running = sh('(echo one; sleep 2; echo two) | grep o | sed s/o/0/', {
    onOutput: (_stream, bytes) => first.resolve(bytes.toString()),
  });
  expect(await first.promise).toBe('0ne\n');
  expect((await running).stdout.toString()).toBe('0ne\ntw0\n');
});

test('yes | head -1 ends', async () => {
  const { stdout, code, timedOut } = await sh('yes | head -1');
  expect({ stdout: stdout.toString(), code, timedOut }).toEqual({ stdout: 'y\n', code: 0, timedOut: false });
});

test('100 MB go through a pipe in bounded memory', async () => {
  const { stdout } = await sh('yes | head -c 100000000 | cat | wc -c');
  expect(stdout.toString().trim()).toBe('100000000');
  // A ring of 64 KiB lies between two processes: what is in flight is small by construction, and nothing stays behind.
  const after = await sh("df | awk 'NR==2 {print $3}'");
  expect(Number(after.stdout.toString())).toBeLessThan(64 * 1024);
});

test('a signal ends every process of a pipeline', async () => {
  const { stdout } = await sh('sleep 30 | cat & sleep 0.3; kill $!; wait $!; echo "status $?"; sleep 0.2; ps | grep -c "sleep" ');
  expect(stdout.toString()).toContain('status 143');
});

test('a known Linux command is refused with a code and the reason', async () => {
  for (const command of ['apt', 'gcc', 'docker', 'uv', 'make', 'go', 'cargo']) {
    const { stderr, code } = await sh(`${command} --version`);
    expect(stderr.toString()).toContain('needs a server session');
    expect(stderr.toString()).toContain('ERR_SERVER_NOT_CONFIGURED');
    expect(code).toBe(127);
  }
});

test.describe('at a terminal', () => {
  let terminal: TestTerminal;
  test.beforeAll(async () => {
    terminal = await TestTerminal.open(harness.page);
    await terminal.shows('❯');
  });

  test('Ctrl-C ends a pipeline and the shell goes on', async () => {
    await terminal.type('yes | cat > /dev/null\r');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await terminal.type(CTRL_C);
    await terminal.shows('❯');
    await terminal.type('echo "status $?"\r');
    await terminal.shows('status 130');
  });

  test('Ctrl-C ends a loop of the shell itself', async () => {
    await terminal.type('while :; do :; done\r');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await terminal.type(CTRL_C);
    await terminal.shows('❯');
  });

  test('Ctrl-Z stops a job, bg and fg continue it', async () => {
    await terminal.type('sleep 3; echo never\r');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await terminal.type(CTRL_Z);
    await terminal.shows('Stopped');
    await terminal.shows('❯');
    await terminal.type('jobs\r');
    expect(await terminal.shows('sleep 3')).toContain('Stopped');
    await terminal.type('bg\r');
    await terminal.shows('sleep 3 &');
    await terminal.type('fg\r');
    await terminal.shows('❯', 15_000);
    await terminal.type('jobs; echo end\r');
    expect(await terminal.shows('end\r\n')).not.toContain('sleep');
  });

  test('a background job reports its end', async () => {
    await terminal.type('sleep 0.2 &\r');
    await terminal.shows('[1]');
    await new Promise((resolve) => setTimeout(resolve, 700));
    await terminal.type('\r');
    await terminal.shows('Done');
  });

  test('cat reads typed lines until Ctrl-D', async () => {
    await terminal.type('cat\r');
    await new Promise((resolve) => setTimeout(resolve, 500));
    await terminal.type('hello\r');
    await terminal.shows('hello\r\nhello');
    await terminal.type(CTRL_D);
    await terminal.shows('❯');
  });

  test('history, search in it, and completion', async () => {
    await terminal.type('echo first-command\r');
    await terminal.shows('❯');
    await terminal.type('\u001b[A\r');
    await terminal.shows('first-command\r\n');
    await terminal.type('\u0012first\r');
    await terminal.shows('first-command\r\n');
    await terminal.type('mkdir -p some-folder\r');
    await terminal.shows('❯');
    await terminal.type('cd some-f\t\r');
    await terminal.shows('some-folder/');
    await terminal.type('pwd; cd -\r');
    await terminal.shows('/workdir/some-folder');
  });

  test('less is a full-screen program', async () => {
    await terminal.type('seq 100 | less\r');
    await terminal.shows('\u001b[?1049h');
    await terminal.shows('23');
    await terminal.type('G');
    await terminal.shows('(END)');
    await terminal.type('/^50\r');
    await terminal.shows('50');
    await terminal.type('q');
    await terminal.shows('\u001b[?1049l');
  });

  test('the window has a title, and the prompt the folder', async () => {
    await terminal.type('cd /tmp\r');
    expect(await terminal.shows('❯')).toContain('\u001b]0;/tmp\u0007');
  });

  test('a password is not shown', async () => {
    await terminal.type('read -s secret; echo "got $secret"\r');
    await new Promise((resolve) => setTimeout(resolve, 300));
    await terminal.type('hush\r');
    const shown = await terminal.shows('got hush');
    expect(shown.replace('got hush', '')).not.toContain('hush');
  });

  test('exit ends the terminal with its code', async () => {
    await terminal.type('exit 3\r');
    expect(await terminal.ended()).toBe(3);
  });
});
