// The headless harness: the built product in a real Chromium, driven from a Node script. One browser holds thousands of
// spawns. Bytes cross as HTTP bodies and base64 over one binding, so they stay exact.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { randomUUID } from 'node:crypto';
import type { Page } from 'playwright';
import type { ExitStatus } from '#protocol';
import { readConfig, type ServerConfig } from '../server/config.ts';
import { listen, type RunningServer } from '../server/listen.ts';
import { launchChromium, type LaunchedBrowser } from './chromium.ts';

export interface HarnessOptions {
  /** A running server's configuration to use; absent: one is started on a free port. */
  readonly server?: Partial<ServerConfig>;
  /** Which accepted preview host to boot on. Default: the first (same site as the app). */
  readonly previewHost?: string;
  readonly env?: Readonly<Record<string, string>>;
}

export interface SpawnedResult extends ExitStatus {
  readonly stdout: Buffer;
  readonly stderr: Buffer;
  readonly timedOut: boolean;
}

export interface HarnessSpawnOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: Uint8Array | string;
  readonly timeoutMs?: number;
  /** Ends the process with SIGTERM, and with SIGKILL where that does not help. */
  readonly signal?: AbortSignal;
  /** Called with output as it arrives. */
  readonly onOutput?: (stream: 'stdout' | 'stderr', bytes: Buffer) => void;
}

export interface Harness extends AsyncDisposable {
  readonly page: Page;
  readonly server: RunningServer;
  readonly fs: {
    readFile(path: string): Promise<Buffer>;
    writeFile(path: string, content: Uint8Array | string): Promise<void>;
    rm(path: string): Promise<void>;
    mkdir(path: string): Promise<void>;
    readdir(path: string): Promise<string[]>;
    /** Unpacks a zip archive below `path`. */
    mountZip(zip: Uint8Array, path: string): Promise<void>;
  };
  spawn(command: string, args?: readonly string[], options?: HarnessSpawnOptions): Promise<SpawnedResult>;
  fetchPreview(
    port: number,
    path: string,
    init?: { method?: string; headers?: Record<string, string>; body?: string },
  ): Promise<{ status: number; headers: Record<string, string>; body: Buffer }>;
  close(): Promise<void>;
}

// What the page holds; see examples/embed/console.html, which puts the SDK on the global object.
declare global {
  // oxlint-disable-next-line no-var
  var verklet: Pick<typeof import('@verklet/sdk'), 'Runtime' | 'Workspaces'>;
  // oxlint-disable-next-line no-var
  var harnessRuntime: import('@verklet/sdk').Runtime;
  // oxlint-disable-next-line no-var
  var harnessProcesses: Map<string, import('@verklet/sdk').Process>;
  function harnessOutput(id: string, stream: string, base64: string): Promise<void>;
}

export async function launchRuntime(options: HarnessOptions = {}): Promise<Harness> {
  const base = readConfig();
  const config: ServerConfig = { ...base, port: 0, ...options.server };
  const server = await listen(config);
  const browser = await launchChromium();
  const exchange = await ByteExchange.start();
  try {
    const page = await openConsole(browser, `${config.scheme}://${config.embedHost}:${server.port}/console.html`);
    const previewHost = `${options.previewHost ?? config.previewHosts[0]}:${server.port}`;
    await page.evaluate(
      async ([host, env]) => {
        globalThis.harnessRuntime = await globalThis.verklet.Runtime.boot({ backend: 'browser', previewHost: host, env });
      },
      [previewHost, options.env ?? {}] as const,
    );
    return makeHarness(page, server, browser, exchange);
  } catch (error) {
    await browser[Symbol.asyncDispose]();
    await server.close();
    exchange.close();
    throw error;
  }
}

async function openConsole(browser: LaunchedBrowser, url: string): Promise<Page> {
  const page = browser.context.pages()[0] ?? (await browser.context.newPage());
  await page.goto(url);
  await page.waitForFunction(() => 'verklet' in globalThis);
  return page;
}

