// The daily loop of a front-end developer in the app: install, start the development server, look, edit, see the change.
import { expect, test, type FrameLocator, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

test.describe.configure({ mode: 'serial' });
test.setTimeout(180_000);

const SLOW_MS = 120_000;

let server: RunningServer;
let browser: LaunchedBrowser;
let page: Page;
let preview: FrameLocator;

test.beforeAll(async () => {
  const config = { ...readConfig(), port: 0 };
  server = await listen(config);
  browser = await launchChromium();
  page = browser.context.pages()[0] ?? (await browser.context.newPage());
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(`${config.scheme}://${config.appHost}:${server.port}/`);
  preview = page.frameLocator('.page iframe');
});
test.afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server.close();
});

test('Vite 8 and React install from the lockfile, with stand-ins for native parts', async () => {
  await page.getByRole('button', { name: /^Vite and React/ }).click();
  await expect(screen()).toContainText('❯');
  await page.getByRole('button', { name: 'npm ci' }).click();
  await expect(screen()).toContainText('runs as lightningcss-wasm', { timeout: SLOW_MS });
  await expect(screen()).toContainText(/added \d+ packages in/, { timeout: SLOW_MS });
});

test('npm run dev shows the page in the preview', async () => {
  await page.getByRole('button', { name: 'npm run dev' }).click();
  await expect(screen()).toContainText('ready in', { timeout: SLOW_MS });
  await expect(preview.getByRole('heading')).toHaveText('Vite and React', { timeout: SLOW_MS });
  await page.screenshot({ path: test.info().outputPath('vite.png') });
});

test('an edit shows without a reload, and the state stays', async () => {
  await preview.getByRole('button').click();
  await expect(preview.getByRole('button')).toHaveText('count is 1');
  await expect(page.locator('.editor .cm-content')).toContainText('useState');
  await page.locator('.editor .cm-content').click();
  await page.keyboard.press('ControlOrMeta+Home');
  for (let line = 1; line < 7; line++) await page.keyboard.press('ArrowDown');
  await page.keyboard.press('End');
  for (let column = 0; column < '</h1>'.length; column++) await page.keyboard.press('ArrowLeft');
  await page.keyboard.type(', edited');
  await page.keyboard.press('ControlOrMeta+s');
  await expect(preview.getByRole('heading')).toHaveText('Vite and React, edited', { timeout: SLOW_MS });
  await expect(preview.getByRole('button')).toHaveText('count is 1');
});

test('Ctrl-C stops the server', async () => {
  await page.locator('.screen:not([hidden]) textarea').press('Control+c');
  await expect(page.locator('.preview-pane')).toContainText('No server is listening yet');
});

test('the production build runs to its end', async () => {
  const input = page.locator('.screen:not([hidden]) textarea');
  await input.pressSequentially('npm run build && ls dist');
  await input.press('Enter');
  await expect(screen()).toContainText('built in', { timeout: SLOW_MS });
  await expect(screen()).toContainText('index.html');
});

function screen(): ReturnType<Page['locator']> {
  return page.locator('.screen:not([hidden]) .xterm-rows');
}
