// A folder of the device in the workspace: both ways, with conflicts. A folder of the browser's private files stands for one
// that the user picks, which a test cannot: both are the same interface.
import { expect, test, type Page } from 'playwright/test';
import { openApp, run as runOn, screen as screenOf, violations, type OpenApp } from './app.fixture.ts';

test.describe.configure({ mode: 'serial' });
let app: OpenApp;
let page: Page;

test.beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await page.addInitScript(() => {
    Object.assign(window, {
      showDirectoryPicker: async () => (await navigator.storage.getDirectory()).getDirectoryHandle('My project', { create: true }),
    });
  });
  await page.goto(app.server.appUrl);
  await writeOnDevice({ 'readme.md': 'on the device', 'src/main.js': 'console.log(1)', 'node_modules/big/index.js': 'left out' });
  await page.getByRole('button', { name: /^HTTP server/ }).click();
  await expect(page.getByRole('tree')).toContainText('server.js');
});
test.afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

test('its files come into the workspace, without installed packages', async () => {
  await page.keyboard.press('ControlOrMeta+k');
  await page.keyboard.type('connect a folder');
  await page.keyboard.press('Enter');
  await expect(page.locator('.notices')).toContainText('My project is connected', { timeout: 20_000 });
  await run('cat "My project/readme.md"; cat "My project/src/main.js"; ls "My project"');
  await expect(screen()).toContainText('on the device');
  await expect(screen()).toContainText('console.log(1)');
  await expect(screen()).not.toContainText('node_modules');
});

test('what a program writes is on the device', async () => {
  await run('cd "My project"; echo from-the-tab > new.txt; mkdir deep; echo d > deep/e.txt; rm readme.md; echo short > src/main.js');
  await expect.poll(() => readOnDevice('new.txt'), { timeout: 10_000 }).toBe('from-the-tab\n');
  await expect.poll(() => readOnDevice('deep/e.txt')).toBe('d\n');
  await expect.poll(() => readOnDevice('src/main.js')).toBe('short\n');
  await expect.poll(() => readOnDevice('readme.md')).toBe(null);
  expect(await readOnDevice('node_modules/big/index.js')).toBe('left out');
});

test('what another program writes comes in when the user is back', async () => {
  await writeOnDevice({ 'new.txt': 'from another program, and longer' });
  await page.evaluate(() => dispatchEvent(new Event('focus')));
  await expect
    .poll(async () => {
      await run('clear; cat new.txt');
      return screen().innerText();
    })
    .toContain('from another program, and longer');
});

test('what changed on both sides is for the user to decide', async () => {
  await writeOnDevice({ 'new.txt': 'theirs!' });
  await run('echo ours > new.txt');
  const conflicts = page.getByRole('alert', { name: 'Changed here and in the folder' });
  await expect(conflicts).toContainText('new.txt', { timeout: 10_000 });
  expect(await readOnDevice('new.txt')).toBe('theirs!');
  expect(await violations(page)).toEqual([]);
  await conflicts.getByRole('button', { name: 'Keep ours' }).click();
  await expect(conflicts).toBeHidden();
  await expect.poll(() => readOnDevice('new.txt')).toBe('ours\n');
});

async function writeOnDevice(files: Record<string, string>): Promise<void> {
  await page.evaluate(async (all) => {
    const root = await (await navigator.storage.getDirectory()).getDirectoryHandle('My project', { create: true });
    for (const [path, text] of Object.entries(all)) {
      const names = path.split('/');
      let folder = root;
      for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name, { create: true });
      const writable = await (await folder.getFileHandle(names.at(-1) ?? '', { create: true })).createWritable();
      await writable.write(text);
      await writable.close();
    }
  }, files);
}

function readOnDevice(path: string): Promise<string | null> {
  return page.evaluate(async (wanted) => {
    try {
      const names = wanted.split('/');
      let folder = await (await navigator.storage.getDirectory()).getDirectoryHandle('My project');
      for (const name of names.slice(0, -1)) folder = await folder.getDirectoryHandle(name);
      return await (await (await folder.getFileHandle(names.at(-1) ?? '')).getFile()).text();
    } catch {
      return null; // there is no such file
    }
  }, path);
}

function run(command: string): Promise<void> {
  return runOn(page, command);
}

function screen() {
  return screenOf(page);
}
