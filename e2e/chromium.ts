// Launches Chromium as people run it: storage partitioning stays on, which Playwright's own defaults switch off.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium, type BrowserContext } from 'playwright';
import { findBrowser } from '../scripts/setup.mjs';

export const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

// Playwright's list includes storage partitioning. The last switch of a name wins, so this one replaces it.
const disabledFeatures = ['Translate', 'OptimizationHints', 'MediaRouter', 'DialMediaRouteProvider', 'HttpsUpgrades'];

export interface LaunchOptions {
  /** Folder of the profile; absent: a new one that is removed on close. */
  readonly profile?: string;
  readonly viewport?: { readonly width: number; readonly height: number };
  readonly colorScheme?: 'light' | 'dark';
}

export interface LaunchedBrowser extends AsyncDisposable {
  readonly context: BrowserContext;
}

export async function launchChromium(options: LaunchOptions = {}): Promise<LaunchedBrowser> {
  const profile = options.profile ?? mkdtempSync(path.join(tmpdir(), 'verklet-profile-'));
  const executablePath = findBrowser();
  const context = await chromium.launchPersistentContext(profile, {
    ...(executablePath ? { executablePath } : {}),
    args: [...flags, `--disable-features=${disabledFeatures.join(',')}`],
    viewport: options.viewport ?? { width: 1440, height: 900 },
    ...(options.colorScheme ? { colorScheme: options.colorScheme } : {}),
  });
  return {
    context,
    async [Symbol.asyncDispose]() {
      await context.close();
      if (!options.profile) rmSync(profile, { recursive: true, force: true });
    },
  };
}
