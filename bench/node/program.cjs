// What bench/node runs in the tab and natively; prints milliseconds as JSON. `require` first: nothing may be loaded before it.
const startedAt = performance.now();
const http = require('node:http');
const requireMs = performance.now() - startedAt;
const { Worker } = require('node:worker_threads');

const WARM_UP = 300;
const REQUESTS = 1000;
const THREADS = 5;
/** Between two starts, as between two of a program's own: a pool may fill up meanwhile. */
const REST_MS = 300;

const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1];
const pause = (durationMs) => new Promise((resolve) => setTimeout(resolve, durationMs));

function request(agent, port) {
  return new Promise((resolve, reject) => {
    const outgoing = http.get({ port, agent, path: '/' }, (answer) => {
      answer.resume();
      answer.on('end', resolve);
    });
    outgoing.on('error', reject);
  });
}

async function requestMs() {
  const server = http.createServer((incoming, answer) => answer.end('hello')).listen(0);
  await new Promise((resolve) => server.once('listening', resolve));
  const agent = new http.Agent({ keepAlive: true });
  const { port } = server.address();
  const times = [];
  for (let index = 0; index < WARM_UP + REQUESTS; index++) {
    const before = performance.now();
    await request(agent, port);
    if (index >= WARM_UP) times.push(performance.now() - before);
  }
  agent.destroy();
  server.close();
  return median(times);
}

/** From `new Worker` to the first message of its program. */
async function threadMs() {
  const before = performance.now();
  const worker = new Worker("require('node:worker_threads').parentPort.postMessage(1)", { eval: true });
  await new Promise((resolve, reject) => worker.once('message', resolve).once('error', reject));
  const durationMs = performance.now() - before;
  await worker.terminate();
  return durationMs;
}

(async () => {
  const result = { requireMs, requestMs: await requestMs(), threadMs: 0 };
  const times = [];
  for (let index = 0; index < THREADS; index++) {
    times.push(await threadMs());
    await pause(REST_MS);
  }
  result.threadMs = median(times);
  console.log(JSON.stringify(result));
})();
