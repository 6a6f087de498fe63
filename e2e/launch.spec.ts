// The installed app: shortcuts, links, shared files, and an update that waits for the user. Screenshots and icons are there.
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import { openApp, type OpenApp } from './app.fixture.ts';

test.describe.configure({ mode: 'serial' });
let app: OpenApp;
let page: Page;

test.beforeAll(async () => {
  // The update test replaces files of the build.
  app = await openApp({ copiesBuild: true });
  page = app.page;
});
test.afterAll(() => app[Symbol.asyncDispose]());

test('everything the manifest names is served', async () => {
  await page.goto(app.server.appUrl);
  const statuses = await page.evaluate(async () => {
    const manifest = (await (await fetch('/manifest.webmanifest')).json()) as { icons: { src: string }[]; screenshots: { src: string }[] };
    return Promise.all([...manifest.icons, ...manifest.screenshots].map(async ({ src }) => (await fetch(src)).status));
  });
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses.length).toBe(6);
});

test('a shortcut and a link open a template, an unknown link says so', async () => {
  await page.goto(`${app.server.appUrl}/?template=http`);
  await expect(page.getByRole('tree')).toContainText('server.js');
  await page.goto(`${app.server.appUrl}/?link=${encodeURIComponent('web+verklet:template/script')}`);
  await expect(page.getByRole('tree')).toContainText('main.js');
  await page.goto(`${app.server.appUrl}/?link=${encodeURIComponent('web+verklet:evil/x')}`);
  await expect(page.locator('.notices')).toContainText('does not name anything');
  await page.goto(`${app.server.appUrl}/?continue`);
  await expect(page.getByRole('tree')).toContainText('main.js');
});

test('a launch while the app runs opens what it asks for, and closes nothing without being told to', async () => {
  // Only an installed app gets launches from the system; this is the same interface.
  await page.addInitScript(() => {
    Object.defineProperty(window, 'launchQueue', {
      configurable: true,
      value: { setConsumer: (consumer: (params: unknown) => void) => Object.assign(window, { launch: consumer }) },
    });
  });
  const launch = (params: Record<string, unknown>): Promise<void> =>
    page.evaluate((given) => (window as unknown as { launch(params: unknown): void }).launch(given), params);
  const { appUrl } = app.server;
  await page.goto(`${appUrl}/?template=script`);
  await expect(page.getByRole('tree')).toContainText('main.js');
  const address = page.url();
  // That of the window itself, and one that only brings it to the front.
  await launch({ targetURL: `${appUrl}/?template=script` });
  await launch({ targetURL: `${appUrl}/` });
  await launch({ targetURL: `${appUrl}/?link=${encodeURIComponent('web+verklet:template/http')}` });
  await expect(page.locator('.notices')).toContainText('Something else was asked for');
  expect(page.url()).toBe(address);
  await page.getByRole('button', { name: 'Open', exact: true }).click();
  await expect(page.getByRole('tree')).toContainText('server.js');

  await page.getByRole('button', { name: 'Close workspace' }).click();
  await page.evaluate(async () => {
    const handle = await (await navigator.storage.getDirectory()).getFileHandle('from the system.md', { create: true });
    const writable = await handle.createWritable();
    await writable.write('# opened with Verklet');
    await writable.close();
    (window as unknown as { launch(params: unknown): void }).launch({ targetURL: `${location.origin}/?files`, files: [handle] });
  });
  await expect(page.getByRole('tree')).toContainText('from the system.md', { timeout: 20_000 });
});

test('shared files become a workspace', async () => {
  await page.goto(app.server.appUrl);
  await page.waitForFunction(() => navigator.serviceWorker.controller !== null);
  await page.evaluate(() => {
    const form = document.createElement('form');
    form.method = 'POST';
    form.action = '/share';
    form.enctype = 'multipart/form-data';
    const input = document.createElement('input');
    input.type = 'file';
    input.name = 'files';
    const transfer = new DataTransfer();
    transfer.items.add(new File(['shared text'], 'from elsewhere.txt'));
    input.files = transfer.files;
    form.append(input);
    document.body.append(form);
    form.submit();
  });
  await expect(page.getByRole('tree')).toContainText('from elsewhere.txt', { timeout: 20_000 });
});

test('an update waits for the user, and loses nothing', async () => {
  await page.locator('.screen:not([hidden]) textarea').pressSequentially('echo kept > before-update.txt');
  await page.locator('.screen:not([hidden]) textarea').press('Enter');
  await expect(page.getByRole('tree')).toContainText('before-update.txt');
  const worker = path.join(app.dist, 'app/app.sw.js');
  writeFileSync(worker, `${readFileSync(worker, 'utf8')}\n// another build\n`);
  rmSync(`${worker}.br`, { force: true });
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await expect(page.locator('.notices')).toContainText('A new version of Verklet is ready');
  await expect(page.getByRole('tree')).toContainText('before-update.txt');
  const loaded = page.waitForEvent('load');
  await page.getByRole('button', { name: 'Reload now' }).click();
  await loaded;
  await expect(page.getByRole('tree')).toContainText('before-update.txt');
});
