// Requests as clients write them: in pieces, with bodies of both kinds, one after the other; other protocols are recognised.
import { expect, test } from 'vitest';
import { NotHttp, RequestReader } from './request-reader.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

test('a request in pieces is read when it is whole', () => {
  const reader = new RequestReader();
  expect(reader.add(bytes('GET /a?b HTTP/1.1\r\nHost: x'))).toEqual([]);
  expect(reader.add(bytes('\r\nAccept: a:b\r\n\r\n'))).toMatchObject([
    {
      method: 'GET',
      target: '/a?b',
      headers: [
        ['Host', 'x'],
        ['Accept', 'a:b'],
      ],
    },
  ]);
});

test('bodies with a length and in chunks are read, and what follows them', () => {
  const reader = new RequestReader();
  const found = reader.add(
    bytes(
      'POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPUT /x HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nde\r\n1\r\nf\r\n0\r\n\r\n',
    ),
  );
  expect(found.map(({ method, body }) => [method, new TextDecoder().decode(body)])).toEqual([
    ['POST', 'abc'],
    ['PUT', 'def'],
  ]);
});

test.each(['\u0000\u0000\u0000\u0008', 'hello world\r\n\r\n', 'GET / SPDY/1\r\n\r\n'])('%j is not HTTP', (text) => {
  expect(() => new RequestReader().add(bytes(text))).toThrow(NotHttp);
});
