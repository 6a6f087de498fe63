// The main job, as a new user does it in the app: template, install, start, look, edit, restart, stop.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

// Previews on the app's own site, and on a site of their own.
for (const previewHosts of [['preview.verklet.localhost'], ['xpreview.localhost']]) {
  test.describe(`the app with previews on ${previewHosts.join()}`, () => {
    test.describe.configure({ mode: 'serial' });
    let server: RunningServer;
    let browser: LaunchedBrowser;
    let page: Page;

    test.beforeAll(async () => {
      const config = { ...readConfig(), port: 0, previewHosts };
      server = await listen(config);
      browser = await launchChromium();
      page = browser.context.pages()[0] ?? (await browser.context.newPage());
      page.on('dialog', (dialog) => void dialog.accept());
      await page.goto(`${config.scheme}://${config.appHost}:${server.port}/`);
    });
    test.afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      await server.close();
    });

    test('the start page has no accessibility violations', async () => {
      await expect(page.getByRole('heading', { name: 'Verklet' })).toBeVisible();
      expect((await new AxeBuilder({ page }).analyze()).violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
    });

    test('a template opens as a workspace', async () => {
      await page.getByRole('button', { name: /^Express/ }).click();
      await expect(page.getByRole('tree')).toContainText('server.js');
      await expect(page.locator('.editor .cm-content')).toContainText("require('express')");
      await expect(page.locator('.statusbar')).toContainText('browser');
      await expect(screen(page)).toContainText('❯');
    });

    test('npm ci installs the real packages', async () => {
      await page.getByRole('button', { name: 'npm ci' }).click();
      await expect(screen(page)).toContainText(/added \d+ packages in/, { timeout: 60_000 });
      await expect(page.getByRole('tree')).toContainText('node_modules');
    });

    test('node server.js shows its page in the preview', async () => {
      await page.getByRole('button', { name: 'node server.js' }).click();
      await expect(screen(page)).toContainText('Listening on http://localhost:3000', { timeout: 20_000 });
      const preview = page.frameLocator('.page iframe');
      await expect(preview.getByRole('heading')).toHaveText('Hello from Express', { timeout: 20_000 });
      await preview.getByRole('button').click();
      await expect(preview.locator('output')).toContainText('Node v24.12.0');
      await page.screenshot({ path: test.info().outputPath('main-job.png') });
    });

    test('the workbench has no accessibility violations', async () => {
      const { violations } = await new AxeBuilder({ page }).exclude('iframe').exclude('.xterm').analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
    });

    test('Ctrl-C stops the server and closes the port', async () => {
      await page.locator('.screen:not([hidden]) textarea').press('Control+c');
      await expect(page.locator('.preview-pane')).toContainText('No server is listening yet');
      await expect(screen(page)).toContainText('^C');
    });

    test('an edit shows after a restart', async () => {
      await page.getByRole('treeitem', { name: 'public' }).click();
      await page.getByRole('treeitem', { name: 'index.html' }).click();
      await expect(page.locator('.editor .cm-content')).toContainText('Hello from Express');
      await page.locator('.editor .cm-content').getByText('<h1>').click();
      await page.keyboard.press('Home');
      await page.keyboard.type('<h2>Edited here</h2> ');
      await page.keyboard.press('ControlOrMeta+s');
      await page.getByRole('button', { name: 'node server.js' }).click();
      await expect(page.frameLocator('.page iframe').getByRole('heading', { level: 2 })).toHaveText('Edited here', { timeout: 20_000 });
    });

    test('the diagnostics say what ran where and why', async () => {
      await page.getByRole('button', { name: 'What ran where' }).click();
      await expect(page.locator('.diagnostics')).toContainText('npm ci');
      await expect(page.locator('.diagnostics')).toContainText('in the browser, because');
    });

    test('the shell has history, completion and exit codes', async () => {
      await page.getByRole('button', { name: 'New terminal' }).click();
      const input = page.locator('.screen:not([hidden]) textarea');
      await expect(page.getByRole('button', { name: 'sh 2', exact: true })).toHaveAttribute('aria-pressed', 'true');
      await expect(screen(page)).toContainText('❯');
      await input.pressSequentially('cat pack');
      await input.press('Tab');
      await expect(screen(page)).toContainText('cat package');
      await input.press('Control+u');
      await input.pressSequentially('nosuchcommand');
      await input.press('Enter');
      await expect(screen(page)).toContainText('nosuchcommand: not found');
      await input.pressSequentially('echo $?');
      await input.press('Enter');
      await expect(screen(page)).toContainText('127');
    });
  });
}

/** The rows of the terminal that shows. */
function screen(page: Page) {
  return page.locator('.screen:not([hidden]) .xterm-rows');
}
