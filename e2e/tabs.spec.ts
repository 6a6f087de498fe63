// Three tabs on one workspace: each rule for a second opener, and what happens when the tab that writes is killed, crashes
// or is closed. A save that was confirmed is never lost, and who had to let go is told so when it saves.
import { expect, test, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';
import { FILES, readGeneration, reportProgress, violation, writeGenerations, type Progress } from './kills/generations.ts';

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

test('lock: two tabs are refused while the first writes; after it is killed, one of them has all that was confirmed', async () => {
  const [first, second, third] = await openTabs('lock-key', 'lock');
  expect(await first.boot()).toBe('lock-key');
  first.write();
  await confirmed(first, 3);
  expect(await Promise.all([second.boot(), third.boot()])).toEqual(['ERR_WORKSPACE_LOCKED', 'ERR_WORKSPACE_LOCKED']);
  const free = second.page.evaluate(() => globalThis.verklet.Workspaces.whenFree('lock-key'));
  await killRendererOf(first.page);
  await free;
  const [won, lost] = await Promise.all([second.boot(), third.boot()]);
  expect([won, lost].toSorted()).toEqual(['ERR_WORKSPACE_LOCKED', 'lock-key']);
  const owner = won === 'lock-key' ? second : third;
  expect(violation(await owner.read(), first.progress)).toBeNull();
  await owner.page.close();
  await (owner === second ? third : second).page.close();
});

test('inherit: each tab has what the one before it confirmed, which saves nothing any more and is told so', async () => {
  const [first, second, third] = await openTabs('inherit-key', 'inherit');
  expect(await first.boot()).toBe('inherit-key');
  const firstEnd = first.write();
  await confirmed(first, 3);
  expect(await second.boot()).toBe('inherit-key');
  expect(await firstEnd).toBe('ERR_HANDED_OVER');
  expect(await first.page.evaluate(() => globalThis.harnessRuntime.persistence.state)).toBe('handed-over');
  expect(violation(await second.read(), first.progress)).toBeNull();

  second.write();
  await confirmed(second, 3);
  await second.page.close({ runBeforeUnload: false });
  expect(await third.boot()).toBe('inherit-key');
  expect(violation(await third.read(), second.progress)).toBeNull();

  third.write();
  await confirmed(third, 3);
  await crash(third.page);
  await first.page.evaluate(() => globalThis.harnessRuntime.dispose());
  expect(await first.boot()).toBe('inherit-key');
  expect(violation(await first.read(), third.progress)).toBeNull();
  await first.page.close();
});

test('fork: both copies have what was confirmed, and each goes its own way after the first is killed', async () => {
  const [first, second, third] = await openTabs('fork-key', 'fork');
  expect(await first.boot()).toBe('fork-key');
  first.write();
  await confirmed(first, 3);
  const before = first.progress.confirmed;
  const keys = await Promise.all([second.boot(), third.boot()]);
  expect(new Set([...keys, 'fork-key']).size).toBe(3);
  for (const tab of [second, third]) {
    expect(await tab.read()).toBeGreaterThanOrEqual(before);
    tab.write();
    await confirmed(tab, 2);
  }
  await killRendererOf(first.page);
  const [fourth] = await openTabs('fork-key', 'fork');
  await fourth.page.evaluate(() => globalThis.verklet.Workspaces.whenFree('fork-key'));
  expect(await fourth.boot()).toBe('fork-key');
  expect(violation(await fourth.read(), first.progress)).toBeNull();
  // The copies still save: they never belonged to the tab that died.
  for (const tab of [second, third]) await confirmed(tab, 2);
});

interface Tab {
  readonly page: Page;
  readonly progress: Progress;
  /** The key that was opened, or the code of the refusal. */
  boot(): Promise<string>;
  read(): Promise<number | string>;
  /** Writes and saves from the generation that is there, until saving fails; resolves with the code. */
  write(): Promise<string>;
}

async function openTabs(key: string, onConflict: 'lock' | 'inherit' | 'fork'): Promise<[Tab, Tab, Tab]> {
  return [await openTab(key, onConflict), await openTab(key, onConflict), await openTab(key, onConflict)];
}

async function openTab(key: string, onConflict: 'lock' | 'inherit' | 'fork'): Promise<Tab> {
  const { scheme, embedHost, previewHosts } = readConfig();
  const page = await browser.context.newPage();
  const progress: Progress = { started: 0, confirmed: 0 };
  await reportProgress(page, progress);
  await page.goto(`${scheme}://${embedHost}:${server.port}/console.html`);
  await page.waitForFunction(() => 'verklet' in globalThis);
  return {
    page,
    progress,
    boot: () =>
      page.evaluate(
        async (options) => {
          try {
            globalThis.harnessRuntime = await globalThis.verklet.Runtime.boot(options);
            return globalThis.harnessRuntime.persistence.key ?? '';
          } catch (error) {
            return (error as { code?: string }).code ?? String(error);
          }
        },
        {
          backend: 'browser' as const,
          previewHost: `${previewHosts[0] ?? ''}:${server.port}`,
          persistenceKey: key,
          onConflict,
          timeoutMs: 60_000,
        },
      ),
    read: () => page.evaluate(readGeneration, FILES),
    async write() {
      const from = await page.evaluate(readGeneration, FILES);
      // A killed page takes its promise along.
      return page.evaluate(writeGenerations, { files: FILES, from: Number(from) }).catch(() => 'gone');
    },
  };
}

/** Waits until that many more saves are confirmed. */
async function confirmed({ progress }: Tab, more: number): Promise<void> {
  const before = progress.confirmed;
  await expect.poll(() => progress.confirmed, { timeout: 30_000, intervals: [20] }).toBeGreaterThanOrEqual(before + more);
}

/** SIGKILL for the page's own process: the one that works when the page does. */
async function killRendererOf(page: Page): Promise<void> {
  const session = await browser.context.browser()?.newBrowserCDPSession();
  if (!session) throw new Error('The browser cannot be asked for its processes.');
  const cpuTimes = async (): Promise<Map<number, number>> => {
    const { processInfo } = await session.send('SystemInfo.getProcessInfo');
    return new Map(processInfo.filter(({ type }) => type === 'renderer').map(({ id, cpuTime }) => [id, cpuTime]));
  };
  const before = await cpuTimes();
  await page.evaluate(() => {
    for (const end = performance.now() + 1500; performance.now() < end;);
  });
  const after = await cpuTimes();
  const [victim] = [...after].toSorted(([a], [b]) => worked(b) - worked(a));
  function worked(pid: number): number {
    return (after.get(pid) ?? 0) - (before.get(pid) ?? 0);
  }
  if (!victim) throw new Error('There is no renderer to kill.');
  const gone = new Promise((resolve) => page.once('crash', resolve));
  process.kill(victim[0], 'SIGKILL');
  await gone;
}

/** As a page dies that ran out of memory. */
async function crash(page: Page): Promise<void> {
  const session = await browser.context.newCDPSession(page);
  const gone = new Promise((resolve) => page.once('crash', resolve));
  void session.send('Page.crash').catch(() => undefined); // nobody is left to answer
  await gone;
}
