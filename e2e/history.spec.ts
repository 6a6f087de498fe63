// History, import and storage in the app: keep a state, look, restore, undo, copy; bring files in; erase everything.
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { zipSync } from 'fflate';
import { expect, test, type Locator, type Page } from 'playwright/test';
import { openApp, run as runOn, violations, type OpenApp } from './app.fixture.ts';

test.describe.configure({ mode: 'serial' });
let app: OpenApp;
let page: Page;

test.beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await page.goto(app.server.appUrl);
  await page.getByRole('button', { name: /^HTTP server/ }).click();
  await expect(page.getByRole('tree')).toContainText('package.json');
});
test.afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

test('a kept state is listed, and says what changed since, line by line', async () => {
  await page.keyboard.press('ControlOrMeta+Shift+H');
  await page.getByLabel('Name of the snapshot').fill('before the mess');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Snapshots' })).toContainText('before the mess');
  await run('echo "new line" >> package.json; echo extra > extra.txt');
  await expect(page.getByRole('tree')).toContainText('extra.txt');
  await page.getByRole('button', { name: /before the mess/ }).click();
  const changes = page.getByRole('list', { name: 'Changes since the snapshot' });
  await expect(changes.getByRole('listitem')).toHaveCount(2);
  await changes.getByRole('button', { name: /package\.json/ }).click();
  await expect(page.locator('.comparison .added')).toContainText('+ new line');
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('history.png') });
});

test('restoring brings exactly that state back, and can be undone', async () => {
  await page.getByRole('button', { name: 'Restore', exact: true }).click();
  await expect(page.getByRole('tree')).not.toContainText('extra.txt');
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(page.getByRole('tree')).toContainText('extra.txt');
});

test('a snapshot opens as a copy of its own', async () => {
  const before = page.url();
  await page.getByRole('button', { name: /before the mess/ }).click();
  await page.getByRole('button', { name: 'Open as a copy' }).click();
  await expect(page).not.toHaveURL(before);
  await expect(page.getByRole('tree')).toContainText('package.json');
  await expect(page.getByRole('tree')).not.toContainText('extra.txt');
});

test('dropped files, folders and zip archives come in', async () => {
  const archive = Buffer.from(zipSync({ 'packed/one.txt': new TextEncoder().encode('from a zip') })).toString('base64');
  await page.evaluate((base64) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['dropped text'], 'dropped.txt', { type: 'text/plain' }));
    transfer.items.add(
      new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], 'some.zip', { type: 'application/zip' }),
    );
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, archive);
  await expect(page.getByRole('tree')).toContainText('dropped.txt');
  await expect(page.getByRole('tree')).toContainText('packed');
  await expect(page.locator('.notices')).toContainText('2 files were imported');
});

test('an archive that would leave its folder writes nothing', async () => {
  const archive = Buffer.from(zipSync({ '../evil.txt': new TextEncoder().encode('x') })).toString('base64');
  await page.evaluate((base64) => {
    const transfer = new DataTransfer();
    transfer.items.add(
      new File([Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))], 'evil.zip', { type: 'application/zip' }),
    );
    document.body.dispatchEvent(new DragEvent('drop', { dataTransfer: transfer, bubbles: true, cancelable: true }));
  }, archive);
  await expect(page.locator('.notices')).toContainText('would leave the folder');
  await expect(page.getByRole('tree')).not.toContainText('evil');
});

test('a large archive shows how far it is, and cancelling it leaves nothing', async () => {
  const content = randomBytes(2_000_000);
  const files = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`large/${index}.bin`, content]));
  const archive = test.info().outputPath('large.zip');
  writeFileSync(archive, zipSync(files, { level: 0 }));
  const choosing = page.waitForEvent('filechooser');
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('import files');
  await page.keyboard.press('Enter');
  await (await choosing).setFiles(archive);
  const progress = page.locator('.import-progress');
  await expect(progress).toContainText(/[1-9]\d* files, .* of 300 MB/, { timeout: 30_000 });
  await progress.getByRole('button', { name: 'Cancel' }).click();
  await expect(page.locator('.notices')).toContainText('The import was cancelled', { timeout: 30_000 });
  await expect(page.getByRole('tree')).not.toContainText('large');
});

