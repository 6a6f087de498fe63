// The installed app: shortcuts, links, shared files, and an update that waits for the user. Screenshots and icons are there.
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

test.describe.configure({ mode: 'serial' });
const dist = mkdtempSync(path.join(tmpdir(), 'verklet-dist-'));
let server: RunningServer;
let browser: LaunchedBrowser;
let page: Page;

test.beforeAll(async () => {
  const config = readConfig();
  // A copy: the update test replaces files of it.
  cpSync(config.distFolder, dist, { recursive: true });
  server = await listen({ ...config, port: 0, distFolder: dist });
  browser = await launchChromium();
  page = browser.context.pages()[0] ?? (await browser.context.newPage());
  page.on('dialog', (dialog) => void dialog.accept());
});
test.afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server.close();
  rmSync(dist, { recursive: true, force: true });
});

test('everything the manifest names is served', async () => {
  await page.goto(server.appUrl);
  const statuses = await page.evaluate(async () => {
    const manifest = (await (await fetch('/manifest.webmanifest')).json()) as { icons: { src: string }[]; screenshots: { src: string }[] };
    return Promise.all([...manifest.icons, ...manifest.screenshots].map(async ({ src }) => (await fetch(src)).status));
  });
  expect(new Set(statuses)).toEqual(new Set([200]));
  expect(statuses.length).toBe(6);
});

test('a shortcut and a link open a template, an unknown link says so', async () => {
  await page.goto(`${server.appUrl}/?template=http`);
  await expect(page.getByRole('tree')).toContainText('server.js');
  await page.goto(`${server.appUrl}/?link=${encodeURIComponent('web+verklet:template/script')}`);
  await expect(page.getByRole('tree')).toContainText('main.js');
  await page.goto(`${server.appUrl}/?link=${encodeURIComponent('web+verklet:evil/x')}`);
  await expect(page.locator('.notices')).toContainText('does not name anything');
  await page.goto(`${server.appUrl}/?continue`);
  await expect(page.getByRole('tree')).toContainText('main.js');
});

test('shared files become a workspace', async () => {
  await page.goto(server.appUrl);
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
  await expect(page.getByRole('tree')).toContainText('from elsewhere.txt');
});

test('an update waits for the user, and loses nothing', async () => {
  await page.locator('.screen:not([hidden]) textarea').pressSequentially('echo kept > before-update.txt');
  await page.locator('.screen:not([hidden]) textarea').press('Enter');
  await expect(page.getByRole('tree')).toContainText('before-update.txt');
  const worker = path.join(dist, 'app/app.sw.js');
  writeFileSync(worker, `${readFileSync(worker, 'utf8')}\n// another build\n`);
  rmSync(`${worker}.br`, { force: true });
  await page.evaluate(async () => (await navigator.serviceWorker.getRegistration())?.update());
  await expect(page.locator('.notices')).toContainText('A new version of Verklet is ready');
  await expect(page.getByRole('tree')).toContainText('before-update.txt');
  await page.getByRole('button', { name: 'Reload now' }).click();
  await page.waitForEvent('load');
  await expect(page.getByRole('tree')).toContainText('before-update.txt');
});
