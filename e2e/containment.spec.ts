// User code against the app's origin: from a process, from a preview page, from a hostile bridge. All must be refused.
import { expect, test, type Frame, type Page } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';

let harness: Harness;
let secretPage: Page;

test.beforeAll(async () => {
  harness = await launchRuntime();
  // The embedding page's own origin stands for the app: it holds secrets of every kind.
  secretPage = harness.page;
  await secretPage.evaluate(async () => {
    document.cookie = 'secret=1';
    localStorage.setItem('secret', '1');
    await (await caches.open('secret')).put('/secret', new Response('1'));
    const root = await navigator.storage.getDirectory();
    await root.getFileHandle('secret.txt', { create: true });
    await new Promise((resolve, reject) => {
      const request = indexedDB.open('secret', 1);
      request.onsuccess = resolve;
      request.onerror = reject;
    });
  });
});
test.afterAll(() => harness.close());

const probe = `
  const out = {};
  const scope = (0, eval)('this');
  out.origin = String(scope.location?.origin ?? scope.origin ?? 'none');
  out.storage = await Promise.resolve().then(async () => [...(await toArray((await scope.navigator.storage.getDirectory()).keys()))].includes('secret.txt')).catch(() => false);
  out.caches = await Promise.resolve().then(async () => (await scope.caches.keys()).includes('secret')).catch(() => false);
  out.databases = await Promise.resolve().then(async () => (await scope.indexedDB.databases()).some((entry) => entry.name === 'secret')).catch(() => false);
  out.cookie = String(scope.document?.cookie ?? '').includes('secret=1');
  async function toArray(source) { const all = []; for await (const item of source) all.push(item); return all; }
`;

test('a process finds nothing of the embedding origin', async () => {
  await harness.fs.writeFile('/workdir/probe.mjs', `${probe}\nconsole.log(JSON.stringify(out));`);
  const result = await harness.spawn('node', ['probe.mjs']);
  expect(result.stderr.toString()).toBe('');
  const found = JSON.parse(result.stdout.toString());
  expect(found).toMatchObject({ storage: false, caches: false, databases: false, cookie: false });
  expect(found.origin).not.toBe(new URL(secretPage.url()).origin);
});

test('a preview page finds nothing of it, cannot read its DOM and cannot navigate it away', async () => {
  const frame = await openPreview();
  const found = await frame.evaluate(`(async () => {
    ${probe}
    try { out.dom = String(parent.document.title); } catch (error) { out.dom = error.name; }
    try { top.location.href = 'about:blank'; out.navigated = true; } catch (error) { out.navigated = error.name; }
    return out;
  })()`);
  expect(found).toMatchObject({
    storage: false,
    caches: false,
    databases: false,
    cookie: false,
    dom: 'SecurityError',
    navigated: 'SecurityError',
  });
  expect(secretPage.url()).toContain('console.html');
});

test('a forged message from a preview page changes nothing', async () => {
  const frame = await openPreview();
  await frame.evaluate(() => {
    const { port1 } = new MessageChannel();
    for (const type of ['frame-ready', 'need-port', 'connect-runtime', 'attach-preview']) {
      parent.postMessage({ type, protocolVersion: 1, isolation: 'none' }, '*', []);
      for (let i = 0; i < parent.frames.length; i++) parent.frames[i]?.postMessage({ type, protocolVersion: 1 }, '*', []);
    }
    port1.close();
  });
  const result = await harness.spawn('node', ['-p', '1 + 1']);
  expect(result.stdout.toString()).toBe('2\n');
});

test('the runtime frame does not answer a parent that is not on the list', async () => {
  const frameUrl = await secretPage.evaluate(() => document.querySelector('iframe')?.src ?? '');
  const stranger = await harness.page.context().newPage();
  // Same server, but a host that is a preview, not an allowed parent.
  await stranger.goto(new URL('/__verklet/NODE-LICENSE.txt', frameUrl).href);
  const outcome = await stranger.evaluate(async (url) => {
    const frame = document.createElement('iframe');
    frame.src = url.replace(/\/\/[a-z2-7]+\./, '//zzzzzzzzzzzzzzzzzzzzzzzzzz.');
    document.body.append(frame);
    return new Promise((resolve) => {
      addEventListener('message', (event) => resolve(event.data?.type));
      setTimeout(() => resolve('silence'), 3000);
    });
  }, frameUrl);
  expect(['silence', 'frame-failed']).toContain(outcome);
  await stranger.close();
});

async function openPreview(): Promise<Frame> {
  const url = await secretPage.evaluate(async () => {
    const runtime = globalThis.harnessRuntime;
    if (!runtime.ports.list().some((open) => open.port === 3100)) {
      await runtime.fs.writeFile(
        'page.cjs',
        "require('http').createServer((q, r) => r.writeHead(200, { 'content-type': 'text/html' }).end('<title>page</title>')).listen(3100)",
      );
      void runtime.spawn('node', ['page.cjs']);
      await runtime.ports.waitFor(3100);
      document.body.append(runtime.preview(3100).createFrame('/'));
    }
    return runtime.preview(3100).url;
  });
  const origin = new URL(url).origin;
  const find = (): Frame | undefined =>
    secretPage.frames().find((frame) => frame.url().startsWith(origin) && !frame.url().includes('/__verklet/'));
  await expect
    .poll(
      async () =>
        (await find()
          ?.title()
          .catch(() => '')) ?? '',
      { timeout: 20_000 },
    )
    .toBe('page');
  const frame = find();
  if (!frame) throw new Error('the preview frame is gone');
  return frame;
}
