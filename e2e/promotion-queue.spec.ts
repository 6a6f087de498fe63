// A command that needs the server is asked for without a network: it waits, survives the browser, and runs once.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen } from '../server/listen.ts';
import { launchChromium } from './chromium.ts';

test('a queued command outlives the browser and runs once when there is a network', async () => {
  const config = readConfig();
  const server = await listen({ ...config, port: 0 });
  const profile = mkdtempSync(path.join(tmpdir(), 'verklet-profile-'));
  const address = `${config.scheme}://${config.appHost}:${server.port}/`;
  try {
    const status = await server.sessions.status();
    test.skip(status.sessions === 'unavailable', `no sessions here: ${status.reason}`);
    const first = await launchChromium({ profile });
    const page = first.context.pages()[0] ?? (await first.context.newPage());
    await page.goto(address);
    await page.evaluate(() => localStorage.setItem('verklet.promotion', 'allow'));
    await page.reload();
    await page.getByRole('button', { name: /^Express/ }).click();
    await expect(screen(page)).toContainText('❯');
    await type(page, `printf 'run:\\n\\techo ran >> ran.txt\\n' > Makefile`);
    await expect(page.locator('.statusbar .stored')).toHaveAttribute('data-stored', 'saved');
    await first.context.setOffline(true);
    await type(page, 'make run');
    await expect(screen(page)).toContainText('The command waits', { timeout: 20_000 });
    await expect(page.locator('.statusbar .host')).toContainText('1 waiting');
    const opened = page.url();
    await first[Symbol.asyncDispose]();

    const second = await launchChromium({ profile });
    const again = second.context.pages()[0] ?? (await second.context.newPage());
    await again.goto(opened);
    await expect(again.getByRole('tree')).toContainText('ran.txt', { timeout: 60_000 });
    await expect(again.getByRole('button', { name: 'make run', exact: true })).toBeVisible();
    await expect(again.locator('.statusbar .host')).not.toContainText('waiting');
    await again.getByRole('button', { name: 'New terminal' }).click();
    await expect(screen(again)).toContainText('❯');
    await type(again, 'echo lines: $(cat ran.txt)');
    await expect(screen(again)).toContainText('lines: ran');
    await expect(screen(again)).not.toContainText('lines: ran ran');
    await second[Symbol.asyncDispose]();
  } finally {
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
});

function screen(page: Page) {
  return page.locator('.screen:not([hidden]) .xterm-rows');
}
async function type(page: Page, line: string): Promise<void> {
  const input = page.locator('.screen:not([hidden]) textarea');
  await input.pressSequentially(line);
  await input.press('Enter');
}
