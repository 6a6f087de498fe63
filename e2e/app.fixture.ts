// The app in a real browser, as a person has it: opened, a command typed into the terminal that shows, a save waited for.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import type { Locator, Page } from 'playwright';
import { expect } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

export interface OpenApp extends AsyncDisposable {
  readonly server: RunningServer;
  readonly browser: LaunchedBrowser;
  /** On no page yet. */
  readonly page: Page;
  /** What is served; the build itself unless a copy was asked for. */
  readonly dist: string;
}

/** `copiesBuild`: the test changes files of it, as a deployment does. */
export async function openApp({ copiesBuild = false } = {}): Promise<OpenApp> {
  const config = readConfig();
  const dist = copiesBuild ? mkdtempSync(path.join(tmpdir(), 'verklet-dist-')) : config.distFolder;
  if (copiesBuild) cpSync(config.distFolder, dist, { recursive: true });
  const server = await listen({ ...config, port: 0, distFolder: dist });
  const browser = await launchChromium();
  const page = browser.context.pages()[0] ?? (await browser.context.newPage());
  page.on('dialog', (dialog) => void dialog.accept());
  return {
    server,
    browser,
    page,
    dist,
    async [Symbol.asyncDispose]() {
      await browser[Symbol.asyncDispose]();
      await server.close();
      if (copiesBuild) rmSync(dist, { recursive: true, force: true });
    },
  };
}

/** The rows of the terminal that shows. */
export function screen(on: Page): Locator {
  return on.locator('.screen:not([hidden]) .xterm-rows');
}

export async function run(on: Page, command: string): Promise<void> {
  await expect(screen(on)).toContainText('❯', { timeout: 20_000 });
  await on.locator('.screen:not([hidden]) textarea').pressSequentially(command);
  await on.locator('.screen:not([hidden]) textarea').press('Enter');
}

/** Waits until a change that was made has been stored. */
export async function saved(on: Page): Promise<void> {
  // The change is seen a moment after it was made; only then does `saved` mean that it is stored.
  await on.waitForTimeout(50);
  await expect(on.locator('.stored')).toHaveAttribute('data-stored', 'saved', { timeout: 30_000 });
}

/** One line per accessibility violation of the app. A preview is the user's own page, and a terminal draws for itself. */
export async function violations(on: Page): Promise<string[]> {
  const found = await new AxeBuilder({ page: on }).exclude('iframe').exclude('.xterm').analyze();
  return found.violations.map(({ id, nodes }) => `${id}: ${nodes[0]?.html ?? ''}`);
}