test('storage and history are worked by keys alone', async () => {
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('storage: what');
  await page.keyboard.press('Enter');
  const dialog = page.getByRole('dialog', { name: 'Storage' });
  await expect(dialog).toContainText('private files of this browser');
  const remove = dialog.getByRole('button', { name: 'Remove unused packages' });
  await tabTo(remove);
  await page.keyboard.press('Enter');
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await page.keyboard.press('ControlOrMeta+Shift+H');
  const history = page.getByRole('region', { name: 'History' });
  if (!(await history.isVisible())) await page.keyboard.press('ControlOrMeta+Shift+H');
  await page.getByLabel('Name of the snapshot').focus();
  await page.keyboard.type('by keys');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('list', { name: 'Snapshots' })).toContainText('by keys');
  await tabTo(history.getByRole('button', { name: /by keys/ }));
  await page.keyboard.press('Enter');
  await expect(history.getByRole('button', { name: 'Restore', exact: true })).toBeVisible();
  await tabTo(history.getByRole('button', { name: 'Restore', exact: true }));
  await page.keyboard.press('Enter');
  await expect(page.locator('.notices')).toContainText('The files are as they were then');
});

test('the storage page says what is kept, and erasing leaves nothing', async () => {
  // The workspace's own origin keeps something only when that is done.
  await expect(page.locator('.offline-ready')).toBeVisible({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Close workspace' }).click();
  await page.getByRole('button', { name: 'Storage' }).click();
  const dialog = page.getByRole('dialog', { name: 'Storage' });
  await expect(dialog).toContainText('2 workspaces');
  expect(await violations(page)).toEqual([]);
  await page.screenshot({ path: test.info().outputPath('storage.png') });
  const origins = app.browser.context
    .serviceWorkers()
    .map((worker) => new URL(worker.url()).origin)
    .filter((origin) => origin.includes('.preview.'));
  expect(await keptAt(origins)).not.toEqual([]);
  await dialog.getByRole('button', { name: 'Erase everything' }).click();
  await expect(dialog).toBeHidden({ timeout: 60_000 });
  await expect(page.getByRole('heading', { name: 'Start from' })).toBeVisible();
  await expect(page.getByRole('heading', { name: 'Your workspaces' })).toBeHidden();
  const folders = await page.evaluate(async () => {
    const names: string[] = [];
    const root = await navigator.storage.getDirectory();
    const own = await root.getDirectoryHandle('verklet');
    // The page that starts anew has made them again, and an empty file to see whether files work.
    for (const name of ['workspaces', 'packages']) for await (const inner of (await own.getDirectoryHandle(name)).keys()) names.push(inner);
    if ((await (await own.getFileHandle('probe')).getFile()).size > 0) names.push('probe');
    return names;
  });
  expect(folders).toEqual([]);
  expect(await keptAt(origins)).toEqual([]);
});

/** As a person without a mouse gets there. */
async function tabTo(target: Locator): Promise<void> {
  for (let presses = 0; presses < 80; presses++) {
    if (await target.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error('80 presses of the tab key did not lead there');
}

/** What the origins of workspaces and ports keep: asked there, in a tab of its own. */
async function keptAt(origins: readonly string[]): Promise<string[]> {
  const tab = await app.browser.context.newPage();
  const found: string[] = [];
  for (const origin of origins) {
    await tab.goto(`${origin}/__verklet/sw.js`);
    const kept = await tab.evaluate(async () => [
      ...(await caches.keys()),
      ...(await navigator.serviceWorker.getRegistrations()).map(({ scope }) => scope),
      ...Object.keys(localStorage),
    ]);
    found.push(...kept.map((name) => `${origin} ${name}`));
  }
  await tab.close();
  return found;
}

function run(command: string): Promise<void> {
  return runOn(page, command);
}
