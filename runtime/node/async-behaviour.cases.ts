// What real Node 24.12.0 prints for small programs over async contexts, threads, module hooks, TypeScript, vm and datagrams.
// Recorded with `node program.js`, no input, stderr empty in every case. A table: exempt from the size rule.
import type { IoBehaviourCase } from './io-behaviour.cases.ts';

export const asyncBehaviourCases: readonly IoBehaviourCase[] = [
  {
    name: 'AsyncLocalStorage keeps interleaved tasks apart',
    program: `const { AsyncLocalStorage } = require('node:async_hooks');
const store = new AsyncLocalStorage();
const sleep = (ms) => new Promise((done) => setTimeout(done, ms));
async function task() {
  const seen = [];
  const note = (where) => seen.push(where + ':' + store.getStore());
  await 1; note('primitive');
  await sleep(2); note('timer');
  try { await Promise.reject(new Error('x')); } catch { note('catch'); } finally { note('finally'); }
  await { then(resolve) { note('thenable'); resolve(); } }; note('after');
  async function* steps() { note('generator'); yield 1; await sleep(1); note('resumed'); yield* [2]; }
  for await (const step of steps()) note('step' + step);
  await Promise.all([sleep(1), sleep(2)]).then(() => note('then'));
  queueMicrotask(() => note('microtask')); await null;
  return seen.join(' ');
}
Promise.all([store.run('A', task), store.run('B', task), task()]).then((all) => { for (const one of all) console.log(one); console.log(store.getStore()); });`,
    stdout: `primitive:A timer:A catch:A finally:A thenable:A after:A generator:A step1:A resumed:A step2:A then:A microtask:A
primitive:B timer:B catch:B finally:B thenable:B after:B generator:B step1:B resumed:B step2:B then:B microtask:B
primitive:undefined timer:undefined catch:undefined finally:undefined thenable:undefined after:undefined generator:undefined step1:undefined resumed:undefined step2:undefined then:undefined microtask:undefined
undefined
`,
    exitCode: 0,
  },
  {
    name: 'AsyncLocalStorage survives awaits in evaluated texts, and of what only looks like a promise',
    program: `const { AsyncLocalStorage } = require('node:async_hooks');
const store = new AsyncLocalStorage();
function Chunk(value) { this.value = value; }
Chunk.prototype = Object.create(Promise.prototype);
Chunk.prototype.then = function (done) { setTimeout(done, 1, this.value + ':' + store.getStore()); };
const local = 7;
store.run('A', async () => { console.log(await new Chunk(1), store.getStore()); })
  .then(() => eval("(async () => { await store.run('B', async () => { await 1; console.log(local, store.getStore()); }); await 1; console.log(store.getStore()); })()"))
  .then(() => new Function('store', 'return (async () => { await 1; return [store.getStore()]; })()')(store)).then(console.log);`,
    stdout: `1:A A
7 B
undefined
[ undefined ]
`,
    exitCode: 0,
  },
  {
    name: 'AsyncLocalStorage follows concurrent requests',
    program: `const http = require('node:http');
const { AsyncLocalStorage } = require('node:async_hooks');
const requests = new AsyncLocalStorage();
const load = async () => { await new Promise((done) => setTimeout(done, Math.random() * 5)); return requests.getStore().id; };
const server = http.createServer((request, response) => requests.run({ id: request.url }, async () => {
  const ids = [await load(), await load()];
  for await (const chunk of request) ids.push(requests.getStore().id + chunk.length);
  response.end(ids.join());
}));
server.listen(0, async () => {
  const ask = (n) => new Promise((done) => { const request = http.request({ port: server.address().port, path: '/' + n, method: 'POST' }, (response) => { let text = ''; response.on('data', (d) => (text += d)).on('end', () => done(text)); }); request.end('x'.repeat(n)); });
  console.log(await Promise.all([1, 2, 3, 4].map(ask)));
  server.close();
});`,
    stdout: `[ '/1,/1,/11', '/2,/2,/22', '/3,/3,/33', '/4,/4,/44' ]
`,
    exitCode: 0,
  },
  {
    name: 'worker_threads talk, block and fail',
    program: `const { Worker, isMainThread, parentPort, workerData, threadId, receiveMessageOnPort, MessageChannel } = require('node:worker_threads');
if (isMainThread) {
  const flag = new Int32Array(new SharedArrayBuffer(4));
  const { port1, port2 } = new MessageChannel();
  const worker = new Worker(__filename, { workerData: { flag, port: port2, map: new Map([[1, new Date(0)]]) }, transferList: [port2] });
  worker.on('online', () => console.log('online'));
  worker.on('message', (message) => {
    console.log(message);
    worker.postMessage('answer while I block');
    Atomics.wait(flag, 0, 0);
    console.log(receiveMessageOnPort(port1));
    port1.close();
    worker.postMessage('fail');
  });
  worker.on('error', (error) => console.log(error.name, error.message));
  worker.on('exit', (code) => console.log('exit', code));
  worker.postMessage(new Uint8Array(300000).fill(3));
} else {
  console.log('thread', threadId, workerData.map);
  parentPort.on('message', (message) => {
    if (message === 'fail') throw new RangeError('as told');
    if (typeof message === 'string') { workerData.port.postMessage({ message }); Atomics.store(workerData.flag, 0, 1); Atomics.notify(workerData.flag, 0); }
    else parentPort.postMessage(message.reduce((sum, byte) => sum + byte));
  });
}`,
    stdout: `online
thread 1 Map(1) { 1 => 1970-01-01T00:00:00.000Z }
900000
{ message: { message: 'answer while I block' } }
RangeError as told
exit 1
`,
    exitCode: 0,
  },
  {
    name: 'worker_threads nest, broadcast and stop',
    program: `const { Worker, isMainThread, BroadcastChannel, workerData } = require('node:worker_threads');
const channel = new BroadcastChannel('all');
if (isMainThread) {
  const heard = [];
  channel.onmessage = ({ data }) => { heard.push(data); if (heard.length === 2) { console.log(heard.sort()); outer.terminate().then((code) => { console.log('terminated', code); channel.close(); }); } };
  const outer = new Worker(__filename, { workerData: 1 });
} else {
  channel.postMessage('depth ' + workerData);
  if (workerData === 1) new Worker(__filename, { workerData: 2 });
}`,
    stdout: `[ 'depth 1', 'depth 2' ]
terminated 1
`,
    exitCode: 0,
  },
  {
    name: 'module.register serves made-up modules',
    program: `const fs = require('node:fs'); const os = require('node:os'); const path = require('node:path'); const { pathToFileURL } = require('node:url');
const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'hooks-'));
fs.writeFileSync(path.join(folder, 'hooks.mjs'), "export async function resolve(name, context, next) { return name === 'made:up' ? { url: 'made:up', shortCircuit: true } : next(name, context); }\\nexport async function load(url, context, next) { return url === 'made:up' ? { format: 'module', source: 'export default 42', shortCircuit: true } : next(url, context); }");
require('node:module').register('./hooks.mjs', pathToFileURL(folder + '/'));
import('made:up').then(({ default: value }) => console.log(value));`,
    stdout: `42
`,
    exitCode: 0,
  },
  {
    name: 'TypeScript files run with their types stripped',
    program: `const fs = require('node:fs'); const os = require('node:os'); const path = require('node:path');
const file = path.join(fs.mkdtempSync(path.join(os.tmpdir(), 'ts-')), 'a.ts');
fs.writeFileSync(file, "interface Point { x: number }\\ntype Name = string;\\nexport const point: Point = { x: 1 as number };\\nexport function where(): Name { return new Error('e').stack!.split('\\\\n')[1]!.replace(/.*a\\\\.ts/, ''); }\\n");
const { point, where } = require(file); console.log(point, where());
fs.writeFileSync(file.replace('a.ts', 'b.ts'), 'enum E { A }');
try { require(file.replace('a.ts', 'b.ts')); } catch (error) { console.log(error.code); }`,
    stdout: `{ x: 1 } :4:40)
ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX
`,
    exitCode: 0,
  },
  {
    name: 'vm contexts have their own globals',
    program: `const vm = require('node:vm');
const sandbox = { n: 1, log: [] };
vm.createContext(sandbox);
vm.runInContext('var a = n + 1; let b = 5; function f() { return typeof process + typeof Array; } log.push(f(), this.a, globalThis.n)', sandbox);
console.log(sandbox.a, sandbox.b, sandbox.log, vm.runInContext('b + a', sandbox), vm.isContext(sandbox), vm.isContext({}));
try { vm.runInContext('missing', sandbox, 'file.vm'); } catch (error) { console.log(error.name, error.message); }
try { vm.runInContext('for (;;) {}', sandbox, { timeout: 20 }); } catch (error) { console.log(error.code); }
console.log(vm.runInThisContext('let kept = 1; kept'), vm.runInThisContext('kept + 1'), new vm.Script('1;if(false)2').runInNewContext());`,
    stdout: `2 undefined [ 'undefinedfunction', 2, 1 ] 7 true false
ReferenceError missing is not defined
ERR_SCRIPT_EXECUTION_TIMEOUT
1 2 undefined
`,
    exitCode: 0,
  },
  {
    name: 'dgram sends on the loopback',
    program: `const dgram = require('node:dgram');
const server = dgram.createSocket('udp4'); const client = dgram.createSocket('udp4');
server.on('message', (message, { address, family, size }) => { console.log(String(message), address, family, size); server.close(); client.close(); });
server.bind(0, () => { client.connect(server.address().port, () => client.send(['he', 'llo'])); });`,
    stdout: `hello 127.0.0.1 IPv4 5
`,
    exitCode: 0,
  },
  {
    name: 'errors name the place in the text as written',
    program: `async function inner(value) { await value; const list = [1, 2].map((n) => { if (n === 2) throw new Error('here'); return n; }); return list; }
inner(Promise.resolve()).catch((error) => console.log(error.stack.split('\\n').slice(0, 4).map((line) => line.replace(/\\(.*program\\.js/, '(program.js')).join('\\n')));
setTimeout(() => require('node:assert').ok(1 === 2), 5);
process.on('uncaughtException', (error) => console.log(error.message));`,
    stdout: `Error: here
    at /workdir/program.js:1:96
    at Array.map (<anonymous>)
    at inner (program.js:1:64)
The expression evaluated to a falsy value:

  ok(1 === 2)

`,
    exitCode: 0,
  },
  {
    name: 'a timer set by a tick of another timer is not late',
    program: `const far = setTimeout(() => {}, 5000); far.unref();
setTimeout(() => { process.nextTick(() => { const at = Date.now(); setTimeout(() => { console.log(Date.now() - at < 1000 ? 'soon' : 'late'); }, 20); }); }, 5);`,
    stdout: 'soon\n',
    exitCode: 0,
  },
];
