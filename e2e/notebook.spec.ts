// A notebook as a person works with it in the app: open, run by keyboard, edit, complete, ask, interrupt, save; and the output panel.
import { AxeBuilder } from '@axe-core/playwright';
import { expect, test, type Locator, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

test.describe.configure({ mode: 'serial' });
let server: RunningServer;
let browser: LaunchedBrowser;
let page: Page;

test.beforeAll(async () => {
  server = await listen({ ...readConfig(), port: 0 });
  browser = await launchChromium();
  page = browser.context.pages()[0] ?? (await browser.context.newPage());
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(`${server.appUrl}/?template=notebook`);
});
test.afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await server.close();
});

test('the template opens as a notebook with its text rendered', async () => {
  await expect(page.getByRole('heading', { name: 'Degrees' })).toBeVisible();
  await expect(cells()).toHaveCount(6);
  await expect(page.locator('.session-state')).toHaveText('Python is not started');
});

test('Shift+Enter runs cell after cell: text, a picture, HTML in its frame, a command', async () => {
  await cells().first().focus();
  for (let index = 0; index < 6; index++) await page.keyboard.press('Shift+Enter');
  await expect(cells().nth(1)).toContainText('8 rows, Python 3.14.2', { timeout: 30_000 });
  const picture = cells().nth(2).locator('img');
  await expect(picture).toHaveAttribute('src', /^data:image\/svg\+xml/);
  expect(await picture.evaluate((image: HTMLImageElement) => image.naturalWidth)).toBe(460);
  const table = cells().nth(4).frameLocator('iframe').frameLocator('iframe');
  await expect(table.getByRole('cell', { name: 'Lisbon' })).toBeVisible();
  await expect(cells().nth(5)).toContainText('9 degrees.csv');
  await expect(page.locator('.session-state')).toHaveText('Python is ready');
  // The last cell made a new one below, ready to be written in.
  await expect(cells()).toHaveCount(7);
  await expect(focusedText()).resolves.toContain('Code cell 7');
});

test('the notebook has no accessibility violations, in light and in dark', async () => {
  for (const theme of ['light', 'dark'] as const) {
    while ((await page.evaluate(() => document.documentElement.dataset['theme'])) !== theme)
      await page.getByRole('button', { name: /^Theme/ }).click();
    await cells().nth(4).scrollIntoViewIfNeeded();
    await expect(cells().nth(4).frameLocator('iframe').frameLocator('iframe').getByRole('cell', { name: 'Lisbon' })).toBeVisible();
    await page.screenshot({ path: test.info().outputPath(`notebook-${theme}.png`) });
    const { violations } = await new AxeBuilder({ page }).exclude('iframe').exclude('.xterm').analyze();
    expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
  }
});

test('Tab completes from the running interpreter', async () => {
  await cells().nth(6).focus();
  await page.keyboard.press('Enter');
  await page.keyboard.type('rows.app');
  await page.keyboard.press('Tab');
  await expect(page.locator('.cm-tooltip-autocomplete')).toContainText('append');
  await page.keyboard.press('Enter');
  await page.keyboard.type('(None) or sum([1, 2])');
  await page.keyboard.press('Control+Enter');
  await expect(cells().nth(6)).toContainText('3');
  await expect(focusedText()).resolves.toContain('Code cell 7');
});

test('single keys insert, move, change and delete cells while a cell has the focus', async () => {
  await page.keyboard.press('b');
  await expect(cells()).toHaveCount(8);
  await page.keyboard.press('Enter');
  await page.keyboard.type('raise ValueError("wrong")');
  await page.keyboard.press('Control+Enter');
  await expect(cells().nth(7)).toContainText('ValueError: wrong');
  await page.keyboard.press('Alt+ArrowUp');
  await expect(cells().nth(6)).toContainText('ValueError: wrong');
  await page.keyboard.press('m');
  await expect(cells().nth(6).locator('.markdown')).toContainText('raise ValueError');
  await page.keyboard.press('d');
  await page.keyboard.press('d');
  await expect(cells()).toHaveCount(7);
  await page.keyboard.press('z');
  await expect(cells()).toHaveCount(8);
  await page.keyboard.press('d');
  await page.keyboard.press('d');
  await page.keyboard.press('a');
  await expect(cells()).toHaveCount(8);
  await expect(focusedText()).resolves.toMatch(/Code cell \d/);
});

test('a cell that fails takes those behind it along', async () => {
  await write('import time; time.sleep(0.4); late()');
  await page.keyboard.press('Alt+Enter');
  await page.keyboard.insertText('print("never " + "shown")');
  await page.keyboard.press('Control+Enter');
  await expect(cells().filter({ hasText: 'late()' })).toContainText("NameError: name 'late' is not defined");
  await expect(page.locator('.session-state')).toHaveText('Python is ready');
  await expect(page.locator('.cells')).not.toContainText('never shown');
  await page.keyboard.press('d');
  await page.keyboard.press('d');
});

