// Kills tabs and whole browsers while they save, and looks at what is there afterwards: always one whole state, never older
// than what was confirmed. Used by kills.spec.ts (a few) and by `npm run kills` (many).
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { readConfig } from '../../server/config.ts';
import { listen, type RunningServer } from '../../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from '../chromium.ts';

const FILES = 24;
const LONGEST_RUN_MS = 900;

export interface KillReport {
  readonly tabs: number;
  readonly browsers: number;
  /** Kills after which a save had been begun and not confirmed. */
  readonly duringSave: number;
  /** One line per violation. */
  readonly problems: readonly string[];
}

/** What a page reports while it writes. */
interface Progress {
  started: number;
  confirmed: number;
}

export async function killRepeatedly(tabs: number, browsers: number): Promise<KillReport> {
  const profile = mkdtempSync(path.join(tmpdir(), 'verklet-kills-'));
  const server = await listen({ ...readConfig(), port: 0 });
  const problems: string[] = [];
  const progress: Progress = { started: 0, confirmed: 0 };
  let duringSave = 0;
  let browser = await launchChromium({ profile });
  try {
    for (let round = 0; round < tabs + browsers; round++) {
      const page = await openPage(browser, server, progress);
      const found = await page.evaluate(readGeneration, FILES).catch((error: unknown) => `unreadable: ${String(error)}`);
      if (typeof found === 'string') problems.push(`round ${round}: ${found}`);
      else if (found < progress.confirmed || found > progress.started)
        problems.push(`round ${round}: state ${found}, confirmed ${progress.confirmed}, begun ${progress.started}`);
      if (typeof found === 'number') progress.started = progress.confirmed = found;
      // Ends with the page, by its death.
      void page.evaluate(writeGenerations, { files: FILES, from: progress.started }).then(undefined, () => undefined);
      await new Promise((resolve) => setTimeout(resolve, Math.random() * LONGEST_RUN_MS));
      if (progress.started > progress.confirmed) duringSave++;
      if (round % Math.max(1, Math.round((tabs + browsers) / Math.max(1, browsers))) === 0 && browsers > 0) {
        await kill(browser, 'browser');
        browser = await launchChromium({ profile });
      } else {
        await kill(browser, 'renderer');
        await page.close().catch(() => undefined); // it is dead already
      }
    }
  } finally {
    // A dead browser has nothing to close.
    await Promise.resolve(browser[Symbol.asyncDispose]()).catch(() => undefined);
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
  return { tabs, browsers, duringSave, problems };
}

async function openPage(browser: LaunchedBrowser, server: RunningServer, progress: Progress): Promise<Page> {
  const page = await browser.context.newPage();
  const { scheme, embedHost, previewHosts } = readConfig();
  await page.exposeFunction('killsStarted', (generation: number) => void (progress.started = generation));
  await page.exposeFunction('killsConfirmed', (generation: number) => void (progress.confirmed = generation));
  await page.goto(`${scheme}://${embedHost}:${server.port}/console.html`);
  await page.waitForFunction(() => 'verklet' in globalThis);
  await page.evaluate(
    async (previewHost) => {
      const boot = (): Promise<typeof globalThis.harnessRuntime> =>
        globalThis.verklet.Runtime.boot({
          backend: 'browser',
          previewHost,
          persistenceKey: 'kills',
          onConflict: 'inherit',
          timeoutMs: 60_000,
        });
      // The dead tab's lock and file handle are free a moment after it.
      for (let attempt = 0; ; attempt++) {
        try {
          globalThis.harnessRuntime = await boot();
          return;
        } catch (error) {
          if (attempt === 20) throw error;
          await new Promise((resolve) => setTimeout(resolve, 250));
        }
      }
    },
    `${previewHosts[0] ?? ''}:${server.port}`,
  );
  return page;
}

/** SIGKILL: no handler of the page or the browser runs. */
async function kill(browser: LaunchedBrowser, type: 'browser' | 'renderer'): Promise<void> {
  const session = await browser.context.browser()?.newBrowserCDPSession();
  const { processInfo } = (await session?.send('SystemInfo.getProcessInfo')) ?? { processInfo: [] };
  const gone = type === 'browser' ? new Promise((resolve) => browser.context.once('close', resolve)) : Promise.resolve();
  const victims = processInfo.filter((one) => one.type === type);
  if (victims.length === 0) throw new Error(`There is no ${type} process to kill.`);
  for (const { id } of victims) process.kill(id, 'SIGKILL');
  await gone;
}

// The functions below run in the page: no references to this module's scope.

declare global {
  function killsStarted(generation: number): Promise<void>;
  function killsConfirmed(generation: number): Promise<void>;
}

/** The generation that all files are of, or what is wrong. */
async function readGeneration(files: number): Promise<number | string> {
  const { fs, persistence } = globalThis.harnessRuntime;
  if (persistence.isRecovered) return 'the newest state was damaged';
  if (persistence.isNew) return 0;
  const names = await fs.readdir('.');
  if (names.length === 0) return 0;
  const found = new Set<string>();
  for (let index = 0; index < files; index++) {
    const [generation = '', end = ''] = (await fs.readFile(`file-${index}.txt`, 'utf8')).split(/ .* /s);
    found.add(generation);
    if (end !== `end-${index}`) return `file-${index}.txt is cut`;
  }
  return found.size === 1 ? Number([...found][0]) : `a mix of the generations ${[...found].join()}`;
}

/** Writes ever new generations, each in one step, and saves each. */
async function writeGenerations({ files, from }: { files: number; from: number }): Promise<void> {
  const { fs, persistence } = globalThis.harnessRuntime;
  for (let generation = from + 1; ; generation++) {
    const tree: Record<string, string> = {};
    for (let index = 0; index < files; index++)
      tree[`file-${index}.txt`] = `${generation} ${'x'.repeat(Math.random() * 20_000)} end-${index}`;
    await globalThis.killsStarted(generation);
    await fs.mount(tree);
    await persistence.save();
    await globalThis.killsConfirmed(generation);
  }
}
