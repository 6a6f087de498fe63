// Runs a program in the tab in a browser without developer tools, which keep service workers alive and slow them down. The
// program's own page does the work and reports over HTTP. Runs in Node.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'vite';
import { findBrowser } from '../../scripts/setup.mjs';
import { readConfig } from '../../server/config.ts';
import { listen } from '../../server/listen.ts';
import { flags } from '../chromium.ts';

export interface UnattendedRun {
  /** A CommonJS file that listens on port 3000; its page posts one JSON report to `<query parameter native>/report`. */
  readonly program: string;
  /** Answers what the page asks of the native server besides. */
  readonly native?: RequestListener;
  readonly timeoutMs: number;
}

/** The page's report. Rejects with what the page reported as `error`, and when the time is up. */
export async function runUnattended<Report extends object>({ program, native, timeoutMs }: UnattendedRun): Promise<Report> {
  const config = { ...readConfig(), port: 0 };
  await buildPage(config.distFolder);
  const server = await listen(config);
  const reported = Promise.withResolvers<Report & { error?: string }>();
  const reporter = await startReporter(program, native, (text) => reported.resolve(JSON.parse(text)));
  const profile = mkdtempSync(path.join(tmpdir(), 'verklet-unattended-'));
  const query = new URLSearchParams({
    native: `http://127.0.0.1:${(reporter.address() as AddressInfo).port}`,
    previewHost: `${config.previewHosts[0] ?? ''}:${server.port}`,
  });
  const browser = spawn(
    findBrowser() ?? '',
    [...flags, '--headless=new', `--user-data-dir=${profile}`, `http://${config.embedHost}:${server.port}/page.html?${query}`],
    { stdio: 'ignore' },
  );
  const timer = setTimeout(() => reported.reject(new Error('the page did not report in time')), timeoutMs);
  try {
    const report = await reported.promise;
    if (report.error !== undefined) throw new Error(report.error);
    return report;
  } finally {
    clearTimeout(timer);
    browser.kill('SIGKILL');
    await new Promise((resolve) => browser.once('exit', resolve));
    reporter.close();
    reporter.closeAllConnections();
    await server.close();
    rmSync(profile, { recursive: true, force: true });
  }
}

async function startReporter(program: string, native: RequestListener | undefined, onReport: (text: string) => void): Promise<Server> {
  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    if (request.url === '/program') response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end(readFileSync(program));
    else if (request.url === '/report') {
      let text = '';
      request.on('data', (chunk: Buffer) => (text += chunk.toString()));
      request.on('end', () => onReport(text));
      response.writeHead(200, { 'Access-Control-Allow-Origin': '*' }).end();
    } else if (native) native(request, response);
    else response.writeHead(404).end();
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
