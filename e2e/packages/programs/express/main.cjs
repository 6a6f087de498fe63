const express = require('express');
const app = express();
app.use(express.json(), express.urlencoded({ extended: true }));
app.use((request, response, next) => (response.set('X-Seen', request.path), next()));
const router = express.Router({ mergeParams: true });
router.get('/:id', (request, response) => response.json({ id: request.params.id, query: request.query }));
router.post('/', (request, response) => response.status(201).location('/items/9').json({ got: request.body }));
app.use('/items', router);
app.get('/redirect', (_request, response) => response.redirect('/items/1'));
app.get('/cookie', (_request, response) => response.cookie('a', 'b', { httpOnly: true }).type('text').send('set'));
app.get('/fail', () => {
  throw Object.assign(new Error('broken'), { status: 418 });
});
app.use((_request, response) => response.status(404).send('nothing here'));
app.use((error, _request, response, _next) => response.status(error.status).json({ error: error.message }));
const server = app.listen(0, async () => {
  const base = `http://localhost:${server.address().port}`;
  const show = async (path, init) => {
    const response = await fetch(base + path, { redirect: 'manual', ...init });
    const headers = ['content-type', 'etag', 'location', 'set-cookie', 'x-seen', 'x-powered-by'].map((name) => response.headers.get(name));
    console.log(path, response.status, headers, await response.text());
  };
  await show('/items/7?a[b]=1&c=2&c=3');
  await show('/items', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"x":[1,2]}' });
  await show('/items', { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'x=1&y[]=2' });
  await show('/items', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{broken' });
  await show('/redirect');
  await show('/cookie');
  await show('/fail');
  await show('/absent');
  server.close();
});
