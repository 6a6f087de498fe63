// The app with a stored workspace, started with the server dead and a browser that has just come up: from the navigation to
// an editor that shows its file and takes keys, and to a finished `node -e 0` in the terminal.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { launchChromium } from '../../e2e/chromium.ts';
import { startServerProcess } from '../../e2e/server-process.fixture.ts';

const ROUNDS = 5;
const PATIENCE_MS = 60_000;
/** The shell puts the number in: the command as it is typed does not have the word. */
const COMMAND = 'node -e 0; echo finished-$((40+2))';

export interface ColdStart {
  readonly editorMs: number;
  readonly exitMs: number;
}

declare global {
  // oxlint-disable-next-line no-var
  var coldStart: { editorMs?: number; exitMs?: number };
}

export async function startColdOffline(): Promise<ColdStart[]> {
  const profile = mkdtempSync(path.join(tmpdir(), 'verklet-cold-'));
  try {
    const address = await prepare(profile);
    const starts: ColdStart[] = [];
    for (let round = 0; round < ROUNDS; round++) starts.push(await start(profile, address));
    return starts;
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}

/** A workspace that is kept for use without a network; the server is dead afterwards. Returns its address. */
async function prepare(profile: string): Promise<string> {
  const server = await startServerProcess('preview.verklet.localhost');
  try {
    await using browser = await launchChromium({ profile });
    const page = await firstPage(browser.context.pages(), () => browser.context.newPage());
    await page.goto(server.origin);
    await page.getByRole('button', { name: /^HTTP server/ }).click();
    await page.locator('.offline-ready').waitFor({ timeout: PATIENCE_MS });
    await page.locator('.stored[data-stored="saved"]').waitFor({ timeout: PATIENCE_MS });
    return page.url();
  } finally {
    await server.kill();
  }
}

async function start(profile: string, address: string): Promise<ColdStart> {
  await using browser = await launchChromium({ profile });
  const page = await firstPage(browser.context.pages(), () => browser.context.newPage());
  await page.addInitScript(watch);
  await page.goto(address, { waitUntil: 'commit' });
  const keys = page.locator('.screen:not([hidden]) textarea');
  await page.locator('.screen:not([hidden]) .xterm-rows', { hasText: '❯' }).waitFor({ timeout: PATIENCE_MS });
  await keys.pressSequentially(COMMAND);
  await keys.press('Enter');
  await page.waitForFunction(() => globalThis.coldStart.exitMs !== undefined, null, { timeout: PATIENCE_MS });
  const { editorMs = Infinity, exitMs = Infinity } = await page.evaluate(() => globalThis.coldStart);
  return { editorMs, exitMs };
}

async function firstPage(pages: readonly Page[], open: () => Promise<Page>): Promise<Page> {
  return pages[0] ?? open();
}

/** Runs in the page before anything else. */
function watch(): void {
  globalThis.coldStart = {};
  const look = (): void => {
    const editor = document.querySelector<HTMLElement>('.editor .cm-content');
    if (editor?.isContentEditable === true && editor.textContent !== '') globalThis.coldStart.editorMs ??= performance.now();
    if (document.querySelector('.screen:not([hidden]) .xterm-rows')?.textContent.includes('finished-42') === true)
      globalThis.coldStart.exitMs ??= performance.now();
    if (globalThis.coldStart.exitMs === undefined) requestAnimationFrame(look);
  };
  look();
}
