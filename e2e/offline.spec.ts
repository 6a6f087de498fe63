// Without a network: the server process is killed and the browser restarted with the same profile. The app opens, the
// workspace is there, packages install from the cache, the server of the workspace answers, and nothing is lost.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import { run, saved, screen } from './app.fixture.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';
import { startServerProcess, type ServerProcess } from './server-process.fixture.ts';

// Previews on the app's own site, and on a site of their own.
for (const previewHost of ['preview.verklet.localhost', 'xpreview.localhost']) {
  test.describe(`with previews on ${previewHost}`, () => {
    test.describe.configure({ mode: 'serial' });
    const profile = mkdtempSync(path.join(tmpdir(), 'verklet-offline-'));
    let server: ServerProcess;
    let origin = '';
    let browser: LaunchedBrowser;
    let page: Page;
    let address = '';

    test.beforeAll(async () => {
      server = await startServerProcess(previewHost);
      origin = server.origin;
      await openBrowser();
    });
    test.afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      await server.kill();
      rmSync(profile, { recursive: true, force: true });
    });

    async function openBrowser(): Promise<void> {
      browser = await launchChromium({ profile });
      page = browser.context.pages()[0] ?? (await browser.context.newPage());
      page.on('dialog', (dialog) => void dialog.accept());
    }

    test('the app is installable and says when it is ready for use without a network', async () => {
      await page.goto(origin);
      await page.getByRole('button', { name: /^Express/ }).click();
      await run(page, 'npm ci');
      await expect(screen(page)).toContainText(/added \d+ packages in/, { timeout: 60_000 });
      await expect(page.locator('.offline-ready')).toBeVisible({ timeout: 90_000 });
      const session = await browser.context.newCDPSession(page);
      const { installabilityErrors } = await session.send('Page.getInstallabilityErrors');
      expect(installabilityErrors).toEqual([]);
      address = page.url();
      await saved(page);
    });

    test('a spare workspace is kept for the next one', async () => {
      await expect
        .poll(
          () =>
            page.evaluate(
              () =>
                new Promise<boolean[]>((resolve) => {
                  const opening = indexedDB.open('verklet-spares');
                  opening.onsuccess = () => {
                    const { result } = opening;
                    const reading = result.transaction('spares').objectStore('spares').getAll() as IDBRequest<{ isReady: boolean }[]>;
                    reading.onsuccess = () => (resolve(reading.result.map(({ isReady }) => isReady)), result.close());
                  };
                }),
            ),
          { timeout: 90_000 },
        )
        .toEqual([true]);
    });

    test('with the server dead and the browser restarted, the workspace opens', async () => {
      await browser[Symbol.asyncDispose]();
      await server.kill();
      await openBrowser();
      await page.goto(origin);
      await page
        .getByRole('button', { name: /^Express \d|^Express(?!.*npm ci)/ })
        .first()
        .click();
      await expect(page.getByRole('tree')).toContainText('node_modules', { timeout: 20_000 });
      expect(page.url()).toBe(address);
    });

    test('an edit, a fresh installation, a server and its preview work', async () => {
      await page.locator('.editor .cm-content').click();
      await page.keyboard.press('ControlOrMeta+Home');
      await page.keyboard.type('// offline edit\n');
      await page.keyboard.press('ControlOrMeta+s');
      await run(page, 'rm -rf node_modules && npm ci');
      await expect(screen(page)).toContainText(/added \d+ packages in/, { timeout: 60_000 });
      await run(page, 'node server.js');
      await expect(screen(page)).toContainText('Listening on http://localhost:3000', { timeout: 20_000 });
      const preview = page.frameLocator('.page iframe');
      await expect(preview.getByRole('heading')).toHaveText('Hello from Express', { timeout: 20_000 });
      await preview.getByRole('button').click();
      await expect(preview.locator('output')).toContainText('Node v24.12.0');
      await saved(page);
      await page.screenshot({ path: test.info().outputPath('offline.png') });
    });

    test('after a reload everything is still there', async () => {
      await page.reload();
      await expect(page.getByRole('tree')).toContainText('node_modules', { timeout: 20_000 });
      await expect(page.locator('.editor .cm-content')).toContainText('// offline edit');
      await run(page, `node -p '"loaded " + require("express/package.json").name'`);
      await expect(screen(page)).toContainText('loaded express');
    });

    test('a new workspace can be made', async () => {
      await page.getByRole('button', { name: 'Close workspace' }).click();
      await page.getByRole('button', { name: /^HTTP server/ }).click();
      await run(page, 'node server.js');
      await expect(screen(page)).toContainText('Listening on http://localhost:8080', { timeout: 20_000 });
      await expect(page.frameLocator('.page iframe').getByRole('heading')).toHaveText('GET /', { timeout: 20_000 });
    });
  });
}