test('input() asks in the cell, an interrupt stops it, a restart forgets', async () => {
  await write('name = input("Your name? ")\nprint(f"Hello {name}")');
  await page.keyboard.press('Control+Enter');
  const field = page.getByLabel('Your name?');
  await expect(field).toBeFocused();
  await page.keyboard.type('Ada');
  await page.keyboard.press('Enter');
  await expect(current()).toContainText('Hello Ada');

  await current().focus();
  await write('import time\nwhile True: time.sleep(0.01)');
  await page.keyboard.press('Control+Enter');
  await expect(page.locator('.session-state')).toHaveText('Python is running');
  await current().focus();
  await page.keyboard.press('i');
  await page.keyboard.press('i');
  await expect(current()).toContainText('KeyboardInterrupt');

  await page.getByRole('button', { name: 'Restart Python' }).click();
  await expect(page.locator('.session-state')).toHaveText('Python is ready', { timeout: 30_000 });
  await current().focus();
  await write('name');
  await page.keyboard.press('Control+Enter');
  await expect(current()).toContainText("NameError: name 'name' is not defined");
});

test('saved, it is a notebook of format 4.5 with its outputs, and opens so again', async () => {
  await page.getByRole('button', { name: 'Run all cells' }).click();
  await expect(cells().nth(5)).toContainText('9 degrees.csv', { timeout: 30_000 });
  await expect(page.locator('.session-state')).toHaveText('Python is ready');
  await expect(page.locator('.tab .unsaved')).toHaveCount(1);
  await page.keyboard.press('Control+s');
  await expect(page.locator('.tab .unsaved')).toHaveCount(0);
  await page.locator('.screen:not([hidden]) textarea').focus();
  await page.keyboard.type(
    "python3 -c \"import json; n = json.load(open('degrees.ipynb')); print(n['nbformat'], n['nbformat_minor'], [o['output_type'] for c in n['cells'] for o in c.get('outputs', [])][:4])\"\n",
  );
  await expect(page.locator('.screen:not([hidden]) .xterm-rows')).toContainText("4 5 ['stream', 'execute_result', 'execute_result',", {
    timeout: 20_000,
  });
  await page.waitForFunction(() => document.querySelector('[data-stored]')?.getAttribute('data-stored') === 'saved');
  await page.reload();
  await page.getByRole('treeitem', { name: 'degrees.ipynb' }).click();
  await expect(cells().nth(1)).toContainText('8 rows, Python 3.14.2');
  await expect(cells().nth(2).locator('img')).toBeVisible();
});

test('a damaged notebook says why, and opens as text; hostile Markdown runs nothing', async () => {
  const shell = page.locator('.screen:not([hidden]) textarea');
  await shell.focus();
  await page.keyboard.type('echo \'{"nbformat": 3}\' > old.ipynb\n');
  await page.getByRole('treeitem', { name: 'old.ipynb' }).click();
  await expect(page.getByRole('alert')).toContainText('it is of format 3');
  await page.getByRole('button', { name: 'Edit it as text' }).click();
  await expect(page.locator('.editor .cm-content')).toContainText('"nbformat": 3');

  await shell.focus();
  const hostile =
    '<img src=x onerror=\\"window.hit=1\\"><script>window.hit=1</script><a href=\\"javascript:window.hit=1\\">go</a><form id=app action=/x><input name=y></form>**bold**';
  await page.keyboard.type(
    `echo '{"nbformat": 4, "nbformat_minor": 5, "metadata": {}, "cells": [{"cell_type": "markdown", "id": "a", "metadata": {}, "source": "${hostile}"}]}' > evil.ipynb\n`,
  );
  await page.getByRole('treeitem', { name: 'evil.ipynb' }).click();
  await expect(page.locator('.markdown strong')).toHaveText('bold');
  expect(await page.locator('.markdown').innerHTML()).not.toMatch(/onerror|<script|javascript:|<form|<input|id="app"/);
  expect(await page.evaluate(() => 'hit' in window)).toBe(false);
});

test('what a script displays appears in the output panel, whose tabs work by keyboard', async () => {
  await page.getByRole('button', { name: 'python3 chart.py' }).click();
  const output = page.getByRole('tab', { name: /Output/ });
  await expect(output).toHaveAttribute('aria-selected', 'true', { timeout: 30_000 });
  await expect(page.locator('.outputs')).toContainText('python3 chart.py');
  await expect(page.locator('.outputs img')).toHaveAttribute('src', /^data:image\/svg\+xml/);
  await page.screenshot({ path: test.info().outputPath('output-panel.png') });
  const { violations } = await new AxeBuilder({ page }).exclude('iframe').exclude('.xterm').analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`)).toEqual([]);
  await output.focus();
  await page.keyboard.press('ArrowLeft');
  await expect(page.getByRole('tab', { name: 'Preview' })).toBeFocused();
  await expect(page.locator('.preview-page')).toContainText('No server is listening yet');
});

function cells(): Locator {
  return page.locator('.cell');
}

function current(): Locator {
  return page.locator('.cell.selected');
}

function focusedText(): Promise<string> {
  return page.evaluate(() => document.activeElement?.closest('.cell')?.getAttribute('aria-label') ?? '');
}

/** From a cell with the focus: replaces its text. */
async function write(text: string): Promise<void> {
  await page.keyboard.press('Enter');
  await page.keyboard.press('Control+a');
  await page.keyboard.insertText(text);
}
