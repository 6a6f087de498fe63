// Kills tabs and whole browsers while they save, and looks at what is there afterwards: always one whole state, never older
// than what was confirmed. Used by kills.spec.ts (a few) and by `npm run kills` (many).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { readConfig } from '../../server/config.ts';
import { listen, type RunningServer } from '../../server/listen.ts';
import { FILES, readGeneration, reportProgress, violation, writeGenerations, type Progress } from './generations.ts';
import { VictimBrowser } from './victim-browser.ts';

const LONGEST_RUN_MS = 900;
/** A browser whose tabs were killed often is not the one people have: it is started anew now and then. */
const TABS_PER_BROWSER = 8;

export interface KillReport {
  readonly tabs: number;
  readonly browsers: number;
  /** Kills after which a save had been begun and not confirmed. */
  readonly duringSave: number;
  /** Times that the browser under test stopped answering the driver and was started anew; no violation of ours. */
  readonly stuckBrowsers: number;
  /** One line per violation. */
  readonly problems: readonly string[];
}

export interface KillOptions {
  readonly tabs: number;
  readonly browsers: number;
  onRound?(round: number, of: number): void;
}

export async function killRepeatedly({ tabs, browsers, onRound }: KillOptions): Promise<KillReport> {
  const profile = mkdtempSync(path.join(tmpdir(), 'verklet-kills-'));
  const server = await listen({ ...readConfig(), port: 0 });
  const problems: string[] = [];
  const progress: Progress = { started: 0, confirmed: 0 };
  const rounds = tabs + browsers;
  let duringSave = 0;
  let stuckBrowsers = 0;
  let tabsKilled = 0;
  const victim = new VictimBrowser(profile);
  try {
    for (let round = 0; round < rounds; round++) {
      const page = await victim.page((opened) => openPage(opened, server, progress)).catch((error: unknown) => String(error));
      if (typeof page === 'string') {
        problems.push(`round ${round}: does not open: ${page}`);
        break;
      }
      const found = await victim.within(page.evaluate(readGeneration, FILES)).catch((error: unknown) => `unreadable: ${String(error)}`);
      const problem = violation(found, progress);
      if (problem !== null) problems.push(`round ${round}: ${problem}`);
      if (typeof found === 'number') progress.started = progress.confirmed = found;
      // Ends with the page, by its death.
      void page.evaluate(writeGenerations, { files: FILES, from: progress.started }).then(undefined, () => undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_RUN_MS));
      if (progress.started > progress.confirmed) duringSave++;
      const killsBrowser = Math.floor(((round + 1) * browsers) / rounds) > Math.floor((round * browsers) / rounds);
      if (killsBrowser) await victim.killBrowser();
      else {
        await victim.killTabs();
        if (++tabsKilled % TABS_PER_BROWSER === 0) await victim.killBrowser();
      }
      stuckBrowsers = victim.timesStuck;
      onRound?.(round + 1, rounds);
    }
  } finally {
    await victim.killBrowser();
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
  return { tabs, browsers, duringSave, stuckBrowsers, problems };
}

async function openPage(page: Page, server: RunningServer, progress: Progress): Promise<void> {
  const { scheme, embedHost, previewHosts } = readConfig();
  await reportProgress(page, progress);
  await page.goto(`${scheme}://${embedHost}:${server.port}/console.html`);
  await page.waitForFunction(() => 'verklet' in globalThis);
  // The dead tab's lock may be free a moment after it, and it does not answer: that it is asked for waits for it.
  await page.evaluate(
    async (previewHost) => {
      globalThis.harnessRuntime = await globalThis.verklet.Runtime.boot({
        backend: 'browser',
        previewHost,
        persistenceKey: 'kills',
        onConflict: 'inherit',
        timeoutMs: 60_000,
      });
    },
    `${previewHosts[0] ?? ''}:${server.port}`,
  );
}
