// The server under test: the same file runs in the tab and natively. Its page measures both sides and reports.
const http = require('node:http');

const small = Buffer.alloc(1024, 'a');
const mega = Buffer.alloc(1024 * 1024, 'b');

/** Runs in the page: times our own origin and the native server in turn. */
async function measure() {
  const native = new URLSearchParams(location.search).get('native');
  const sides = { ours: location.origin, native };
  const timed = async (work) => {
    const startedAt = performance.now();
    await work();
    return performance.now() - startedAt;
  };
  const body = async (url) => (await fetch(url, { cache: 'no-store' })).arrayBuffer();
  const small = { ours: [], native: [] };
  for (let round = 0; round < 220; round++) {
    for (const [side, origin] of Object.entries(sides)) {
      const ms = await timed(() => body(`${origin}/small`));
      if (round >= 20) small[side].push(ms);
    }
  }
  const ask = (message) =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = resolve;
      parent.postMessage(message, '*', [port2]);
    });
  const busy = [];
  await ask({ type: 'be-busy', isBusy: true });
  for (let round = 0; round < 200; round++) busy.push(await timed(() => body(`${location.origin}/small`)));
  await ask({ type: 'be-busy', isBusy: false });
  const mega = { ours: [], native: [] };
  for (let round = 0; round < 6; round++) {
    for (const [side, origin] of Object.entries(sides)) {
      let left = 48;
      const run = async () => {
        while (left-- > 0) await body(`${origin}/mega`);
      };
      const ms = await timed(() => Promise.all(Array.from({ length: 16 }, run)));
      if (round > 0) mega[side].push(48 / (ms / 1000));
    }
  }
  const events = { ours: [], native: [] };
  for (let round = 0; round < 12; round++) {
    for (const [side, origin] of Object.entries(sides)) {
      const ms = await timed(
        () =>
          new Promise((resolve) => {
            const source = new EventSource(`${origin}/events`);
            source.onmessage = () => {
              source.close();
              resolve();
            };
          }),
      );
      if (round > 1) events[side].push(ms);
    }
  }
  await fetch(`${native}/report`, { method: 'POST', body: JSON.stringify({ small, mega, events, busy }) });
}

const page = `<!doctype html><title>bench</title><script type="module">(${measure})().catch((error) => fetch(new URLSearchParams(location.search).get('native') + '/report', { method: 'POST', body: JSON.stringify({ error: String(error) }) }));</script>`;

function answer(request, response) {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
  const { pathname } = new URL(request.url, 'http://x');
  if (pathname === '/small') return response.end(small);
  if (pathname === '/mega') return response.end(mega);
  if (pathname === '/events') {
    response.writeHead(200, { 'Content-Type': 'text/event-stream' });
    response.write('data: first\n\n');
    return undefined;
  }
  response.setHeader('Content-Type', 'text/html');
  return response.end(page);
}

module.exports = { answer };
if (require.main === module) http.createServer(answer).listen(3000);
