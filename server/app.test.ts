// Host routing and headers, in process: no sockets, a made-up dist folder.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from './app.ts';
import { readConfig } from './config.ts';

const WORKSPACE = 'abcdefghijklmnopqrstuvwx';
let dist: string;
let app: ReturnType<typeof createApp>;

beforeAll(() => {
  dist = mkdtempSync(path.join(tmpdir(), 'verklet-dist-'));
  for (const folder of ['app', 'embed', 'preview/__verklet']) mkdirSync(path.join(dist, folder), { recursive: true });
  writeFileSync(path.join(dist, 'app/index.html'), '<title>app</title>');
  writeFileSync(path.join(dist, 'app/main-abcd1234.js'), 'app');
  writeFileSync(path.join(dist, 'preview/__verklet/frame.html'), '<meta name="verklet-parents" content="">');
  writeFileSync(path.join(dist, 'preview/__verklet/bridge.html'), 'bridge');
  writeFileSync(path.join(dist, 'preview/__verklet/boot.html'), 'boot');
  writeFileSync(path.join(dist, 'preview/__verklet/sw.js'), 'worker');
  app = createApp(readConfig({ VERKLET_DIST: dist, VERKLET_CACHE: dist, VERKLET_REGISTRY: 'http://127.0.0.1:9/' }));
});

afterAll(() => rmSync(dist, { recursive: true, force: true }));

const get = (host: string, pathname: string): Response | Promise<Response> =>
  app.request(`http://${host}${pathname}`, { headers: { host } });

test('the app is isolated and may not be framed by others', async () => {
  const page = await get('verklet.localhost:4173', '/');
  expect(await page.text()).toContain('app');
  expect(page.headers.get('cross-origin-opener-policy')).toBe('same-origin');
  expect(page.headers.get('cross-origin-embedder-policy')).toBe('require-corp');
  expect(page.headers.get('content-security-policy')).toContain("frame-ancestors 'self'");
});

test('routes the page draws are answered with the page; others are not found', async () => {
  expect((await get('verklet.localhost', `/preview/${WORKSPACE}/3000`)).status).toBe(200);
  expect((await get('verklet.localhost', '/nothing-here')).status).toBe(404);
});

test('hashed assets are immutable', async () => {
  expect((await get('verklet.localhost', '/main-abcd1234.js')).headers.get('cache-control')).toContain('immutable');
});

test('the runtime frame names its allowed parents in page and policy', async () => {
  const frame = await get(`${WORKSPACE}.preview.verklet.localhost:4173`, '/__verklet/frame.html');
  expect(await frame.text()).toContain('content="http://verklet.localhost:4173 ');
  expect(frame.headers.get('content-security-policy')).toContain('frame-ancestors http://verklet.localhost:4173');
  expect(frame.headers.get('document-isolation-policy')).toBe('isolate-and-require-corp');
});

test('the frame is served on workspace origins only, the bridge on port origins only', async () => {
  expect((await get(`3000--${WORKSPACE}.preview.verklet.localhost`, '/__verklet/frame.html')).status).toBe(503);
  expect((await get(`${WORKSPACE}.preview.verklet.localhost`, '/__verklet/bridge.html')).status).toBe(404);
  expect((await get(`3000--${WORKSPACE}.preview.verklet.localhost`, '/__verklet/bridge.html')).status).toBe(200);
});

test('the preview service worker may control its whole origin', async () => {
  const worker = await get(`3000--${WORKSPACE}.preview.verklet.localhost`, '/__verklet/sw.js');
  expect(worker.headers.get('service-worker-allowed')).toBe('/');
});

test('any other path of a port origin is the boot page, also on the second preview host', async () => {
  const page = await get(`3000--${WORKSPACE}.xpreview.localhost`, '/items/7');
  expect(page.status).toBe(503);
  expect(await page.text()).toBe('boot');
});

test.each([
  'evil.example',
  `3000--${WORKSPACE}.other.localhost`,
  '99999--abcdefgh.preview.verklet.localhost',
  'x.preview.verklet.localhost',
])('%s is not served', async (host) => {
  expect((await get(host, '/')).status).toBe(421);
});

test.each(['/%2e%2e/%2e%2e/etc/passwd', '/..%2f..%2fetc/passwd', '/%00', '/%zz'])('%s does not leave the folder', async (pathname) => {
  expect((await get('verklet.localhost', pathname)).status).toBe(404);
});

test.each([
  `http://3000--${WORKSPACE}.preview.verklet.localhost:4173`,
  `http://${WORKSPACE}.preview.verklet.localhost:4173`,
  'https://evil.example',
  'null',
])('a page of %s may not use the session API', async (origin) => {
  const host = 'verklet.localhost:4173';
  const service = {} as Parameters<typeof createApp>[1];
  const guarded = createApp(readConfig({ VERKLET_DIST: dist, VERKLET_CACHE: dist, VERKLET_REGISTRY: 'http://127.0.0.1:9/' }), service);
  const answer = await guarded.request(`http://${host}/-/v1/grants`, { method: 'POST', headers: { host, origin } });
  expect(answer.status).toBe(403);
});

test('workspace and preview origins have no session API at all', async () => {
  expect((await get(`${WORKSPACE}.preview.verklet.localhost`, '/-/v1/status')).status).toBe(404);
});
