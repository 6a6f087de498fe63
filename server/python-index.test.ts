// The Python index proxy against a loopback index: both page forms, caching, refusal.
import { createServer, type Server } from 'node:http';
import { mkdtempSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createPythonIndex, type PythonIndex } from './python-index.ts';

const WHEEL = Buffer.from('not really a wheel');
let upstream: Server;
let requests: string[];
let isHtml: boolean;
let proxy: PythonIndex;

beforeEach(async () => {
  requests = [];
  isHtml = false;
  upstream = createServer((request, response) => {
    requests.push(request.url ?? '');
    if (request.url === '/files/tiny-1.0-py3-none-any.whl') return response.end(WHEEL);
    if (request.url !== '/simple/tiny-thing/') return response.writeHead(404).end();
    if (isHtml) {
      response.setHeader('Content-Type', 'text/html');
      const file = 'tiny-1.0-py3-none-any.whl';
      return response.end(`<a href="/files/${file}#sha256=ab" data-requires-python="&gt;=3.9">${file}</a>`);
    }
    response.setHeader('Content-Type', 'application/vnd.pypi.simple.v1+json');
    const files = [{ filename: 'tiny-1.0-py3-none-any.whl', url: '/files/tiny-1.0-py3-none-any.whl', hashes: { sha256: 'ab' } }];
    return response.end(JSON.stringify({ meta: {}, name: 'tiny-thing', files }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const base = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/`;
  const builtFolder = mkdtempSync(path.join(tmpdir(), 'verklet-built-'));
  const locked = { name: 'Native_Thing', file_name: 'native_thing-2.0-cp314-cp314-pyemscripten_2026_0_wasm32.whl', sha256: 'cd' };
  writeFileSync(path.join(builtFolder, 'pyodide-lock.json'), JSON.stringify({ packages: { 'native-thing': locked } }));
  const cacheFolder = mkdtempSync(path.join(tmpdir(), 'verklet-cache-'));
  proxy = createPythonIndex({ index: `${base}simple/`, packages: `${base}files/`, builtFolder, cacheFolder });
});
afterEach(() => void upstream.close());

const get = (indexPath: string, method = 'GET'): Promise<Response> => proxy.handle(indexPath, new Request('http://host/', { method }));

interface Page {
  files: { filename: string; url: string; hashes: Record<string, string>; 'requires-python'?: string }[];
}

test.each([false, true])('a page names files below the proxy, and they come from upstream once (HTML: %s)', async (html) => {
  isHtml = html;
  const page = (await (await get('simple/Tiny_Thing/')).json()) as Page;
  expect(page.files).toMatchObject([{ filename: 'tiny-1.0-py3-none-any.whl', hashes: { sha256: 'ab' } }]);
  if (html) expect(page.files[0]?.['requires-python']).toBe('>=3.9');
  const file = new URL(page.files[0]?.url ?? '', 'http://host/-/python/simple/tiny-thing/').pathname.replace('/-/python/', '');
  for (let round = 0; round < 2; round++) {
    const response = await get(file);
    expect([response.status, Buffer.from(await response.arrayBuffer()).toString()]).toEqual([200, WHEEL.toString()]);
  }
  await get('simple/tiny-thing/');
  expect(requests).toEqual(['/simple/tiny-thing/', '/files/tiny-1.0-py3-none-any.whl']);
});

test('a page that was read once is served when upstream is gone', async () => {
  await get('simple/tiny-thing/');
  upstream.close();
  upstream.closeAllConnections();
  expect((await get('simple/tiny-thing/')).status).toBe(200);
  expect((await get('simple/other/')).status).toBe(504);
});

test('a wheel of the lock is offered only where it can be fetched', async () => {
  expect((await get('simple/native-thing/')).status).toBe(404);
});

test('nothing but pages and files that a page named passes', async () => {
  expect((await get('simple/tiny-thing/', 'POST')).status).toBe(405);
  expect((await get('files/00000000000000000000000000000000/secret.whl')).status).toBe(404);
  expect((await get('simple/../../etc/passwd')).status).toBe(404);
  expect((await get('anything/else')).status).toBe(404);
});
