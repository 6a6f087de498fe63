const axios = require('axios');
const { createServer } = require('node:http');
const server = createServer((request, response) => {
  const parts = [];
  request.on('data', (part) => parts.push(part));
  request.on('end', () => {
    if (request.url === '/fail') response.writeHead(503);
    else if (request.url === '/redirect') response.writeHead(302, { location: '/end' });
    else response.writeHead(200, { 'content-type': 'application/json' });
    response.end(
      JSON.stringify({ method: request.method, url: request.url, type: request.headers['content-type'], body: Buffer.concat(parts).toString() }),
    );
  });
}).listen(0, async () => {
  const client = axios.create({ baseURL: `http://localhost:${server.address().port}`, timeout: 5000 });
  client.interceptors.request.use((config) => (config.headers.set('X-Added', '1'), config));
  console.log((await client.get('/get', { params: { a: [1, 2], b: 'ä' } })).data);
  console.log((await client.post('/post', { x: 1 })).data);
  console.log((await client.put('/form', new URLSearchParams({ q: 'a b' }))).data);
  console.log((await client.get('/redirect')).data);
  console.log((await client.get('/buffer', { responseType: 'arraybuffer' })).data instanceof Buffer);
  await client.get('/fail').catch((error) => console.log(error.code, error.message, error.response.status));
  const controller = new AbortController();
  controller.abort();
  await client.get('/x', { signal: controller.signal }).catch((error) => console.log(error.code, error.message));
  server.close();
  await axios.get(`http://localhost:1/`).catch((error) => console.log(error.code));
});
