import { expect, test } from 'vitest';
import { reasonNotOurs } from './ownership.ts';
import { requestHeaders } from './request-head.ts';
import { isBodiless, previewLocation, reasonPhrase, responseHeaders } from './response-head.ts';

const origins = { own: 'http://3000--abc.preview.test:4173', server: 'http://localhost:3000' };

test('the server sees its own address as origin and referrer', () => {
  const request = {
    method: 'POST',
    mode: 'cors',
    destination: '',
    referrer: `${origins.own}/form?a=1`,
    headers: new Headers({ 'x-verklet-abort-key': 'k', 'user-agent': 'UA' }),
  } as const;
  const headers = new Map(requestHeaders(request, origins, 'other'));
  expect(headers.get('origin')).toBe('http://localhost:3000');
  expect(headers.get('referer')).toBe('http://localhost:3000/form?a=1');
  expect(headers.get('user-agent')).toBe('UA');
  expect(headers.has('x-verklet-abort-key')).toBe(false);
});

test('a response can be framed by an isolated app, whatever the server said', () => {
  const headers = responseHeaders(
    [
      ['X-Frame-Options', 'DENY'],
      ['Cross-Origin-Embedder-Policy', 'unsafe-none'],
      ['Transfer-Encoding', 'chunked'],
      ['X-Own', 'a'],
      ['X-Own', 'b'],
    ],
    { origins, nonce: null },
  );
  expect(Object.fromEntries(headers)).toEqual({
    'cross-origin-embedder-policy': 'credentialless',
    'cross-origin-resource-policy': 'cross-origin',
    'x-own': 'a, b',
  });
});

test('redirects to the server itself stay in the preview', () => {
  expect(previewLocation('http://localhost:3000/a?b#c', origins)).toBe(`${origins.own}/a?b#c`);
  expect(previewLocation('http://127.0.0.1:3000', origins)).toBe(origins.own);
  for (const other of ['/a', 'http://localhost:30001/a', 'https://example.com/', 'http://localhost:3000.evil/'])
    expect(previewLocation(other, origins)).toBe(other);
});

test('statuses and reasons that a Response refuses are known', () => {
  expect([200, 204, 205, 304].map((status) => isBodiless('GET', status))).toEqual([false, true, true, true]);
  expect(isBodiless('HEAD', 200)).toBe(true);
  expect(reasonPhrase('OK')).toBe('OK');
  expect(reasonPhrase('sn\u2603w')).toBe('');
});

test('requests that are not the server’s go to the network', () => {
  const ask = (url: string, rest = {}) => reasonNotOurs({ url, cache: 'default', mode: 'cors', ...rest }, origins.own);
  expect(ask(`${origins.own}/`)).toBeNull();
  expect(ask(`${origins.own}/__verklet/sw.js`)).not.toBeNull();
  expect(ask('https://example.com/')).not.toBeNull();
  expect(ask(`${origins.own}/a`, { cache: 'only-if-cached' })).not.toBeNull();
});
