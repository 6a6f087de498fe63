// What a workspace keeps: edits, names and whole trees survive reloads; a second tab copies or takes over; the list works.
import { expect, test, type Page } from 'playwright/test';
import { openApp, run, saved, screen, violations, type OpenApp } from './app.fixture.ts';

test.describe.configure({ mode: 'serial' });
let app: OpenApp;
let page: Page;
let address = '';

test.beforeAll(async () => {
  app = await openApp();
  page = app.page;
  await page.goto(app.server.appUrl);
});
test.afterAll(async () => {
  await app[Symbol.asyncDispose]();
});

test('a new workspace is saved by itself and has an address of its own', async () => {
  await page.getByRole('button', { name: /^HTTP server/ }).click();
  await expect(page.getByRole('tree')).toContainText('server.js');
  await expect(page).toHaveURL(/\/w\/ws-/);
  await expect(page.locator('.stored')).toHaveText('saved');
  address = page.url();
});

test('what programs write is there after a reload, with modes, links and empty folders', async () => {
  await run(
    page,
    'mkdir -p deep/empty && echo kept > deep/a.txt && chmod 750 deep/a.txt && ln -s a.txt deep/link; echo secret > deep/closed; chmod 000 deep/closed; node -e "fs.utimesSync(\'server.js\', 1e9, 1e9)"; echo done-1',
  );
  await finished(page, 'done-1');
  await saved(page);
  await page.reload();
  await expect(page.getByRole('tree')).toContainText('deep');
  await run(
    page,
    `node -p '[fs.statSync("deep/a.txt").mode.toString(8), fs.readlinkSync("deep/link"), fs.readFileSync("deep/link", "utf8").trim(), fs.readdirSync("deep/empty").length, fs.statSync("server.js").mtimeMs, fs.statSync("deep/closed").mode.toString(8), fs.statSync("deep/closed").size].join()'`,
  );
  await expect(screen(page)).toContainText('100750,a.txt,kept,0,1000000000000,100000,7');
});

test('an edit in the editor is there after a reload', async () => {
  await page.locator('.editor .cm-content').click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.type('// edited once\n');
  await page.keyboard.press('ControlOrMeta+s');
  await saved(page);
  await page.reload();
  await expect(page.locator('.editor .cm-content')).toContainText('// edited once');
});

test('a removal is a removal after a reload', async () => {
  await run(page, 'rm -r deep; mv package.json renamed.json; echo done-2');
  await finished(page, 'done-2');
  await saved(page);
  await page.reload();
  await expect(page.getByRole('tree')).toContainText('renamed.json');
  await expect(page.getByRole('tree')).not.toContainText('deep');
  await expect(page.getByRole('tree')).not.toContainText('package.json');
});

test('a second tab is refused, copies, and takes over after the last save of the first', async () => {
  const second = await app.browser.context.newPage();
  await second.goto(address);
  await expect(second.getByRole('heading', { name: 'HTTP server is open in another tab' })).toBeVisible();
  expect(await violations(second)).toEqual([]);
  await second.getByRole('button', { name: 'Open a copy' }).click();
  await expect(second.getByRole('tree')).toContainText('renamed.json');
  expect(second.url()).not.toBe(address);
  await second.goto(address);
  // Not waited for: taking over has to bring the last save along.
  await page.evaluate(() => undefined);
  await run(page, 'echo last > last.txt; echo done-3');
  await finished(page, 'done-3');
  // Nor is what the editor holds and nobody saved.
  await page.locator('.editor .cm-content').click();
  await page.keyboard.press('ControlOrMeta+Home');
  await page.keyboard.type('// typed, not saved\n');
  await second.getByRole('button', { name: 'Continue here' }).click();
  await expect(second.getByRole('tree')).toContainText('last.txt');
  await expect(second.locator('.editor .cm-content')).toContainText('// typed, not saved');
  await expect(page.getByRole('heading', { name: 'HTTP server is open in another tab' })).toBeVisible();
  await second.close();
  // By itself: the workspace is free, and this tab waits for it.
  await expect(page.getByRole('tree')).toContainText('last.txt');
});

test('the list renames, duplicates, deletes and undoes', async () => {
  await page.getByRole('button', { name: 'Close workspace' }).click();
  const list = page.locator('.workspaces');
  await expect(list.locator('li')).toHaveCount(2);
  expect(await violations(page)).toEqual([]);
  await page.getByRole('button', { name: 'Rename HTTP server', exact: true }).click();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type('My server');
  await page.keyboard.press('Enter');
  await expect(list).toContainText('My server');
  await page.getByRole('button', { name: 'Duplicate My server', exact: true }).click();
  await expect(list).toContainText('My server (copy)');
  await page.getByRole('button', { name: 'Delete My server', exact: true }).click();
  await expect(list.getByText('My server', { exact: true })).toHaveCount(0);
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect(list.getByText('My server', { exact: true })).toHaveCount(1);
  await page.getByText('My server (copy)').click();
  await expect(page.getByRole('tree')).toContainText('last.txt');
  await page.screenshot({ path: test.info().outputPath('workspace.png') });
});

test('a second workspace installs the same lockfile without a request, and a reload brings packages back', async () => {
  await page.goto(app.server.appUrl);
  await page.getByRole('button', { name: /^Express/ }).click();
  await run(page, 'npm ci');
  await expect(screen(page)).toContainText(/added \d+ packages in/, { timeout: 60_000 });
  await page.getByRole('button', { name: 'Close workspace' }).click();
  const requests: string[] = [];
  app.browser.context.on('request', (request) => {
    if (request.url().includes('/-/registry/')) requests.push(request.url());
  });
  await page.getByRole('button', { name: /^Express.*npm ci/ }).click();
  await run(page, 'npm ci');
  await expect(screen(page)).toContainText(/added \d+ packages in/, { timeout: 60_000 });
  await run(
    page,
    'echo "// mine" >> node_modules/express/index.js; echo mine > node_modules/express/new.txt; rm node_modules/qs/README.md; echo done-4',
  );
  await finished(page, 'done-4');
  await page.waitForTimeout(2000);
  await saved(page);
  await page.reload();
  await run(
    page,
    `node -p '[require("express/package.json").name, fs.readFileSync("node_modules/express/index.js", "utf8").trim().split("\\n").at(-1), fs.readFileSync("node_modules/express/new.txt", "utf8").trim(), fs.existsSync("node_modules/qs/README.md"), fs.existsSync("node_modules/qs/package.json")].join()'`,
  );
  await expect(screen(page)).toContainText('express,// mine,mine,false,true');
  expect(requests).toEqual([]);
  const sizes = await page.evaluate(async () => {
    const folder = await (await (await navigator.storage.getDirectory()).getDirectoryHandle('verklet')).getDirectoryHandle('workspaces');
    const packs: number[] = [];
    for await (const workspace of folder.values())
      for await (const file of (workspace as FileSystemDirectoryHandle).values())
        if (file.name.startsWith('pack-')) packs.push((await (file as FileSystemFileHandle).getFile()).size);
    return packs;
  });
  // The packages are references: only what was edited is in the workspace's own store.
  expect(Math.max(...sizes)).toBeLessThan(700_000);
});

/** Waits for a line of output, not for the command that has the word in it. */
async function finished(on: Page, word: string): Promise<void> {
  await expect(
    screen(on)
      .locator('> div')
      .filter({ hasText: new RegExp(`^${word}\\s*$`) }),
  ).toHaveCount(1);
}
