// Where workspaces are kept when the browser gives less than usual: no private files, no database, no room.
import { expect, test, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

let server: RunningServer;
let browser: LaunchedBrowser;

test.beforeAll(async () => {
  server = await listen({ ...readConfig(), port: 0 });
  browser = await launchChromium();
});
test.afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server.close();
});

const NO_FILES = `navigator.storage.getDirectory = async () => { throw new DOMException('not here', 'SecurityError'); };`;
const NO_DATABASE = `indexedDB.open = () => { throw new DOMException('not here', 'SecurityError'); };`;

test('without private files a workspace is kept in the database', async () => {
  const page = await openPage(NO_FILES);
  expect(await boot(page, 'in-database')).toEqual({ tier: 'indexeddb', isNew: true });
  await page.evaluate(async () => {
    const { fs, persistence } = globalThis.harnessRuntime;
    await fs.mount({ 'a.txt': 'one', deep: { 'b.bin': new Uint8Array(300_000).fill(7) } });
    await persistence.snapshot('first');
    await fs.writeFile('a.txt', 'two');
    await persistence.save();
  });
  await page.reload();
  await page.waitForFunction(() => 'verklet' in globalThis);
  expect(await boot(page, 'in-database')).toEqual({ tier: 'indexeddb', isNew: false });
  const found = await page.evaluate(async () => {
    const { fs, persistence } = globalThis.harnessRuntime;
    const bytes = await fs.readFile('deep/b.bin');
    const [, first] = await persistence.history();
    const before = await persistence.readFile(first?.id ?? '', '/workdir/a.txt');
    return [await fs.readFile('a.txt', 'utf8'), bytes.length, bytes[299_999], new TextDecoder().decode(before ?? new Uint8Array())];
  });
  expect(found).toEqual(['two', 300_000, 7, 'one']);
  await page.close();
});

test('without either, the runtime works and says that nothing is kept', async () => {
  const page = await openPage(NO_FILES + NO_DATABASE);
  expect(await boot(page, 'in-memory')).toEqual({ tier: 'memory', isNew: true });
  await page.evaluate(async () => {
    await globalThis.harnessRuntime.fs.writeFile('a.txt', 'one');
    await globalThis.harnessRuntime.persistence.save();
  });
  await page.close();
});

test('a save that meets the quota takes the place of old packages; without any it fails and nothing is lost', async () => {
  const page = await openPage('');
  expect(await boot(page, 'crowded')).toEqual({ tier: 'opfs', isNew: true });
  await page.evaluate(async () => {
    await globalThis.harnessRuntime.fs.writeFile('small.txt', 'kept');
    await globalThis.harnessRuntime.persistence.save();
    // What an installation of long ago left: its content does not matter here, its name is one of the cache's.
    const own = await (await navigator.storage.getDirectory()).getDirectoryHandle('verklet');
    const folder = await own.getDirectoryHandle('packages');
    for (const digit of ['a', 'b']) {
      const file = await folder.getFileHandle(`sha512-${digit.repeat(128)}`, { create: true });
      const writable = await file.createWritable();
      await writable.write(new Uint8Array(20_000_000));
      await writable.close();
    }
  });
  const { usage = 0 } = await page.evaluate(() => navigator.storage.estimate());
  const session = await browser.context.newCDPSession(page);
  const { origin } = new URL(page.url());
  await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 5_000_000 });

  const save = (name: string, sizeBytes: number): Promise<string> =>
    page.evaluate(
      async ([path, size]) => {
        const { fs, persistence } = globalThis.harnessRuntime;
        const content = new Uint8Array(size);
        for (let at = 0; at < size; at += 65_536) crypto.getRandomValues(content.subarray(at, Math.min(size, at + 65_536)));
        await fs.writeFile(path, content);
        try {
          await persistence.save();
          return persistence.state;
        } catch (error) {
          return (error as { code?: string }).code ?? String(error);
        }
      },
      [name, sizeBytes] as const,
    );
  expect(await save('large.bin', 12_000_000)).toBe('saved');
  expect((await page.evaluate(() => globalThis.verklet.Workspaces.usage())).packagesBytes).toBeLessThan(40_000_000);
  expect(await save('too-large.bin', 60_000_000)).toBe('ERR_STORAGE_FULL');
  await page.evaluate(() => globalThis.harnessRuntime.dispose());
  expect(await boot(page, 'crowded')).toEqual({ tier: 'opfs', isNew: false });
  expect(await page.evaluate(() => globalThis.harnessRuntime.fs.readdir('.').then((names) => names.toSorted()))).toEqual([
    'large.bin',
    'small.txt',
  ]);
  await session.send('Storage.overrideQuotaForOrigin', { origin });
  await page.close();
});

/** `prelude` runs in the store worker before the store does. */
async function openPage(prelude: string): Promise<Page> {
  const page = await browser.context.newPage();
  const { scheme, embedHost } = readConfig();
  if (prelude !== '')
    await page.route(/\/store\.worker-[^/]+\.js$/, async (route) => {
      // Names below `localhost` are the browser's own: this process asks by address.
      const url = new URL(route.request().url());
      const headers = { ...route.request().headers(), host: url.host };
      url.hostname = '127.0.0.1';
      const response = await route.fetch({ url: url.href, headers });
      await route.fulfill({ response, body: `${prelude}\n${await response.text()}` });
    });
  await page.goto(`${scheme}://${embedHost}:${server.port}/console.html`);
  await page.waitForFunction(() => 'verklet' in globalThis);
  return page;
}

async function boot(page: Page, key: string): Promise<{ tier: string; isNew: boolean }> {
  const { previewHosts } = readConfig();
  return page.evaluate(
    async ([previewHost, persistenceKey]) => {
      globalThis.harnessRuntime = await globalThis.verklet.Runtime.boot({ backend: 'browser', previewHost, persistenceKey });
      const { tier, isNew } = globalThis.harnessRuntime.persistence;
      return { tier, isNew };
    },
    [`${previewHosts[0] ?? ''}:${server.port}`, key] as const,
  );
}
