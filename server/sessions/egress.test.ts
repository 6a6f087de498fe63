// The way out of a box: registries of this server, hosts on the list, and nothing private whatever its name says.
import { createServer, type AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { LinkEndpoint, type LinkStream } from '#protocol';
import { Egress, publicAddress } from './egress.ts';

/** Speaks to the proxy through a link, as a box does. */
async function ask(text: string, allow: readonly string[] = []): Promise<{ answer: string; asked: string[]; connects: string[] }> {
  const asked: string[] = [];
  const connects: string[] = [];
  const egress = new Egress({
    allow,
    ownPaths: ['/-/registry/'],
    fetchOwn: (path) => {
      asked.push(path);
      return Promise.resolve(new Response('{"name":"left-pad"}'));
    },
    onConnect: (host, isAllowed) => connects.push(`${host} ${isAllowed}`),
  });
  const server = new LinkEndpoint({ role: 'client' }, { onOpen: (_, stream) => egress.accept(stream) });
  const box = new LinkEndpoint({ role: 'agent', epoch: 'e' }, {});
  box.attach((frame) => queueMicrotask(() => server.receive(frame)));
  server.attach((frame) => queueMicrotask(() => box.receive(frame)));
  await new Promise((resolve) => setTimeout(resolve, 5));
  let answer = '';
  const ended = Promise.withResolvers<void>();
  const stream: LinkStream = box.open(
    { type: 'egress' },
    {
      onData: (bytes) => {
        answer += new TextDecoder().decode(bytes);
        stream.taken(bytes.length);
      },
      onEnd: () => ended.resolve(),
      onReset: () => ended.resolve(),
    },
  );
  stream.write(new TextEncoder().encode(text));
  await ended.promise;
  return { answer, asked, connects };
}

const get = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:9099\r\nConnection: close\r\n\r\n`;

test('a registry of the server answers', async () => {
  const { answer, asked } = await ask(get('/-/registry/left-pad'));
  expect(answer).toContain('200 OK');
  expect(answer).toContain('left-pad');
  expect(asked).toEqual(['/-/registry/left-pad']);
});

test.each(['/', '/-/v1/grants', '/metrics', '/-/registry', 'http://example.com/', '//-/registry/x', '/../-/registry/x'])(
  '%s is refused',
  async (path) => {
    const { answer, asked } = await ask(get(path));
    expect(answer).toMatch(/ 40[03] /);
    expect(asked).toEqual([]);
  },
);

test('nothing can be written to a registry', async () => {
  const { answer } = await ask('PUT /-/registry/x HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\nConnection: close\r\n\r\n');
  expect(answer).toContain(' 403 ');
});

test.each(['example.com:443', '127.0.0.1:22', '169.254.169.254:80', 'localhost:80', 'registry.example.com.evil.test:443'])(
  'a tunnel to %s is refused',
  async (target) => {
    const { answer, connects } = await ask(`CONNECT ${target} HTTP/1.1\r\nHost: x\r\n\r\n`, ['registry.example.com', '*.good.example']);
    expect(answer).toContain(' 403 ');
    expect(connects[0]).toMatch(/ false$/);
  },
);

test.each(['127.0.0.1', 'localhost'])('%s is refused even when it is on the list', async (host) => {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const { answer } = await ask(`CONNECT ${host}:${port} HTTP/1.1\r\nHost: x\r\n\r\n`, [host]);
  expect(answer).toContain(' 403 ');
  listener.close();
});

test.each([
  '10.1.2.3',
  '192.168.0.1',
  '172.20.0.1',
  '100.64.0.1',
  '169.254.169.254',
  '0.0.0.0',
  '224.0.0.1',
  '::1',
  'fe80::1',
  'fd00::1',
  '::ffff:127.0.0.1',
  'no-such-name.invalid',
])('%s has no public address', async (host) => {
  expect(await publicAddress(host)).toBeNull();
});

test.each(['1.1.1.1', '2606:4700::1111'])('%s has', async (host) => {
  expect(await publicAddress(host)).toBe(host);
});
