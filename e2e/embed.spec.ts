// The example of another origin boots a runtime and shows its output.
import { expect, test } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen } from '../server/listen.ts';
import { launchChromium } from './chromium.ts';

test('a page of another origin runs Node in three lines', async () => {
  const config = { ...readConfig(), port: 0 };
  const server = await listen(config);
  await using browser = await launchChromium();
  const page = browser.context.pages()[0] ?? (await browser.context.newPage());
  await page.goto(`${config.scheme}://${config.embedHost}:${server.port}/`);
  await expect(page.locator('#output')).toHaveText('Hello from Node v24.12.0 in this tab\n', { timeout: 20_000 });
  await server.close();
});
