// Python without a network, once its pack is kept: the server process is killed and the browser started again with the same
// profile. Also the pack itself: stopped and gone on with, no room, taken away.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test, type Page } from 'playwright/test';
import type { PackFile } from '#protocol';
import { readConfig } from '../server/config.ts';
import { openApp, run, saved, screen, violations } from './app.fixture.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';
import { startServerProcess, type ServerProcess } from './server-process.fixture.ts';

const WRITE_CSV = `node -e 'require("fs").writeFileSync("data.csv", "name,n\\none,30\\ntwo,80\\n")'`;
const DRAW = [
  'import csv',
  `bars = "".join("<rect y='%d' width='%s' height='8' />" % (10 * i, row["n"]) for i, row in enumerate(csv.DictReader(open("data.csv"))))`,
  `open("chart.svg", "w").write("<svg xmlns='http://www.w3.org/2000/svg' width='99' height='20'>" + bars + "</svg>")`,
  'open("index.html", "w").write("<h1>Chart</h1><img src=chart.svg>")',
  'print("drew", bars.count("<rect"), "bars")',
].join('; ');

// A preview host of the app's own site, and one of another site: storage of the page, used by another origin.
for (const previewHost of ['preview.verklet.localhost', 'xpreview.localhost']) {
  test.describe(`with previews on ${previewHost}`, () => {
    test.describe.configure({ mode: 'serial' });
    const profile = mkdtempSync(path.join(tmpdir(), 'verklet-python-offline-'));
    let server: ServerProcess;
    let origin = '';
    let browser: LaunchedBrowser;
    let page: Page;

    test.beforeAll(async () => {
      server = await startServerProcess(previewHost);
      origin = server.origin;
      await openBrowser();
      await page.goto(origin);
    });
    test.afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      await server.kill();
      rmSync(profile, { recursive: true, force: true });
    });

    async function openBrowser(): Promise<void> {
      browser = await launchChromium({ profile });
      page = browser.context.pages()[0] ?? (await browser.context.newPage());
      page.on('dialog', (dialog) => void dialog.accept());
    }

    async function drawAndServe(): Promise<void> {
      await run(page, 'python3 draw.py');
      await expect(screen(page)).toContainText('drew 2 bars', { timeout: 30_000 });
      await run(page, 'clear; python3 -m http.server 8000');
      const preview = page.frameLocator('.page iframe');
      await expect(preview.getByRole('heading')).toHaveText('Chart', { timeout: 30_000 });
      await expect(preview.locator('img')).toHaveJSProperty('naturalWidth', 99);
      await page.locator('.screen:not([hidden]) textarea').press('Control+c');
      await expect(screen(page)).toContainText('Keyboard interrupt received, exiting.');
      await run(page, 'echo "status $?"');
      await expect(screen(page)).toContainText(/status \d+/);
    }

    test('without room the pack is refused, and the page says so', async () => {
      await page.getByRole('button', { name: 'Storage', exact: true }).click();
      const session = await browser.context.newCDPSession(page);
      const { usage = 0 } = await page.evaluate(() => navigator.storage.estimate());
      await session.send('Storage.overrideQuotaForOrigin', { origin, quotaSize: usage + 50_000_000 });
      await page.getByRole('button', { name: 'Keep Python here' }).click();
      await expect(page.locator('.pack').getByRole('alert')).toContainText('The browser has no room to save Python', { timeout: 20_000 });
      await expect(page.locator('.pack')).toContainText(/\d MB of 101 MB are here/);
      await session.send('Storage.overrideQuotaForOrigin', { origin });
      await page.getByRole('button', { name: 'Erase everything' }).click();
      await expect(page.getByRole('dialog')).toHaveCount(0);
      await page.getByRole('button', { name: 'Storage', exact: true }).click();
      await expect(page.locator('.usage')).toContainText('not kept');
    });

    test('a download that is stopped goes on later, and the pack is counted', async () => {
      const section = page.locator('.pack');
      await section.getByRole('button', { name: 'Keep Python here' }).click();
      await expect(section.getByRole('progressbar')).toBeVisible();
      await expect
        .poll(() => section.getByRole('progressbar').getAttribute('value').then(Number), { intervals: [20] })
        .toBeGreaterThan(3e6);
      await section.getByRole('button', { name: 'Cancel' }).click();
      await expect(section).toContainText(/MB of 101 MB are here/);
      await section.getByRole('button', { name: 'Go on' }).click();
      await expect(section).toContainText('Python and pip start without a network', { timeout: 60_000 });
      await expect(page.locator('.usage')).toContainText('101 MB for use without a network');
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        expect(await violations(page)).toEqual([]);
        await page.screenshot({ path: test.info().outputPath(`storage-${colorScheme}.png`) });
      }
      await page.getByRole('button', { name: 'Close', exact: true }).click();
    });

    test('Node writes data, Python draws it, serves it, and is interrupted', async () => {
      await page.getByRole('button', { name: /^Node script/ }).click();
      await run(page, WRITE_CSV);
      await run(page, `cat > draw.py <<'END'`);
      for (const line of [DRAW, 'END']) {
        await page.locator('.screen:not([hidden]) textarea').pressSequentially(line);
        await page.locator('.screen:not([hidden]) textarea').press('Enter');
      }
      await drawAndServe();
      await expect(page.locator('.offline-ready')).toBeVisible({ timeout: 90_000 });
      await saved(page);
    });

    test('with the server dead and the browser restarted, Python starts', async () => {
      const session = await browser.context.newCDPSession(page);
      await session.send('Network.clearBrowserCache');
      await browser[Symbol.asyncDispose]();
      await server.kill();
      await openBrowser();
      await page.goto(origin);
      await page.getByRole('button', { name: /^Node script (?!One)/ }).click();
      await expect(page.getByRole('tree')).toContainText('draw.py', { timeout: 20_000 });
      await run(page, "python3 -c 'print(40 + 2)'");
      await expect(screen(page)).toContainText('42', { timeout: 30_000 });
      await run(page, 'pip --version');
      await expect(screen(page)).toContainText(/pip \d+\.\d+.* \(python 3\.14\)/, { timeout: 30_000 });
    });

    test('the same works there: written, drawn, served, interrupted, and still there after a reload', async () => {
      await run(page, `clear; rm data.csv chart.svg index.html; ${WRITE_CSV}`);
      await drawAndServe();
      await saved(page);
      await page.reload();
      for (const name of ['data.csv', 'draw.py', 'chart.svg'])
        await expect(page.getByRole('tree')).toContainText(name, { timeout: 20_000 });
      await run(page, `python3 -c 'print(open("chart.svg").read().count("rect"), "found")'`);
      await expect(screen(page)).toContainText('2 found', { timeout: 30_000 });
      await page.screenshot({ path: test.info().outputPath('python-offline.png') });
    });

    test('taken away, it is gone', async () => {
      await page.getByRole('button', { name: 'Close workspace' }).click();
      await page.getByRole('button', { name: 'Storage', exact: true }).click();
      await page.getByRole('button', { name: 'Remove Python' }).click();
      await expect(page.getByRole('button', { name: 'Keep Python here' })).toBeVisible();
      await page.getByRole('button', { name: 'Keep Python here' }).click();
      await expect(page.locator('.pack').getByRole('alert')).toContainText('the server does not answer', { timeout: 30_000 });
      await expect(page.getByRole('button', { name: 'Keep Python here' })).toBeVisible();
      await page.getByRole('button', { name: 'Close', exact: true }).click();
      await page.getByRole('button', { name: /^Node script (?!One)/ }).click();
      await run(page, 'python3 -c "print(40 + 2)"');
      await expect(screen(page)).toContainText(/python3: Python could not be loaded: there is no network/, { timeout: 30_000 });
    });
  });
}

