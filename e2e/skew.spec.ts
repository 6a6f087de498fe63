// Tabs of two versions at once: an old tab goes on after an update in another, an old preview says what to do and continues,
// and a workspace moves from the old version to the new one without loss.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import { openApp, run, saved, screen, type OpenApp } from './app.fixture.ts';
import { deployNextVersion } from './next-version.fixture.ts';

test.describe.configure({ mode: 'serial' });
let app: OpenApp;
let old: Page;
let preview: Page;
let address = '';
let lazyFile = '';

test.beforeAll(async () => {
  app = await openApp({ copiesBuild: true });
  old = app.page;
  lazyFile = readdirSync(path.join(app.dist, 'app/assets')).find((name) => /^local-folder-.*\.js$/.test(name)) ?? '';
});
test.afterAll(() => app[Symbol.asyncDispose]());

test('a tab works on a workspace whose server is shown in another tab', async () => {
  await old.goto(app.server.appUrl);
  // The first visit is not answered by the service worker yet.
  await old.evaluate(() => navigator.serviceWorker.ready.then(() => undefined));
  await old.reload();
  await old.getByRole('button', { name: /^HTTP server/ }).click();
  await run(old, 'echo before > kept.txt; node server.js');
  await expect(screen(old)).toContainText('Listening on http://localhost:8080', { timeout: 20_000 });
  const url = await old.locator('.page iframe').getAttribute('src');
  preview = await app.browser.context.newPage();
  await preview.goto(url ?? '');
  await expect(preview.getByRole('heading')).toHaveText('GET /', { timeout: 20_000 });
  await saved(old);
  address = old.url();
});

test('after an update in another tab the old one still has all its parts, and saves', async () => {
  expect(deployNextVersion(app.dist)).toBeGreaterThanOrEqual(4);
  const second = await app.browser.context.newPage();
  await second.goto(app.server.appUrl);
  await second.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  const loaded = second.waitForEvent('load');
  await second.getByRole('button', { name: 'Reload now' }).click({ timeout: 30_000 });
  await loaded;
  await expect(second.getByRole('heading', { name: 'Start from' })).toBeVisible();
  await expect(old.locator('.notices')).toContainText('updated in another tab');

  expect((await fetchStatus(old, `/assets/${lazyFile}`)).isScript).toBe(true);
  await old.getByRole('button', { name: /New terminal/ }).click();
  await run(old, 'echo after > kept.txt');
  await saved(old);
  await second.close();
});

test('the preview of the old tab says that versions differ', async () => {
  // Asked for with every navigation; here it has to be there for sure.
  await preview.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await preview.reload();
  await expect(preview.getByRole('heading')).toHaveText('Verklet was updated meanwhile', { timeout: 20_000 });
});

test('the old tab, reloaded, is new: the workspace is there, and the preview continues by itself', async () => {
  await old.goto(address);
  await expect(old.getByRole('tree')).toContainText('kept.txt', { timeout: 20_000 });
  await run(old, 'cat kept.txt; node server.js');
  await expect(screen(old)).toContainText('after');
  await expect(screen(old)).toContainText('Listening on http://localhost:8080', { timeout: 20_000 });
  await expect(preview.getByRole('heading')).toHaveText('GET /', { timeout: 30_000 });
});

/** The app's fallback page would answer any address. */
async function fetchStatus(page: Page, url: string): Promise<{ isScript: boolean }> {
  return page.evaluate(async (from) => {
    const response = await fetch(from);
    return { isScript: response.ok && (response.headers.get('content-type') ?? '').includes('javascript') };
  }, url);
}
