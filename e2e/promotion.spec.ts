// The headline story: a command that needs Linux goes on in a server session, in the same terminal, and comes back.
import { expect, test, type Page } from 'playwright/test';
import { readConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';
import { CuttableNetwork } from './cuttable-network.fixture.ts';

test.describe.configure({ mode: 'serial' });

let server: RunningServer;
let browser: LaunchedBrowser;
let page: Page;
let network: CuttableNetwork;
/** A minute in the slow lane (`npm run test:docker -- stories`). */
const CUT_MS = Number(process.env['VERKLET_TEST_CUT_SECONDS'] ?? 8) * 1000;
const noteSkip = { reason: '' };

test.beforeAll(async () => {
  const config = readConfig();
  network = await CuttableNetwork.open();
  server = await listen({ ...config, port: 0, publicPort: network.port });
  network.leadTo(server.port);
  const status = await server.sessions.status();
  if (status.sessions === 'unavailable') noteSkip.reason = `no sessions here: ${status.reason}`;
  browser = await launchChromium();
  page = browser.context.pages()[0] ?? (await browser.context.newPage());
  page.on('dialog', (dialog) => void dialog.accept());
  await page.goto(`${config.scheme}://${config.appHost}:${network.port}/`);
});
test.afterAll(async () => {
  await browser[Symbol.asyncDispose]();
  await network.close();
  await server.close();
});
test.beforeEach(() => {
  test.skip(noteSkip.reason !== '', noteSkip.reason);
});

test('an Express app runs in the tab', async () => {
  await page.getByRole('button', { name: /^Express/ }).click();
  await expect(screen()).toContainText('❯');
  await page.getByRole('button', { name: 'npm ci' }).click();
  await expect(screen()).toContainText(/added \d+ packages/, { timeout: 60_000 });
  await page.getByRole('button', { name: 'node server.js' }).click();
  await expect(preview().getByRole('heading')).toHaveText('Hello from Express', { timeout: 30_000 });
  await expect(page.locator('.statusbar .host')).toHaveText(/browser/);
});

test('a compiler asks before it leaves the tab, says why, and answers in the same terminal', async () => {
  await page.getByRole('button', { name: 'New terminal' }).click();
  await expect(screen()).toContainText('❯');
  await type(`printf '#include <stdio.h>\\nint main(void){puts("hello from gcc");return 0;}\\n' > hello.c`);
  await type('gcc hello.c && ./a.out');
  const dialog = page.getByRole('dialog', { name: 'Run this on the server?' });
  await expect(dialog).toContainText('gcc hello.c');
  await expect(dialog).toContainText('a native compiler');
  await page.screenshot({ path: test.info().outputPath('dialog.png') });
  await dialog.getByRole('button', { name: 'Run on the server' }).click();
  await expect(screen()).toContainText('hello from gcc', { timeout: 30_000 });
  await expect(screen()).toContainText('gcc needs a server session: a native compiler');
  await expect(page.locator('.statusbar .host')).toHaveAttribute('data-host', 'active');
});

test('what the server wrote is in the explorer, and the preview is the same page at the same address', async () => {
  await expect(page.getByRole('tree')).toContainText('a.out');
  await preview().getByRole('button').click();
  await expect(preview().locator('output')).toContainText('Node v24.12.0');
});

test('a package with compiled code runs there, in the session', async () => {
  await type('mkdir -p native && cd native && npm init -y >/dev/null && npm install @node-rs/crc32 2>&1 | tail -3');
  await expect(screen()).toContainText(/added \d+ package/, { timeout: 90_000 });
  await type(`node -e "console.log('crc', require('@node-rs/crc32').crc32('hello'), process.platform)"`);
  await expect(screen()).toContainText('crc 907060870 linux', { timeout: 30_000 });
  await type('cd ..');
});

test('a server of the session is previewed at the same kind of address', async () => {
  await page.getByRole('button', { name: 'New terminal' }).click();
  await expect(screen()).toContainText('❯');
  await type(
    `node -e "require('http').createServer((q,r)=>r.end('<h1>from '+require('os').hostname()+'</h1>')).listen(4100,()=>console.log('up'))"`,
  );
  await expect(screen()).toContainText('up', { timeout: 20_000 });
  await expect(preview().getByRole('heading')).toHaveText('from verklet', { timeout: 30_000 });
});

test('a link shows that server to a browser without the workspace, once', async () => {
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.locator('.statusbar .host').click();
  const panel = page.getByRole('dialog', { name: 'Server session' });
  await panel.getByRole('listitem').filter({ hasText: ':4100' }).getByRole('button', { name: 'Copy a link' }).click();
  await expect(page.locator('.notices')).toContainText('Copied');
  const link = await page.evaluate(() => navigator.clipboard.readText());
  await panel.getByRole('button', { name: 'Close' }).click();
  await using elsewhere = await launchChromium();
  const other = elsewhere.context.pages()[0] ?? (await elsewhere.context.newPage());
  await other.goto(link);
  await expect(other.getByRole('heading')).toHaveText('from verklet');
  expect(other.url()).toBe(`${new URL(link).origin}/`);
  await other.reload();
  await expect(other.getByRole('heading')).toHaveText('from verklet');
  await elsewhere.context.clearCookies();
  expect((await other.goto(link))?.status()).toBe(403);
  await page.locator('.screen:not([hidden]) textarea').press('Control+c');
});

test('the network is cut for a while: no line is missing and none comes twice', async () => {
  await page.getByRole('button', { name: 'New terminal' }).click();
  await expect(screen()).toContainText('❯');
  await type('gcc --version | head -1');
  await expect(screen()).toContainText('gcc (', { timeout: 20_000 });
  await type(
    `python3 -u -c "import time;[(print('line',n,flush=True),time.sleep(0.05)) for n in range(1,301)]" > /workdir/lines.txt; wc -l lines.txt; sort lines.txt | uniq | wc -l`,
  );
  await page.waitForTimeout(1500);
  network.cut();
  // Found out by silence: the operating system would say so in a quarter of an hour.
  await expect(page.locator('.statusbar .host')).toContainText('reconnecting', { timeout: 20_000 });
  await page.waitForTimeout(CUT_MS);
  network.restore();
  await expect(page.locator('.statusbar .host')).toHaveText(/server$/, { timeout: 20_000 });
  await expect(screen()).toContainText('300 lines.txt', { timeout: 60_000 });
  // The rows are read without their line ends: the second count stands right after the first.
  await expect(screen()).toContainText('300 lines.txt300');
});

test('demoting brings every file back, and the tab runs alone again', async () => {
  await page.locator('.statusbar .host').click();
  const panel = page.getByRole('dialog', { name: 'Server session' });
  await expect(panel).toContainText('Limits');
  await page.screenshot({ path: test.info().outputPath('panel.png') });
  await panel.getByRole('button', { name: 'Bring everything back and stop' }).click();
  await expect(panel).toContainText('Everything runs in the browser', { timeout: 20_000 });
  await panel.getByRole('button', { name: 'Close' }).click();
  await expect(page.locator('.statusbar .host')).toHaveText(/browser/);
  await type("node -p \"require('fs').readFileSync('lines.txt','utf8').split('\\n').length + ' lines kept'\"");
  await expect(screen()).toContainText('301 lines kept', { timeout: 20_000 });
  expect((await server.sessions.status()).live).toBe(0);
});

function screen() {
  return page.locator('.screen:not([hidden]) .xterm-rows');
}
function preview() {
  return page.frameLocator('.page iframe');
}
async function type(line: string): Promise<void> {
  const input = page.locator('.screen:not([hidden]) textarea');
  await input.pressSequentially(line);
  await input.press('Enter');
}
