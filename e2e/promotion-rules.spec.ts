// What an embedder sets: everything on the server, what happens to running programs, one owner on two devices, no server.
import { expect, test } from 'playwright/test';
import type { RunningRule } from '@verklet/sdk';
import { readConfig } from '../server/config.ts';
import { launchRuntime, type Harness } from './harness.ts';

let harness: Harness;
let unavailable = '';
test.beforeAll(async () => {
  harness = await launchRuntime();
  const status = await harness.server.sessions.status();
  if (status.sessions === 'unavailable') unavailable = `no sessions here: ${status.reason}`;
});
test.afterAll(() => harness.close());
test.beforeEach(() => {
  test.skip(unavailable !== '' && !test.info().title.startsWith('without'), unavailable);
});

const previewHost = (): string => `preview.verklet.localhost:${harness.server.port}`;

test('backend server: what the tab could run runs in the session, too', async () => {
  const said = await harness.page.evaluate(async (host) => {
    const runtime = await globalThis.verklet.Runtime.boot({
      backend: 'server',
      previewHost: host,
      persistenceKey: `rules-${Math.random()}`,
    });
    await runtime.fs.writeFile('a.txt', 'from the tab');
    const process = await runtime.spawn('node', ['-p', "require('os').hostname() + ' ' + require('fs').readFileSync('a.txt', 'utf8')"]);
    const output = await new Response(process.output).text();
    const { host: where } = runtime.capabilities;
    await runtime.server?.demote();
    await runtime.dispose();
    return { output, where };
  }, previewHost());
  expect(said).toEqual({ output: 'verklet from the tab\n', where: 'server' });
});

const rules: Record<RunningRule, { readonly lines: RegExp; readonly signal: string | null }> = {
  continue: { lines: /^(?:tab\n)+$/, signal: 'SIGKILL' },
  restart: { lines: /^(?:tab\n)+(?:server\n)+$/, signal: 'SIGKILL' },
  stop: { lines: /^(?:tab\n)+$/, signal: 'SIGTERM' },
};
for (const [rule, expected] of Object.entries(rules) as [RunningRule, (typeof rules)[RunningRule]][]) {
  test(`a program that runs when the session begins: ${rule}`, async () => {
    const said = await harness.page.evaluate(
      async ([host, running]) => {
        const runtime = await globalThis.verklet.Runtime.boot({
          previewHost: host,
          persistenceKey: `rules-${Math.random()}`,
          server: { running },
        });
        // A box has control groups; the tab's /proc has none.
        const where = `setInterval(() => console.log(require('fs').existsSync('/proc/self/cgroup') ? 'server' : 'tab'), 50)`;
        const process = await runtime.spawn('node', ['-e', where]);
        let text = '';
        const reading = process.output.pipeTo(new WritableStream({ write: (bytes) => void (text += new TextDecoder().decode(bytes)) }));
        const saw = async (part: string): Promise<void> => {
          for (let tries = 0; tries < 200 && !text.includes(part); tries++) await new Promise((resolve) => setTimeout(resolve, 50));
        };
        await saw('tab\n');
        await runtime.server?.promote();
        if (running === 'restart') await saw('server\n');
        else await new Promise((resolve) => setTimeout(resolve, 500));
        process.kill('SIGKILL');
        const { signal } = await process.exit;
        await reading;
        await runtime.server?.demote();
        await runtime.dispose();
        return { text, signal };
      },
      [previewHost(), rule] as const,
    );
    expect(said.text).toMatch(expected.lines);
    expect(said.signal).toBe(expected.signal);
  });
}

test('another device of the same owner goes on where the first one was', async () => {
  const grant = (): Promise<string> => harness.server.sessions.grants.signBoot({ owner: 'alice', workspace: 'shared' });
  const boot = { host: previewHost(), key: 'first-device', token: await grant() };
  await harness.page.evaluate(async ({ host, key, token }) => {
    const runtime = await globalThis.verklet.Runtime.boot({ previewHost: host, persistenceKey: key, server: { grant: token } });
    await runtime.fs.mount({ src: { 'a.c': 'int main(void){return 0;}' } });
    const process = await runtime.spawn('gcc', ['src/a.c', '-o', 'made']);
    await process.exit;
    await runtime.dispose();
  }, boot);
  // Another browser context is another device: other storage, another installation.
  const context = await harness.page.context().browser()?.newContext();
  const page = (await context?.newPage()) ?? (await harness.page.context().newPage());
  await page.goto(harness.page.url());
  await page.waitForFunction(() => 'verklet' in globalThis);
  const names = await page.evaluate(
    async ({ host, key, token }) => {
      const runtime = await globalThis.verklet.Runtime.boot({ previewHost: host, persistenceKey: key, server: { grant: token } });
      await runtime.server?.promote();
      const found = [...(await runtime.fs.readdir('.')), ...(await runtime.fs.readdir('src'))];
      await runtime.server?.demote();
      await runtime.dispose();
      return found;
    },
    { ...boot, key: 'second-device', token: await grant() },
  );
  expect(names.sort()).toEqual(['a.c', 'made', 'src']);
  await page.close();
  await context?.close();
});

test('without an engine or namespaces the product works in the browser, and says what is missing', async () => {
  const { sessions } = readConfig();
  await using alone = await launchRuntime({
    server: { sessions: { ...sessions, driver: 'docker', docker: { ...sessions.docker, host: '/nowhere/docker.sock' } } },
  });
  const said = await alone.page.evaluate(async (host) => {
    const runtime = await globalThis.verklet.Runtime.boot({ previewHost: host });
    const run = async (command: string, args: string[]): Promise<string> => {
      const process = await runtime.spawn('sh', ['-c', [command, ...args].join(' ')]);
      const [output, errors] = await Promise.all([new Response(process.output).text(), new Response(process.errors).text()]);
      return output + errors;
    };
    const inTab = await run('node', ['-p', '6*7']);
    while (runtime.server?.state.type !== 'unavailable') await new Promise((resolve) => setTimeout(resolve, 20));
    const refused = await run('gcc', ['x.c']);
    const { state } = runtime.server;
    await runtime.dispose();
    return { inTab, refused, reason: state.reason };
  }, `preview.verklet.localhost:${alone.server.port}`);
  expect(said.inTab).toBe('42\n');
  expect(said.refused).toContain('ERR_SERVER_NOT_CONFIGURED');
  expect(said.reason).toContain('no engine answers at /nowhere/docker.sock');
});
