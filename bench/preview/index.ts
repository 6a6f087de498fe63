// Previews against a native server on loopback: one page asks both in turn. The browser runs without developer tools, which
// would slow service workers down.
import { spawn } from 'node:child_process';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { build } from 'vite';
import { flags } from '../../e2e/chromium.ts';
import { findBrowser } from '../../scripts/setup.mjs';
import { readConfig } from '../../server/config.ts';
import { listen } from '../../server/listen.ts';
import { median, percentile, row, type BenchRow } from '../rows.ts';

type Sides = Readonly<Record<'ours' | 'native', readonly number[]>>;

interface Report {
  readonly small: Sides;
  readonly mega: Sides;
  readonly events: Sides;
  readonly error?: string;
}

const program = path.join(import.meta.dirname, 'server.cjs');
const { answer } = createRequire(import.meta.url)(program) as { answer(request: IncomingMessage, response: ServerResponse): void };
const TIMEOUT_MS = 120_000;

export async function rows(): Promise<BenchRow[]> {
  const config = { ...readConfig(), port: 0 };
  await buildPage(config.distFolder);
  const server = await listen(config);
  const reported = Promise.withResolvers<Report>();
  const native = await startNative(reported.resolve);
  const profile = mkdtempSync(path.join(tmpdir(), 'verklet-bench-'));
  const nativeUrl = `http://127.0.0.1:${(native.address() as AddressInfo).port}`;
  const query = new URLSearchParams({ native: nativeUrl, previewHost: `${config.previewHosts[0] ?? ''}:${server.port}` });
  const browser = spawn(
    findBrowser() ?? '',
    [...flags, '--headless=new', `--user-data-dir=${profile}`, `http://${config.embedHost}:${server.port}/page.html?${query}`],
    { stdio: 'ignore' },
  );
  const timer = setTimeout(() => reported.reject(new Error('the page did not report in time')), TIMEOUT_MS);
  try {
    const { small, mega, events, error } = await reported.promise;
    if (error !== undefined) throw new Error(error);
    return [
      row('preview-1kb-p50', 'ms', median(small.ours), median(small.native), { atMostRatio: 1.3 }),
      row('preview-1kb-p95', 'ms', percentile(small.ours, 0.95), null, { atMost: 10 }),
      row('preview-1mb-16-in-flight', 'MB/s', median(mega.ours), median(mega.native), { atLeastRatio: 0.8 }),
      row('preview-sse-first', 'ms', median(events.ours), median(events.native), { atMostRatio: 1.2 }),
    ];
  } finally {
    clearTimeout(timer);
    browser.kill('SIGKILL');
    await new Promise((resolve) => browser.once('exit', resolve));
    native.close();
    native.closeAllConnections();
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function startNative(onReport: (report: Report) => void): Promise<Server> {
  const server = createServer((request, response) => {
    if (request.url === '/program') response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end(readFileSync(program));
    else if (request.url === '/report') {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => onReport(JSON.parse(text) as Report));
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end();
    } else answer(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

async function buildPage(dist: string): Promise<void> {
  await build({
    configFile: false,
    root: import.meta.dirname,
    logLevel: 'warn',
    build: {
      outDir: path.join(dist, 'embed'),
      emptyOutDir: false,
      target: 'es2024',
      rolldownOptions: { input: path.join(import.meta.dirname, 'page.html') },
    },
  });
}
