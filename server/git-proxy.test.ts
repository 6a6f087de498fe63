// The git proxy forwards what a git client asks, and nothing else.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createGitProxy, type GitProxy } from './git-proxy.ts';

let upstream: Server;
let host: string;
let proxy: GitProxy;
const seen: { method: string; url: string; headers: IncomingMessage['headers']; body: string }[] = [];

beforeAll(async () => {
  upstream = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += chunk));
    request.on('end', () => {
      seen.push({ method: request.method ?? '', url: request.url ?? '', headers: request.headers, body });
      if (request.url?.startsWith('/moved') === true)
        response.writeHead(301, { Location: 'http://evil.example/x/info/refs?service=git-upload-pack' });
      else if (request.url?.startsWith('/private') === true) response.writeHead(401, { 'WWW-Authenticate': 'Basic realm="git"' });
      else response.writeHead(200, { 'Content-Type': 'application/x-git-upload-pack-advertisement', 'Set-Cookie': 'a=b' });
      response.end('pack');
    });
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  host = `127.0.0.1:${(upstream.address() as AddressInfo).port}`;
  proxy = createGitProxy([`http://${host}`, 'github.com']);
});
afterAll(() => new Promise((resolve) => upstream.close(resolve)));

const ask = (target: string, init: RequestInit = {}): Promise<Response> => proxy.handle(target, new Request('http://app.test/', init));

describe('the git proxy', () => {
  it('forwards the discovery of references', async () => {
    const response = await ask(`${host}/user/repo.git/info/refs?service=git-upload-pack`, {
      headers: { Authorization: 'Basic eDp5', Cookie: 'secret=1' },
    });
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('pack');
    const last = seen.at(-1);
    expect(last?.url).toBe('/user/repo.git/info/refs?service=git-upload-pack');
    expect(last?.headers.authorization).toBe('Basic eDp5');
    expect(last?.headers.cookie).toBeUndefined();
    expect(response.headers.get('set-cookie')).toBeNull();
  });

  it('forwards a pack as a stream', async () => {
    const response = await ask(`${host}/user/repo.git/git-receive-pack`, { method: 'POST', body: 'PACK...' });
    expect(response.status).toBe(200);
    expect(seen.at(-1)).toMatchObject({ method: 'POST', body: 'PACK...' });
  });

  it('refuses hosts that are not listed', async () => {
    const response = await ask('evil.example/user/repo.git/info/refs?service=git-upload-pack');
    expect(response.status).toBe(403);
    expect(await response.text()).toContain('not in the list');
  });

  it.each([
    ['another path', `${'HOST'}/user/repo/archive.zip`, 'GET'],
    ['another service', 'HOST/user/repo.git/info/refs?service=evil', 'GET'],
    ['no service', 'HOST/user/repo.git/info/refs', 'GET'],
    ['a way up', 'HOST/user/../../admin/info/refs?service=git-upload-pack', 'GET'],
    ['an encoded way up', 'HOST/user/%2e%2e/info/refs?service=git-upload-pack', 'GET'],
    ['a query on a pack', 'HOST/user/repo.git/git-upload-pack?x=1', 'POST'],
    ['a host in credentials', 'HOST@evil.example/user/repo.git/info/refs?service=git-upload-pack', 'GET'],
    ['the wrong method', 'HOST/user/repo.git/git-upload-pack', 'GET'],
  ])('refuses %s', async (_name, target, method) => {
    const before = seen.length;
    const response = await ask(target.replace('HOST', host), { method });
    expect([403, 404, 405]).toContain(response.status);
    expect(seen.length).toBe(before);
  });

  it('refuses pages of other sites', async () => {
    const response = await ask(`${host}/user/repo.git/info/refs?service=git-upload-pack`, { headers: { 'Sec-Fetch-Site': 'cross-site' } });
    expect(response.status).toBe(403);
  });

  it('follows no redirect to another host', async () => {
    const response = await ask(`${host}/moved/repo.git/info/refs?service=git-upload-pack`);
    expect(response.status).toBe(502);
  });

  it('passes a challenge on without the browser seeing one', async () => {
    const response = await ask(`${host}/private/repo.git/info/refs?service=git-upload-pack`);
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBeNull();
    expect(response.headers.get('x-git-authenticate')).toContain('Basic');
  });
});
