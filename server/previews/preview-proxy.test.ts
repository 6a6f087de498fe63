// Ports of a session on the preview hosts: who may see them, and what passes either way. Against a real box.
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ProcessDriver } from '../drivers/process.ts';
import type { RunningServer } from '../listen.ts';
import { ask, openSession, send, startProgram, startServer, testFolder, type Answer } from '../testing/live-session.ts';

const LABEL = 'abcdefghijklmnopqrstuvwx';
const OTHER_LABEL = 'zzzzzzzzzzzzzzzzzzzzzzzz';
const PORT = 4321;
const host = (port = PORT, label = LABEL): string => `${port}--${label}.preview.verklet.localhost`;
const { folder, remove } = testFolder();
const availability = await new ProcessDriver(`${folder}/b`).probe();
afterAll(remove);

/** Says what it got, and answers with whatever the query asks for. */
const PROGRAM = `
  const { createHash } = require('crypto');
  const server = require('http').createServer((request, response) => {
    const url = new URL(request.url, 'http://x');
    if (url.pathname === '/events') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      return void response.write('data: first\\n\\n');
    }
    if (url.pathname === '/hostile') {
      response.setHeader('set-cookie', ['a=1', 'b=2; Domain=preview.verklet.localhost', '__Host-verklet-preview=x; Path=/; Secure']);
      response.setHeader('cross-origin-opener-policy', 'same-origin');
      response.setHeader('x-frame-options', 'DENY');
      return void response.end();
    }
    if (url.pathname === '/moved') return void response.writeHead(302, { location: 'http://localhost:${PORT}/there' }).end();
    let body = '';
    request.on('data', (piece) => (body += piece));
    request.on('end', () => response.end(JSON.stringify({ method: request.method, url: request.url, headers: request.headers, body })));
  });
  server.on('upgrade', (request, socket) => {
    const accept = createHash('sha1').update(request.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    socket.write('HTTP/1.1 101 Switching Protocols\\r\\nUpgrade: websocket\\r\\nConnection: Upgrade\\r\\nSec-WebSocket-Accept: ' + accept + '\\r\\n\\r\\n');
    socket.on('data', (bytes) => socket.write(bytes));
  });
  server.listen(${PORT}, '127.0.0.1', () => console.log('up'));
`;