test('a new version of Python is fetched by itself where the old one is kept', async () => {
  await using app = await openApp({ copiesBuild: true });
  const { page, dist } = app;
  const listFile = path.join(dist, 'preview/__verklet/python-pack.json');
  rmSync(`${listFile}.br`, { force: true });
  const files = (JSON.parse(readFileSync(listFile, 'utf8')) as PackFile[]).toSorted((a, b) => a.sizeBytes - b.sizeBytes);
  const [small, next] = [files.slice(0, 2), files.slice(1, 3)];
  writeFileSync(listFile, JSON.stringify(small));
  await page.goto(`http://${readConfig().appHost}:${app.server.port}/`);
  await page.getByRole('button', { name: 'Storage', exact: true }).click();
  await page.getByRole('button', { name: 'Keep Python here' }).click();
  await expect(page.locator('.pack')).toContainText('start without a network');
  expect(await keptFiles(page)).toEqual(urlsOf(small));

  writeFileSync(listFile, JSON.stringify(next));
  await page.getByRole('button', { name: 'Close', exact: true }).click();
  await page.getByRole('button', { name: /^Node script/ }).click();
  await expect.poll(() => keptFiles(page), { timeout: 60_000 }).toEqual(urlsOf(next));
});

function urlsOf(files: readonly PackFile[]): string[] {
  return files.map(({ url }) => url).toSorted();
}

function keptFiles(page: Page): Promise<string[]> {
  return page.evaluate(
    () =>
      new Promise<string[]>((resolve, reject) => {
        const opening = indexedDB.open('verklet-python-pack');
        opening.onerror = () => reject(opening.error as DOMException);
        opening.onsuccess = () => {
          const reading = opening.result.transaction('files').objectStore('files').getAllKeys();
          reading.onsuccess = () => {
            resolve(
              reading.result
                .map(String)
                .filter((key) => key.startsWith('/'))
                .toSorted(),
            );
            opening.result.close();
          };
        };
      }),
  );
}
