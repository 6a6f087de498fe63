import { serve } from '@hono/node-server';
import { Hono } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { etag } from 'hono/etag';
import { stream } from 'hono/streaming';
const app = new Hono();
app.use('/tagged', etag());
app.use('/secret', basicAuth({ username: 'u', password: 'p' }));
app.get('/tagged', (c) => c.text('tagged'));
app.get('/secret', (c) => c.text('seen'));
app.get('/users/:id{[0-9]+}', (c) => c.json({ id: c.req.param('id'), page: c.req.query('page') }));
app.post('/echo', async (c) => c.json(await c.req.json(), 201));
app.get('/stream', (c) =>
  stream(c, async (out) => {
    for (const part of ['a', 'b', 'c']) await out.write(part);
  }),
);
app.onError((error, c) => c.text(`handled ${error.message}`, 500));
app.get('/fail', () => {
  throw new Error('oops');
});
const server = serve({ fetch: app.fetch, port: 0 }, async ({ port }) => {
  for (const [path, init] of [
    ['/tagged'],
    ['/secret'],
    ['/secret', { headers: { authorization: `Basic ${btoa('u:p')}` } }],
    ['/users/12?page=3'],
    ['/users/x'],
    ['/echo', { method: 'POST', body: '{"ok":true}' }],
    ['/stream'],
    ['/fail'],
  ]) {
    const response = await fetch(`http://localhost:${port}${path}`, init);
    console.log(path, response.status, response.headers.get('etag'), await response.text());
  }
  server.close();
});
