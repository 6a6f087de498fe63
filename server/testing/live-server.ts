// A server process of its own that a test may kill, and a client of it without a browser: HTTP, WebSocket, records.
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import { createBLAKE3 } from 'hash-wasm';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import {
  decodePack,
  decodeTree,
  encodePack,
  encodeTree,
  LinkEndpoint,
  type LinkStream,
  type PackedRecord,
  type ProcessEvent,
  type StreamOpening,
} from '#protocol';

export class LiveServer {
  readonly child: ChildProcess;
  readonly base: string;
  private constructor(child: ChildProcess, base: string) {
    this.child = child;
    this.base = base;
  }

  static async start(folder: string, more: Readonly<Record<string, string>> = {}): Promise<LiveServer> {
    const env = {
      ...process.env,
      VERKLET_PORT: '0',
      VERKLET_DATA: path.join(folder, 'data'),
      VERKLET_BOXES: path.join(folder, 'b'),
      VERKLET_DRIVER: 'process',
      VERKLET_REGISTRY: 'http://127.0.0.1:9/',
      ...more,
    };
    const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', 'server/main.ts'], {
      env,
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const base = await new Promise<string>((resolve) => {
      let text = '';
      child.stdout.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        const port = /ready: http:\/\/[^:]+:(\d+)/.exec(text)?.[1];
        if (port !== undefined) resolve(`http://127.0.0.1:${port}`);
      });
    });
    return new LiveServer(child, base);
  }

  async end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = new Promise((resolve) => this.child.once('exit', resolve));
    this.child.kill(signal);
    await ended;
  }
}

export class Client {
  token = '';
  id = '';
  root: string | null = null;
  readonly number = Math.ceil(Math.random() * 0xffffffff);
  readonly endpoint = new LinkEndpoint({ role: 'client' }, {});
  socket: WebSocket | null = null;
  server: LiveServer;

  constructor(server: LiveServer) {
    this.server = server;
  }

  async ask<T>(method: string, route: string, body?: unknown, token = this.token): Promise<T> {
    const response = await fetch(`${this.server.base}/-/v1${route}`, {
      method,
      headers: token === '' ? {} : { authorization: `Bearer ${token}` },
      ...(body === undefined ? {} : { body: body instanceof Uint8Array ? (body as Uint8Array<ArrayBuffer>) : JSON.stringify(body) }),
    });
    if (!response.ok) throw Object.assign(new Error(`${route}: ${response.status}`), { status: response.status });
    const isJson = (response.headers.get('content-type') ?? '').includes('json');
    return (isJson ? await response.json() : new Uint8Array(await response.arrayBuffer())) as T;
  }

  async open(workspace: string): Promise<void> {
    const grant = await this.ask<{ token: string }>(
      'POST',
      '/grants',
      { projectId: 'p', workspaceKey: workspace, installationId: 'i' },
      '',
    );
    const session = await this.ask<{ id: string; root: string | null; token: string }>('POST', '/sessions', {}, grant.token);
    ({ id: this.id, root: this.root, token: this.token } = session);
  }

  async connect(): Promise<void> {
    const { origin } = new URL(this.server.base);
    const socket = new WebSocket(`${this.server.base.replace('http', 'ws')}/-/v1/sessions/${this.id}/stream`, {
      origin: `http://verklet.localhost:${new URL(origin).port}`,
    });
    this.socket = socket;
    await new Promise<void>((resolve, reject) => {
      socket.on('open', () => socket.send(JSON.stringify({ type: 'authenticate', token: this.token, client: this.number })));
      socket.on('message', (data: Buffer, isBinary) => {
        if (isBinary) this.endpoint.receive(new Uint8Array(data));
        else {
          this.endpoint.attach((frame) => socket.readyState === WebSocket.OPEN && socket.send(frame));
          resolve();
        }
      });
      socket.on('close', (code) => {
        this.endpoint.detach();
        reject(new Error(`closed ${code}`));
      });
      socket.on('error', reject);
    });
    while (!this.endpoint.isReady) {
      if (socket.readyState !== WebSocket.OPEN) throw new Error('closed before the agent had answered');
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** A program whose output is collected while it runs. */
  start(argv: readonly string[]): { output: () => string; exit: Promise<number | null> } {
    let output = '';
    const exited = Promise.withResolvers<number | null>();
    const stream: LinkStream = this.endpoint.open({ type: 'spawn', argv, cwd: '/workdir', env: {} } satisfies StreamOpening, {
      onData: (bytes) => {
        output += new TextDecoder().decode(bytes);
        stream.taken(bytes.length);
      },
      onMessage: (message) => {
        const event = message as ProcessEvent;
        if (event.type === 'exited') exited.resolve(event.status.code);
        else if (event.type === 'failed') exited.reject(new Error(event.message));
      },
      onReset: (reason) => exited.reject(new Error(JSON.stringify(reason))),
    });
    exited.promise.catch(() => undefined); // a test that ends the box does not wait for it
    return { output: () => output, exit: exited.promise };
  }

  async commit(files: Readonly<Record<string, string>>): Promise<void> {
    const hasher = await createBLAKE3();
    const record = (type: 'blob' | 'tree', payload: Uint8Array): PackedRecord => ({
      type,
      payload,
      key: hasher
        .init()
        .update(Uint8Array.of(type === 'blob' ? 0 : 1))
        .update(payload)
        .digest('hex'),
    });
    const blobs = Object.entries(files).map(([name, content]) => ({ name, blob: record('blob', new TextEncoder().encode(content)) }));
    const tree = record('tree', encodeTree(blobs.map(({ name, blob }) => ({ name, mode: 0o100644, mtimeMs: 0, key: blob.key }))));
    await this.ask('PUT', '/records', encodePack([...blobs.map(({ blob }) => blob), tree]));
    await this.ask('POST', `/sessions/${this.id}/root`, { base: this.root, root: tree.key });
    this.root = tree.key;
  }

  async names(root: string): Promise<string[]> {
    const pack = decodePack(await this.ask<Uint8Array>('POST', '/records/read', { keys: [root] }));
    return (decodeTree(pack?.[0]?.payload ?? new Uint8Array(0)) ?? []).map(({ name }) => name).sort();
  }

  async info(): Promise<{ root: string | null }> {
    return this.ask('GET', `/sessions/${this.id}`);
  }
}

export const until = async (isTrue: () => boolean | Promise<boolean>): Promise<void> => {
  for (let tries = 0; tries < 400 && !(await isTrue()); tries++) await new Promise((resolve) => setTimeout(resolve, 25));
  expect(await isTrue()).toBe(true);
};
