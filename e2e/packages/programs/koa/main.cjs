const Koa = require('koa');
const app = new Koa();
app.keys = ['secret one', 'secret two'];
app.on('error', (error) => console.log('logged', error.message));
app.use(async (context, next) => {
  await next();
  context.set('X-After', 'yes');
});
app.use(async (context) => {
  if (context.path === '/json') context.body = { path: context.path, accepts: context.accepts('html', 'json') };
  else if (context.path === '/signed') {
    context.cookies.set('name', 'value', { signed: true });
    context.body = 'signed';
  } else if (context.path === '/stream') context.body = require('node:stream').Readable.from(['one ', 'two']);
  else if (context.path === '/throw') context.throw(400, 'bad thing');
});
const server = app.listen(0, async () => {
  for (const path of ['/json', '/signed', '/stream', '/throw', '/absent']) {
    const response = await fetch(`http://localhost:${server.address().port}${path}`);
    console.log(path, response.status, response.headers.get('set-cookie'), response.headers.get('x-after'), await response.text());
  }
  server.close();
});