if (!availability.isAvailable) {
  process.stderr.write(`Previews of sessions are not tested here: ${availability.reason}\n`);
  test.skip('no boxes here', () => undefined);
} else {
  describe('a port of a session', () => {
    let server: RunningServer;
    let session: { id: string; token: string };
    let cookie = '';
    const get = (target: string, headers: Readonly<Record<string, string>> = { cookie }, on = host()): Promise<Answer> =>
      send(server.port, on, target, { headers });
    const ticket = async (more: { port?: number; workspace?: string } = {}): Promise<string> =>
      (
        await ask<{ ticket: string }>(server.port, `/sessions/${session.id}/preview-ticket`, session.token, {
          port: PORT,
          workspace: LABEL,
          ...more,
        })
      ).ticket;

    beforeAll(async () => {
      server = await startServer(folder);
      session = await openSession(server.port, 'alice');
      await startProgram(server, session.id, ['node', '-e', PROGRAM]);
    });
    afterAll(() => server.close());

    test('is nobody’s without a permission', async () => {
      for (const headers of [{}, { cookie: '__Host-verklet-preview=rubbish' }, { cookie: `__Host-verklet-preview=${session.token}` }]) {
        const answer = await get('/', headers);
        expect(answer.status).toBe(503);
        expect(answer.text).not.toContain('headers');
      }
    });

    test('a ticket becomes a partitioned cookie of this host, once', async () => {
      const good = await ticket();
      const entered = await get(`/__verklet/enter?ticket=${good}&to=/there%3Fa=1`, {});
      expect(entered).toMatchObject({ status: 303, headers: { location: '/there?a=1', 'referrer-policy': 'no-referrer' } });
      const [set = ''] = entered.headers['set-cookie'] ?? [];
      expect(set).toMatch(/^__Host-verklet-preview=[\w.-]+; Path=\/; Max-Age=\d+; Secure; HttpOnly; SameSite=None; Partitioned$/);
      cookie = set.split(';')[0] ?? '';
      expect(JSON.parse((await get('/there?a=1')).text)).toMatchObject({ method: 'GET', url: '/there?a=1' });
      expect((await get(`/__verklet/enter?ticket=${good}`, {})).status).toBe(403);
    });

    test('a ticket works on its own host only, and leads nowhere else', async () => {
      expect((await get(`/__verklet/enter?ticket=${await ticket()}`, {}, host(PORT + 1))).status).toBe(403);
      expect((await get(`/__verklet/enter?ticket=${await ticket()}`, {}, host(PORT, OTHER_LABEL))).status).toBe(403);
      expect((await get(`/__verklet/enter?ticket=${session.token}`, {})).status).toBe(403);
      for (const to of ['https://evil.example/', '//evil.example/', '/\\evil.example/']) {
        expect((await get(`/__verklet/enter?ticket=${await ticket()}&to=${encodeURIComponent(to)}`, {})).status).toBe(403);
      }
    });

    test('a cookie of one host opens no other, and is no ticket', async () => {
      expect((await get('/', { cookie }, host(PORT + 1))).status).toBe(503);
      expect((await get('/', { cookie }, host(PORT, OTHER_LABEL))).status).toBe(503);
      expect((await get(`/__verklet/enter?ticket=${cookie.split('=')[1]}`, {})).status).toBe(403);
    });

    test('nobody gets a ticket for a workspace that is somebody else’s', async () => {
      const mallory = await openSession(server.port, 'mallory');
      const asked = ask(server.port, `/sessions/${mallory.id}/preview-ticket`, mallory.token, { port: PORT, workspace: LABEL });
      await expect(asked).rejects.toMatchObject({ status: 401, code: 'ERR_GRANT' });
      const notALabel = ask(server.port, `/sessions/${mallory.id}/preview-ticket`, mallory.token, { port: PORT, workspace: '../x' });
      await expect(notALabel).rejects.toMatchObject({ status: 400 });
    });

    test('the program sees its own address, and neither the permission nor what others say of themselves', async () => {
      const { text } = await get('/', {
        cookie: `mine=1; ${cookie}; yours=2`,
        origin: `http://${host()}:${server.port}`,
        'x-forwarded-for': '10.0.0.1',
        'x-forwarded-host': 'evil.example',
        forwarded: 'for=10.0.0.1',
      });
      const { headers } = JSON.parse(text) as { headers: Record<string, string> };
      expect(headers).toMatchObject({ host: `localhost:${PORT}`, origin: `http://localhost:${PORT}`, cookie: 'mine=1; yours=2' });
      expect(headers['x-forwarded-host']).toBe(`${host()}:${server.port}`);
      expect(headers).not.toHaveProperty('x-forwarded-for');
      expect(headers).not.toHaveProperty('forwarded');
    });

    test('the program sets cookies for its own host only, and cannot cut itself off from its page', async () => {
      const { headers } = await get('/hostile');
      expect(headers['set-cookie']).toEqual(['a=1']);
      expect(headers).not.toHaveProperty('x-frame-options');
      expect(headers).not.toHaveProperty('cross-origin-opener-policy');
      expect(headers).toMatchObject({ 'cross-origin-resource-policy': 'cross-origin', 'cross-origin-embedder-policy': 'credentialless' });
    });

    test('bodies go up, redirects stay on the host, service workers do not start', async () => {
      const sent = await send(server.port, host(), '/form', { method: 'POST', headers: { cookie }, body: 'x'.repeat(300_000) });
      expect(JSON.parse(sent.text)).toMatchObject({ method: 'POST', body: 'x'.repeat(300_000) });
      expect((await get('/moved')).headers.location).toBe('/there');
      expect((await get('/sw.js', { cookie, 'service-worker': 'script' })).status).toBe(403);
    });

    test('an event arrives while its response goes on', async () => {
      const piece = await new Promise<string>((resolve, reject) => {
        const sent = request({
          port: server.port,
          host: '127.0.0.1',
          path: '/events',
          headers: { host: `${host()}:${server.port}`, cookie },
        });
        sent.on('response', (answer) =>
          answer.once('data', (bytes: Buffer) => {
            resolve(bytes.toString());
            answer.destroy();
          }),
        );
        sent.on('error', reject);
        sent.end();
      });
      expect(piece).toBe('data: first\n\n');
    });

    test('a WebSocket is joined for the host’s own pages only', async () => {
      const own = `http://${host()}:${server.port}`;
      expect(await upgrade({ cookie, origin: own })).toMatch(/^HTTP\/1.1 101 [\s\S]*echoed$/);
      for (const headers of [{ cookie }, { cookie, origin: 'http://evil.example' }, { origin: own }] as Record<string, string>[]) {
        expect(await upgrade(headers)).toBe('');
      }
    });

    test('a port that nobody listens on says so; a session that is over shows nothing', async () => {
      const entered = await get(`/__verklet/enter?ticket=${await ticket({ port: 9 })}`, {}, host(9));
      const other = (entered.headers['set-cookie']?.[0] ?? '').split(';')[0] ?? '';
      expect((await get('/', { cookie: other }, host(9))).status).toBe(502);
      await send(server.port, 'verklet.localhost', `/-/v1/sessions/${session.id}`, {
        method: 'DELETE',
        headers: { authorization: `Bearer ${session.token}` },
      });
      expect((await get('/')).status).toBe(503);
    });

    /** What arrives of an upgrade, with `echoed` sent through it. */
    function upgrade(headers: Readonly<Record<string, string>>): Promise<string> {
      const lines = Object.entries({ host: `${host()}:${server.port}`, upgrade: 'websocket', connection: 'Upgrade', ...headers });
      return new Promise((resolve) => {
        let text = '';
        const socket = connect(server.port, '127.0.0.1');
        socket.write(
          `GET /socket HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}`).join('\r\n')}\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\nsec-websocket-version: 13\r\n\r\n`,
        );
        socket.on('data', (bytes: Buffer) => {
          text += bytes.toString();
          if (text.endsWith('\r\n\r\n')) socket.write('echoed');
          if (text.endsWith('echoed')) socket.destroy();
        });
        socket.on('close', () => resolve(text));
        socket.on('error', () => resolve(text));
      });
    }
  });
}
