// A server with real boxes for tests, and one session in it as a client without a browser has it.
import { request, type IncomingHttpHeaders } from 'node:http';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { LinkStream, StreamOpening } from '#protocol';
import { readConfig, type ServerConfig } from '../config.ts';
import { listen, type RunningServer } from '../listen.ts';

export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
}

/** A folder for data and boxes that a box's own user can pass through. */
export function testFolder(): { readonly folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(tmpdir(), 'vkl-'));
  chmodSync(folder, 0o711);
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

export function testConfig(folder: string, port = 0, env: Readonly<Record<string, string>> = {}): ServerConfig {
  return readConfig({
    VERKLET_PORT: String(port),
    VERKLET_DATA: path.join(folder, 'data'),
    VERKLET_BOXES: path.join(folder, 'b'),
    VERKLET_DRIVER: 'process',
    VERKLET_REGISTRY: 'http://127.0.0.1:9/',
    ...env,
  });
}

export function startServer(folder: string): Promise<RunningServer> {
  return listen(testConfig(folder));
}

export function send(
  port: number,
  host: string,
  target: string,
  options: { method?: string; headers?: Readonly<Record<string, string>>; body?: string } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(
      { port, host: '127.0.0.1', path: target, method: options.method ?? 'GET', headers: { host: `${host}:${port}`, ...options.headers } },
      (answer) => {
        let text = '';
        answer.setEncoding('utf8');
        answer.on('data', (piece: string) => (text += piece));
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
        answer.on('error', reject);
      },
    );
    sent.on('error', reject);
    sent.end(options.body);
  });
}

export async function ask<T>(port: number, route: string, token: string, body: unknown = {}): Promise<T> {
  const headers: Record<string, string> = token === '' ? {} : { authorization: `Bearer ${token}` };
  const answer = await send(port, 'verklet.localhost', `/-/v1${route}`, { method: 'POST', headers, body: JSON.stringify(body) });
  const data = JSON.parse(answer.text) as T & { error?: { code: string } };
  if (answer.status !== 200) throw Object.assign(new Error(`${route}: ${answer.text}`), { status: answer.status, code: data.error?.code });
  return data;
}

export async function openSession(port: number, owner: string, workspace = 'w'): Promise<{ id: string; token: string }> {
  const grant = await ask<{ token: string }>(port, '/grants', '', { projectId: 'p', workspaceKey: workspace, installationId: owner });
  return ask(port, '/sessions', grant.token);
}

/** Starts a program in the box, past the WebSocket; resolves when it has written something. */
export async function startProgram(server: RunningServer, id: string, argv: readonly string[]): Promise<void> {
  const session = await (await server.sessions.sessions()).get(id);
  const opening: StreamOpening = { type: 'spawn', argv, cwd: '/workdir', env: {} };
  await new Promise<void>((resolve, reject) => {
    const stream: LinkStream = session.open(opening, {
      onData: (bytes) => {
        stream.taken(bytes.length);
        resolve();
      },
      onReset: (reason) => reject(new Error(JSON.stringify(reason))),
    });
  });
}
