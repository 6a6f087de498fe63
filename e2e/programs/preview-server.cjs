// Runs in the tab: a plain Node server with one route per behaviour that previews must carry.
const http = require('node:http');
const crypto = require('node:crypto');

const big = Buffer.alloc(10 * 1024 * 1024);
for (let i = 0; i < big.length; i += 4) big.writeUInt32LE(Math.imul(i, 2654435761) >>> 0, i);

const routes = {
  '/': (req, res) => html(res, '<!doctype html><title>home</title><h1>hello preview</h1>'),
  '/big': (req, res) => res.writeHead(200, { 'content-type': 'application/octet-stream', 'content-length': big.length }).end(big),
  '/digest': (req, res) => {
    const hash = crypto.createHash('sha256');
    let size = 0;
    req.on('data', (chunk) => (hash.update(chunk), (size += chunk.length)));
    req.on('end', () => json(res, { size, sha256: hash.digest('hex') }));
  },
  '/range': (req, res) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(req.headers.range);
    res
      .writeHead(206, { 'content-range': `bytes ${from}-${to}/${big.length}`, 'accept-ranges': 'bytes' })
      .end(big.subarray(+from, +to + 1));
  },
  '/redirect': (req, res) => res.writeHead(302, { location: '/landed' }).end(),
  '/landed': (req, res) => html(res, '<title>landed</title>'),
  '/form': (req, res) => {
    let body = '';
    req.on('data', (chunk) => (body += chunk)).on('end', () => html(res, `<title>form</title><p>${req.method} ${body}</p>`));
  },
  '/login': (req, res) => {
    res.setHeader('set-cookie', ['visible=1; Path=/', 'hidden=2; Path=/; HttpOnly']);
    html(res, '<title>login</title>');
  },
  '/cookies': (req, res) => json(res, { cookie: req.headers.cookie ?? '' }),
  '/events': (req, res) => {
    res.writeHead(200, { 'content-type': 'text/event-stream' });
    res.write('data: first\n\n');
    setTimeout(() => res.end('data: last\n\n'), 1500);
  },
  '/slow': (req, res) => {
    let isAborted = false;
    res.on('close', () => {
      isAborted = !res.writableEnded;
      if (isAborted) aborted += 1;
    });
    setTimeout(() => {
      if (!isAborted) json(res, { done: true });
    }, 20_000).unref();
  },
  '/aborted': (req, res) => json(res, { aborted }),
  '/exit': () => process.exit(0),
};
let aborted = 0;

const html = (res, text) => res.writeHead(200, { 'content-type': 'text/html' }).end(text);
const json = (res, value) => res.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(value));

const server = http.createServer((req, res) => {
  const route = routes[new URL(req.url, 'http://x').pathname];
  if (route) route(req, res);
  else res.writeHead(404).end('no route');
});
// A WebSocket echo by hand: no package is installed in this test.
server.on('upgrade', (req, socket) => {
  const accept = crypto
    .createHash('sha1')
    .update(req.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11')
    .digest('base64');
  socket.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
  socket.on('data', (frame) => {
    const opcode = frame[0] & 15;
    if (opcode === 8) return socket.end(Buffer.from([0x88, 2, 3, 232]));
    const length = frame[1] & 127;
    const mask = frame.subarray(2, 6);
    const payload = Buffer.from(frame.subarray(6, 6 + length).map((byte, i) => byte ^ mask[i % 4]));
    socket.write(Buffer.concat([Buffer.from([0x80 | opcode, payload.length]), payload]));
  });
});
server.listen(3000, () => console.log('listening 3000'));
