const { Agent, fetch, FormData, Pool, request, setGlobalDispatcher, stream } = require('undici');
const { createServer } = require('node:http');
const { Writable } = require('node:stream');
const server = createServer((incoming, response) => {
  const parts = [];
  incoming.on('data', (part) => parts.push(part));
  incoming.on('end', () => {
    response.setHeader('x-length', Buffer.concat(parts).length);
    response.end(`${incoming.method} ${incoming.url} ${Buffer.concat(parts).toString().slice(0, 20)}`);
  });
}).listen(0, async () => {
  const origin = `http://localhost:${server.address().port}`;
  setGlobalDispatcher(new Agent({ keepAliveTimeout: 10 }));
  const { statusCode, body } = await request(`${origin}/request`, { method: 'POST', body: 'hello' });
  console.log(statusCode, await body.text());
  const pool = new Pool(origin, { connections: 2 });
  console.log(await Promise.all([1, 2, 3, 4].map(async (n) => (await pool.request({ path: `/${n}`, method: 'GET' })).body.text())));
  await pool.close();
  let streamed = '';
  await stream(`${origin}/stream`, { method: 'GET' }, () => new Writable({ write: (chunk, _e, done) => ((streamed += chunk), done()) }));
  console.log(streamed);
  const form = new FormData();
  form.set('field', 'value');
  const answer = await fetch(`${origin}/form`, { method: 'POST', body: form });
  console.log(answer.status, (await answer.text()).slice(0, 10));
  server.close();
  await request('http://localhost:1/').catch((error) => console.log(error.code));
});
