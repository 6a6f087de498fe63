// Boot and dispose leave nothing behind; a spinning process does not stall the page; the article's snippet runs.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';

let harness: Harness;
test.beforeAll(async () => {
  harness = await launchRuntime();
});
test.afterAll(() => harness.close());

test('the snippet of the introduction boots a runtime and runs Node', async () => {
  const result = await harness.page.evaluate(async (port) => {
    const { Runtime } = globalThis.verklet;
    const runtime = await Runtime.boot({
      projectId: 'prj_demo',
      backend: 'auto',
      persistenceKey: 'hybrid-workspace',
      previewHost: `preview.verklet.localhost:${port}`,
    });
    const process = await runtime.spawn('node', ['-p', 'process.version + " " + process.cwd()']);
    const output = await new Response(process.output).text();
    const status = await process.exit;
    await runtime.dispose();
    return { output, code: status.code };
  }, harness.server.port);
  expect(result).toEqual({ output: 'v24.12.0 /workdir\n', code: 0 });
});

test('asking for the server without one is a coded refusal', async () => {
  const code = await harness.page.evaluate(async (port) => {
    try {
      await globalThis.verklet.Runtime.boot({
        backend: 'server',
        previewHost: `preview.verklet.localhost:${port}`,
        server: { url: 'http://127.0.0.1:9' },
      });
      return 'booted';
    } catch (error) {
      return (error as { code?: string }).code;
    }
  }, harness.server.port);
  expect(code).toBe('ERR_NO_DRIVER');
});

test('the page does not stall while a process spins', async () => {
  const worstMs = await harness.page.evaluate(async () => {
    const process = await globalThis.harnessRuntime.spawn('node', ['-e', 'for (;;);']);
    let worst = 0;
    let last = performance.now();
    const until = last + 2000;
    while (last < until) {
      await new Promise((resolve) => setTimeout(resolve, 5));
      const now = performance.now();
      worst = Math.max(worst, now - last - 5);
      last = now;
    }
    process.kill('SIGKILL');
    await process.exit;
    return worst;
  });
  expect(worstMs).toBeLessThan(20);
});

test('twenty boots and disposals leave no frame, worker or lock behind', async () => {
  const left = await harness.page.evaluate(async (port) => {
    const { Runtime } = globalThis.verklet;
    const frames = document.querySelectorAll('iframe').length;
    for (let round = 0; round < 20; round++) {
      const runtime = await Runtime.boot({ backend: 'browser', previewHost: `preview.verklet.localhost:${port}` });
      const process = await runtime.spawn('node', ['-e', '0']);
      await process.exit;
      await runtime.dispose();
    }
    return document.querySelectorAll('iframe').length - frames;
  }, harness.server.port);
  expect(left).toBe(0);
  // Workers appear as targets; only those of the harness's own runtime may remain.
  await expect.poll(() => workersOfOtherRuntimes(harness), { timeout: 15_000 }).toBe(0);
});

async function workersOfOtherRuntimes({ page }: Harness): Promise<number> {
  const own = await page.evaluate(() => document.querySelector('iframe')?.src ?? '');
  // The page's own store worker is shared by all its runtimes.
  const kept = [new URL(own).host, new URL(page.url()).host];
  return page.workers().filter((worker) => !kept.includes(new URL(worker.url()).host)).length;
}
