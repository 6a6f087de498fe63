// The static export on a server that only serves files: the app opens, runs Node, previews, and comes back after a reload.
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { launchChromium } from './chromium.ts';

interface Rule {
  readonly pattern: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly file?: string;
}

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.webmanifest': 'application/manifest+json',
};

test('the exported files are the whole product, without our server', async () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'verklet-export-'));
  const server = await serve(folder);
  const { port } = server.address() as AddressInfo;
  const app = `http://static.localhost:${port}`;
  try {
    const script = [
      '--disable-warning=ExperimentalWarning',
      'scripts/export-static.ts',
      '--app',
      app,
      '--previews',
      `preview.static.localhost:${port}`,
    ];
    execFileSync(process.execPath, [...script, '--out', folder], { cwd: path.dirname(import.meta.dirname), stdio: 'ignore' });
    await using browser = await launchChromium();
    const page = browser.context.pages()[0] ?? (await browser.context.newPage());
    await page.goto(app);
    await page.getByRole('button', { name: /^HTTP server/ }).click();
    const screen = page.locator('.screen:not([hidden]) .xterm-rows');
    await expect(screen).toContainText('❯', { timeout: 30_000 });
    await expect(page.locator('.statusbar .host')).toHaveText(/browser/);
    await page.locator('.screen:not([hidden]) textarea').pressSequentially('node server.js\n');
    await expect(page.frameLocator('.page iframe').locator('body')).toContainText('Request number', { timeout: 30_000 });
    await expect(page.locator('.statusbar .stored')).toHaveAttribute('data-stored', 'saved');
    await page.reload();
    await expect(page.getByRole('tree')).toContainText('server', { timeout: 30_000 });
  } finally {
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    rmSync(folder, { recursive: true, force: true });
  }
});

/** Files below the folder of the host, with the first rule that fits: what nginx does with the exported configuration. */
async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const host = (request.headers.host ?? '').startsWith('static.') ? 'app' : 'previews';
    const { pathname } = new URL(request.url ?? '/', 'http://host');
    const { rules } = JSON.parse(readFileSync(path.join(folder, 'headers.json'), 'utf8')) as { rules: Record<string, Rule[]> };
    const rule = rules[host]?.find(({ pattern }) => new RegExp(pattern).test(pathname));
    const isFile = (name: string): boolean => statSync(path.join(folder, host, name), { throwIfNoEntry: false })?.isFile() === true;
    const name = isFile(pathname) && rule?.pattern !== '' ? pathname : (rule?.file ?? pathname);
    if (rule === undefined || pathname.includes('..') || !isFile(name)) return void response.writeHead(404).end();
    response.writeHead(200, { ...rule.headers, 'Content-Type': TYPES[path.extname(name)] ?? 'application/octet-stream' });
    response.end(readFileSync(path.join(folder, host, name)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}
