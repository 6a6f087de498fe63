// A server whose page outlives its service worker: asks after an idle time long enough for the browser to drop it, and keeps
// one event stream open over such a time. Reports to the address in its query.
const http = require('node:http');

/** Chromium drops a service worker after 30 s without an event. */
const IDLE_MS = 36_000;

/** Runs in the page. */
async function watchDeath(idleMs) {
  const native = new URLSearchParams(location.search).get('native');
  const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
  const connections = () =>
    new Promise((resolve) => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = (event) => resolve(event.data);
      parent.postMessage({ type: 'count-connections' }, '*', [port2]);
    });
  await (await fetch('/text')).text();
  const before = await connections();
  await pause(idleMs);
  const startedAt = performance.now();
  // Several at once, as a page that wakes up asks: the first must not be the only one that survives.
  const answers = await Promise.all(Array.from({ length: 4 }, async (_, index) => (await fetch(`/text?${index}`)).text()));
  const wakeMs = performance.now() - startedAt;
  const after = await connections();
  const events = [];
  await new Promise((resolve) => {
    const source = new EventSource(`/events?${idleMs}`);
    source.addEventListener('message', (event) => {
      events.push(event.data);
      if (event.data === 'late') resolve(source.close());
    });
    source.addEventListener('error', () => resolve(events.push('error')));
  });
  await fetch(`${native}/report`, {
    method: 'POST',
    body: JSON.stringify({ answers, wakeMs, reconnections: after - before, events }),
  });
}

const script = `(${watchDeath})(${IDLE_MS}).catch((error) => fetch(new URLSearchParams(location.search).get('native') + '/report', { method: 'POST', body: JSON.stringify({ error: String(error) }) }))`;

http
  .createServer((request, response) => {
    if (request.url.startsWith('/text')) return response.end('alive');
    if (request.url.startsWith('/events')) {
      response.writeHead(200, { 'Content-Type': 'text/event-stream' });
      response.write('data: early\n\n');
      setTimeout(() => response.write('data: late\n\n'), Number(request.url.split('?')[1]));
      return undefined;
    }
    response.setHeader('Content-Type', 'text/html');
    return response.end(`<!doctype html><title>idle</title><script type="module">${script}</script>`);
  })
  .listen(3000);
