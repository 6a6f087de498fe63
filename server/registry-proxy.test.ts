// The registry proxy against a loopback registry: what passes, what is cached, what is refused.
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createRegistryProxy, type RegistryProxy } from './registry-proxy.ts';

let upstream: Server;
let cache: string;
let proxy: RegistryProxy;
let seen: { url: string; accept: string; ifNoneMatch: string }[];

beforeEach(async () => {
  seen = [];
  cache = mkdtempSync(path.join(tmpdir(), 'verklet-registry-'));
  upstream = createServer((request, response) => {
    seen.push({ url: request.url ?? '', accept: request.headers.accept ?? '', ifNoneMatch: request.headers['if-none-match'] ?? '' });
    if (request.url?.includes('missing')) return response.writeHead(404).end();
    if (request.headers['if-none-match'] === '"v1"') return response.writeHead(304).end();
    response.writeHead(200, { ETag: '"v1"', 'Content-Type': 'application/json' });
    return response.end(request.url?.endsWith('.tgz') ? 'tarball bytes' : JSON.stringify({ name: 'left', versions: {} }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  proxy = createRegistryProxy(`http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`, cache);
});

afterEach(() => {
  upstream.close();
  upstream.closeAllConnections();
  rmSync(cache, { recursive: true, force: true });
});

const get = (registryPath: string, headers: Record<string, string> = {}): Promise<Response> =>
  proxy.handle(registryPath, new Request(`http://verklet.localhost/-/registry/${registryPath}`, { headers }));

test('a tarball is fetched once and then served from disk', async () => {
  expect(await (await get('left/-/left-1.0.0.tgz')).text()).toBe('tarball bytes');
  const again = await get('left/-/left-1.0.0.tgz');
  expect(await again.text()).toBe('tarball bytes');
  expect(again.headers.get('cache-control')).toContain('immutable');
  expect(seen).toHaveLength(1);
});

test('many clients asking for one packument cause one upstream request', async () => {
  const answers = await Promise.all(Array.from({ length: 5 }, () => get('left')));
  expect(answers.map((answer) => answer.status)).toEqual([200, 200, 200, 200, 200]);
  expect(seen).toHaveLength(1);
});

test('the abbreviated form is asked for and kept apart from the full one', async () => {
  await get('left', { accept: 'application/vnd.npm.install-v1+json' });
  await get('left');
  expect(seen.map((request) => request.accept.includes('install-v1'))).toEqual([true, false]);
});

test('no-cache revalidates with the ETag of the cached packument', async () => {
  await get('left');
  const again = await get('left', { 'cache-control': 'no-cache' });
  expect(again.status).toBe(200);
  expect(seen[1]?.ifNoneMatch).toBe('"v1"');
});

test('a client that has the current packument gets 304', async () => {
  expect((await get('left', { 'if-none-match': '"v1"' })).status).toBe(304);
});

test('gzip is sent to clients that take it', async () => {
  const answer = await get('left', { 'accept-encoding': 'gzip' });
  expect(answer.headers.get('content-encoding')).toBe('gzip');
});

test('a scoped name passes in both spellings', async () => {
  expect((await get('@scope/left')).status).toBe(200);
  expect((await get('@scope%2fleft')).status).toBe(200);
  expect(seen.every((request) => request.url === '/@scope%2fleft')).toBe(true);
});

test.each(['-/v1/login', '../secret', 'left/../../x', 'left/-/../x.tgz', 'http://elsewhere.example/x', 'left?x=1', '-/npm/v1/tokens', ''])(
  '%j is not a registry path',
  async (bad) => {
    expect((await get(bad)).status).toBe(404);
    expect(seen).toHaveLength(0);
  },
);

test('a package the registry does not have is 404, and writing is refused', async () => {
  expect((await get('missing')).status).toBe(404);
  const put = await proxy.handle('left', new Request('http://verklet.localhost/', { method: 'PUT' }));
  expect(put.status).toBe(405);
});

test('a stale packument is served when the registry is out of reach', async () => {
  await get('left');
  upstream.close();
  upstream.closeAllConnections();
  expect((await get('left', { 'cache-control': 'no-cache' })).status).toBe(200);
});