function makeHarness(page: Page, server: RunningServer, browser: LaunchedBrowser, exchange: ByteExchange): Harness {
  const listeners = new Map<string, (stream: 'stdout' | 'stderr', bytes: Buffer) => void>();
  const bound = page.exposeFunction('harnessOutput', (id: string, stream: 'stdout' | 'stderr', base64: string) => {
    listeners.get(id)?.(stream, Buffer.from(base64, 'base64'));
  });
  const close = async (): Promise<void> => {
    await page.evaluate(() => globalThis.harnessRuntime.dispose()).catch(() => undefined); // the page may be gone already
    await browser[Symbol.asyncDispose]();
    await server.close();
    exchange.close();
  };
  return {
    page,
    server,
    fs: {
      readFile: async (path) => Buffer.from(await page.evaluate(readBase64, path), 'base64'),
      writeFile: async (path, content) => {
        const url = exchange.offer(Buffer.from(content));
        await page.evaluate(
          async ([to, from]) => globalThis.harnessRuntime.fs.writeFile(to, new Uint8Array(await (await fetch(from)).arrayBuffer())),
          [path, url] as const,
        );
      },
      rm: (path) => page.evaluate((target) => globalThis.harnessRuntime.fs.rm(target, { recursive: true, force: true }), path),
      mkdir: (path) => page.evaluate((target) => globalThis.harnessRuntime.fs.mkdir(target, { recursive: true }), path),
      readdir: (path) => page.evaluate((target) => globalThis.harnessRuntime.fs.readdir(target), path),
      mountZip: async (zip, path) => {
        const url = exchange.offer(Buffer.from(zip));
        await page.evaluate(
          async ([to, from]) => globalThis.harnessRuntime.fs.mount(new Uint8Array(await (await fetch(from)).arrayBuffer()), to),
          [path, url] as const,
        );
      },
    },
    async spawn(command, args = [], spawnOptions = {}) {
      await bound;
      const id = randomUUID();
      const chunks = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
      listeners.set(id, (stream, bytes) => {
        chunks[stream].push(bytes);
        spawnOptions.onOutput?.(stream, bytes);
      });
      const { onOutput: _, stdin, signal, ...rest } = spawnOptions;
      const end = (): void => void page.evaluate(endInPage, id).catch(() => undefined); // the page may be gone already
      signal?.addEventListener('abort', end, { once: true });
      const input = stdin === undefined ? null : Buffer.from(stdin).toString('base64');
      const status = await page.evaluate(runInPage, { id, command, args: [...args], options: rest, input });
      listeners.delete(id);
      signal?.removeEventListener('abort', end);
      return { ...status, stdout: Buffer.concat(chunks.stdout), stderr: Buffer.concat(chunks.stderr) };
    },
    async fetchPreview(port, path, init = {}) {
      const answer = await page.evaluate(fetchInPage, { port, path, init });
      return { ...answer, body: Buffer.from(answer.body, 'base64') };
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

// The functions below run in the page: no references to this module's scope.

async function readBase64(path: string): Promise<string> {
  const bytes = await globalThis.harnessRuntime.fs.readFile(path);
  let text = '';
  for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
  return btoa(text);
}

interface PageSpawn {
  id: string;
  command: string;
  args: string[];
  options: { cwd?: string; env?: Readonly<Record<string, string>>; timeoutMs?: number };
  input: string | null;
}

async function runInPage({ id, command, args, options, input }: PageSpawn): Promise<ExitStatus & { timedOut: boolean }> {
  const encode = (bytes: Uint8Array): string => {
    let text = '';
    for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
    return btoa(text);
  };
  const { timeoutMs, ...rest } = options;
  const stdin = Uint8Array.from(atob(input ?? ''), (character) => character.charCodeAt(0));
  const process = await globalThis.harnessRuntime.spawn(command, args, { ...rest, stdin });
  (globalThis.harnessProcesses ??= new Map()).set(id, process);
  let timedOut = false;
  const timer = timeoutMs === undefined ? undefined : setTimeout(() => ((timedOut = true), process.kill('SIGKILL')), timeoutMs);
  const drain = async (name: string, stream: ReadableStream<Uint8Array>): Promise<void> => {
    const reader = stream.getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read())
      await globalThis.harnessOutput(id, name, encode(next.value));
  };
  const [status] = await Promise.all([process.exit, drain('stdout', process.output), drain('stderr', process.errors)]);
  clearTimeout(timer);
  globalThis.harnessProcesses.delete(id);
  return { code: status.code, signal: status.signal, timedOut };
}

async function endInPage(id: string): Promise<void> {
  const process = globalThis.harnessProcesses.get(id);
  process?.kill('SIGTERM');
  await Promise.race([process?.exit, new Promise((resolve) => setTimeout(resolve, 3000))]);
  if (globalThis.harnessProcesses.has(id)) process?.kill('SIGKILL');
}

async function fetchInPage({
  port,
  path,
  init,
}: {
  port: number;
  path: string;
  init: RequestInit;
}): Promise<{ status: number; headers: Record<string, string>; body: string }> {
  const response = await globalThis.harnessRuntime.fetchPreview(port, path, init);
  const bytes = new Uint8Array(await response.arrayBuffer());
  let text = '';
  for (let i = 0; i < bytes.length; i += 32_768) text += String.fromCharCode(...bytes.subarray(i, i + 32_768));
  return { status: response.status, headers: Object.fromEntries(response.headers), body: btoa(text) };
}

/** Hands large byte strings to the page over loopback HTTP: cheaper and safer than through the debugging protocol. */
class ByteExchange {
  readonly #offers = new Map<string, Buffer>();
  readonly #server: Server;
  readonly #port: number;

  private constructor(server: Server) {
    this.#server = server;
    this.#port = (server.address() as AddressInfo).port;
    server.on('request', (request, response) => {
      const key = request.url ?? '';
      const bytes = this.#offers.get(key);
      this.#offers.delete(key);
      response.writeHead(bytes ? 200 : 404, { 'Access-Control-Allow-Origin': '*', 'Cross-Origin-Resource-Policy': 'cross-origin' });
      response.end(bytes);
    });
  }

  static async start(): Promise<ByteExchange> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new ByteExchange(server);
  }

  /** A URL from which the page may fetch the bytes once. */
  offer(bytes: Buffer): string {
    const key = `/${randomUUID()}`;
    this.#offers.set(key, bytes);
    return `http://127.0.0.1:${this.#port}${key}`;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
