// A browser that is there to be killed, tab by tab or whole, with SIGKILL: no handler of the page or the browser runs. It
// may stop answering after that (a driver's new tab in a browser whose renderers died can wait for ever), so that every step
// has a time limit, and a browser that is stuck is killed and started anew with the same profile.
import type { Page } from 'playwright';
import { launchChromium, type LaunchedBrowser } from '../chromium.ts';

const STEP_MS = 45_000;
const ATTEMPTS = 3;

export class VictimBrowser {
  /** Times that a browser had to be started anew because it did not answer. */
  timesStuck = 0;
  readonly #profile: string;
  #running: { readonly launched: LaunchedBrowser; readonly pid: number } | null = null;

  constructor(profile: string) {
    this.#profile = profile;
  }

  /** A new tab that `open` has prepared. Rejects when that fails in several fresh browsers. */
  async page(open: (page: Page) => Promise<void>): Promise<Page> {
    for (let attempt = 1; ; attempt++) {
      try {
        const { context } = await this.#browser();
        const page = await this.within(context.newPage());
        await this.within(open(page));
        return page;
      } catch (error) {
        if (attempt === ATTEMPTS) throw error;
        this.timesStuck++;
        await this.killBrowser();
      }
    }
  }

  /** Rejects when the step takes too long. */
  async within<T>(step: Promise<T>): Promise<T> {
    const late = Promise.withResolvers<never>();
    const timer = setTimeout(() => late.reject(new Error(`the browser did not answer within ${STEP_MS} ms`)), STEP_MS);
    try {
      return await Promise.race([step, late.promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** All of them: the page, its frames and its workers may be in processes of their own. */
  async killTabs(): Promise<void> {
    const { context } = await this.#browser();
    try {
      const renderers = await this.within(processesOf(context, 'renderer'));
      for (const pid of renderers) process.kill(pid, 'SIGKILL');
      for (const page of context.pages()) await this.within(page.close());
    } catch {
      // It did not answer any more, or had died with its tabs: either way the next tab is one of a fresh browser.
      this.timesStuck++;
      await this.killBrowser();
    }
  }

  async killBrowser(): Promise<void> {
    const running = this.#running;
    this.#running = null;
    if (running === null) return;
    const closed = new Promise((resolve) => running.launched.context.once('close', resolve));
    try {
      process.kill(running.pid, 'SIGKILL');
    } catch {
      return; // it had died already
    }
    await this.within(closed);
  }

  async #browser(): Promise<LaunchedBrowser> {
    if (this.#running === null) {
      const launched = await this.within(launchChromium({ profile: this.#profile }));
      const [pid] = await this.within(processesOf(launched.context, 'browser'));
      if (pid === undefined) throw new Error('The browser has no process to kill.');
      this.#running = { launched, pid };
    }
    return this.#running.launched;
  }
}

/** Process ids of the browser's processes of a kind. */
export async function processesOf(context: LaunchedBrowser['context'], type: 'browser' | 'renderer'): Promise<number[]> {
  const session = await context.browser()?.newBrowserCDPSession();
  if (!session) return [];
  const { processInfo } = await session.send('SystemInfo.getProcessInfo');
  await session.detach();
  return processInfo.filter((one) => one.type === type).map(({ id }) => id);
}
