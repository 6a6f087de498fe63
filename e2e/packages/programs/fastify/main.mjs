import Fastify from 'fastify';
const app = Fastify();
app.addHook('onRequest', async (request) => {
  request.seenAt = request.url;
});
app.decorate('greeting', 'hello');
app.register(
  async (scope) => {
    scope.get('/:name', { schema: { params: { type: 'object', properties: { name: { type: 'string', minLength: 2 } } } } }, async (request) => ({
      text: `${app.greeting} ${request.params.name}`,
      at: request.seenAt,
    }));
    scope.post(
      '/sum',
      {
        schema: {
          body: { type: 'object', required: ['a', 'b'], properties: { a: { type: 'integer' }, b: { type: 'integer' } } },
          response: { 200: { type: 'object', properties: { sum: { type: 'integer' } } } },
        },
      },
      async ({ body }) => ({ sum: body.a + body.b, hidden: true }),
    );
  },
  { prefix: '/api' },
);
app.get('/fail', async () => {
  throw Object.assign(new Error('teapot'), { statusCode: 418 });
});
await app.listen({ port: 0 });
const base = `http://localhost:${app.server.address().port}`;
for (const [path, init] of [
  ['/api/ada'],
  ['/api/x'],
  ['/api/sum', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":2,"b":40}' }],
  ['/api/sum', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"a":"no"}' }],
  ['/fail'],
  ['/absent'],
]) {
  const response = await fetch(base + path, init);
  console.log(path, response.status, response.headers.get('content-type'), await response.text());
}
const injected = await app.inject({ method: 'GET', url: '/api/grace' });
console.log(injected.statusCode, injected.json());
console.log(app.printRoutes());
await app.close();
