import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { LoopbackPorts } from './byte-connection.ts';
import { HttpClient, failureOf, type HttpRequest, type HttpResponse } from './http-client.ts';
import { encodeRequestHead } from './http-message.ts';
import { machineLoopback, scriptedConnection } from './loopback.fixture.ts';

const get: HttpRequest = { method: 'GET', target: '/', headers: [], body: null };
const servers: Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function serve(listener: RequestListener): Promise<number> {
  const server = createServer(listener).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return (server.address() as AddressInfo).port;
}

async function text(response: HttpResponse): Promise<string> {
  let all = '';
  for (let chunk = await response.read(65_536); chunk; chunk = await response.read(65_536)) all += Buffer.from(chunk).toString();
  return all;
}

function answering(answer: string, pieceBytes = 1e6, isListening = true): LoopbackPorts {
  return { isListening: () => isListening, connect: () => scriptedConnection(Buffer.from(answer, 'latin1'), pieceBytes) };
}

const answers: Readonly<Record<string, { bytes: string; status: number; body: string; method?: string }>> = {
  'a sized body': { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello', status: 200, body: 'hello' },
  'chunks with extensions and trailers': {
    bytes: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;a=b\r\nhel\r\n2\r\nlo\r\n0\r\nX-Sum: 1\r\n\r\n',
    status: 200,
    body: 'hello',
  },
  'a body that ends with the connection': { bytes: 'HTTP/1.0 200 OK\r\n\r\nhello', status: 200, body: 'hello' },
  'lone line feeds': { bytes: 'HTTP/1.1 200 OK\nContent-Length: 5\n\nhello', status: 200, body: 'hello' },
  'interim answers first': {
    bytes: 'HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n',
    status: 201,
    body: '',
  },
  'HEAD with a length': { bytes: 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n', status: 200, body: '', method: 'HEAD' },
  '204 with a length': { bytes: 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n', status: 204, body: '' },
  '304 with a length': { bytes: 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n', status: 304, body: '' },
};

describe('every split of the bytes reads the same', () => {
  for (const [name, { bytes, status, body, method }] of Object.entries(answers)) {
    test(name, async () => {
      for (let pieceBytes = 1; pieceBytes <= bytes.length; pieceBytes++) {
        const client = new HttpClient(answering(bytes, pieceBytes));
        const response = await client.request(1, { ...get, method: method ?? 'GET' });
        expect(response.head.status).toBe(status);
        expect(await text(response)).toBe(body);
      }
    });
  }
});

describe('what is not HTTP is refused', () => {
  const bad = {
    'another protocol': 'SSH-2.0-x\r\n\r\n',
    'two lengths': 'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello',
    'a folded header': 'HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n',
    'a space in a name': 'HTTP/1.1 200 OK\r\nContent-Length : 5\r\n\r\nhello',
    'an early end of the head': 'HTTP/1.1 200 OK\r\nConte',
    'a switch of protocols unasked': 'HTTP/1.1 101 Switching Protocols\r\n\r\n',
    nothing: '',
  };
  for (const [name, bytes] of Object.entries(bad)) {
    test(name, async () => {
      const error: unknown = await new HttpClient(answering(bytes)).request(1, get).catch((thrown: unknown) => thrown);
      expect(failureOf(error)).toBe('bad-response');
    });
  }

  test('a body that ends early rejects the read', async () => {
    const response = await new HttpClient(answering('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello')).request(1, get);
    await expect(text(response)).rejects.toMatchObject({ code: 'ERR_PREVIEW_FAILED' });
  });

  test('a chunk without a size rejects the read', async () => {
    const response = await new HttpClient(answering('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n')).request(1, get);
    await expect(text(response)).rejects.toMatchObject({ code: 'ERR_PREVIEW_FAILED' });
  });
});

test('a closed connection of a port that is gone means the process died', async () => {
  const error: unknown = await new HttpClient(answering('', 1, false)).request(1, get).catch((thrown: unknown) => thrown);
  expect(failureOf(error)).toBe('process-died');
});

test('a port without a listener has its own code', async () => {
  const client = new HttpClient({ isListening: () => false, connect: () => null });
  await expect(client.request(8080, get)).rejects.toMatchObject({ code: 'ERR_NO_SUCH_PORT' });
});

test('a header cannot end its line, not even by a character that encodes to a line end', () => {
  for (const value of ['a\r\nB: c', 'a\nB: c', 'a\u010d\u010aB: c', 'a\0'])
    expect(() => encodeRequestHead('GET', '/', [['A', value]])).toThrow(TypeError);
  for (const target of ['/a b', '/a\r\n', 'http://elsewhere/', '']) expect(() => encodeRequestHead('GET', target, [])).toThrow(TypeError);
});

test('a Node server gets the request, and its connection is used again', async () => {
  const port = await serve((request, response) => response.end(`${request.method} ${request.url} ${request.headers.host}`));
  const client = new HttpClient(machineLoopback);
  machineLoopback.connections = 0;
  for (let round = 0; round < 3; round++)
    expect(await text(await client.request(port, { ...get, target: '/a?b=c' }))).toBe(`GET /a?b=c localhost:${port}`);
  expect(machineLoopback.connections).toBe(1);
  client[Symbol.dispose]();
});

test('an idle connection that the server closed is replaced unnoticed', async () => {
  const port = await serve((_request, response) => response.end('ok'));
  const client = new HttpClient(machineLoopback);
  expect(await text(await client.request(port, get))).toBe('ok');
  servers.at(-1)?.closeAllConnections();
  await new Promise((resolve) => setImmediate(resolve));
  expect(await text(await client.request(port, get))).toBe('ok');
  client[Symbol.dispose]();
});

test('uploads arrive whole, chunked or sized', async () => {
  const port = await serve((request, response) => {
    let sizeBytes = 0;
    request.on('data', (chunk: Buffer) => (sizeBytes += chunk.byteLength));
    request.on('end', () => response.end(`${sizeBytes} ${request.headers['content-length'] ?? request.headers['transfer-encoding']}`));
  });
  async function* body() {
    for (let part = 0; part < 10; part++) yield new Uint8Array(100_000);
  }
  const client = new HttpClient(machineLoopback);
  expect(await text(await client.request(port, { ...get, method: 'POST', body: body() }))).toBe('1000000 chunked');
  expect(await text(await client.request(port, { ...get, method: 'POST', headers: [['content-length', '1000000']], body: body() }))).toBe(
    '1000000 1000000',
  );
  client[Symbol.dispose]();
});

test('an abort before the head rejects with its own code', async () => {
  const port = await serve(() => undefined);
  const abort = new AbortController();
  const pending = new HttpClient(machineLoopback).request(port, { ...get, signal: abort.signal });
  setImmediate(() => abort.abort());
  await expect(pending).rejects.toMatchObject({ code: 'ERR_ABORTED' });
});

test('the first bytes of a stream come before the second are sent', async () => {
  let finish = () => undefined as void;
  const port = await serve((_request, response) => {
    response.write('first');
    finish = () => void response.end('second');
  });
  const response = await new HttpClient(machineLoopback).request(port, get);
  expect(Buffer.from((await response.read(65_536)) ?? []).toString()).toBe('first');
  finish();
  expect(await text(response)).toBe('second');
});
