// Threads take turns on stacks of their own: what waits lets the others run, so servers and pools in threads work.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';

let harness: Harness;
test.beforeAll(async () => void (harness = await launchRuntime()));
test.afterAll(() => harness.close());

const programs: Readonly<Record<string, [source: string, output: string]>> = {
  'a producer and a consumer share a small queue': [
    `import threading, queue
q = queue.Queue(maxsize=2); got = []
def consume():
    while (item := q.get()) is not None: got.append(item)
t = threading.Thread(target=consume); t.start()
for i in range(10): q.put(i)
q.put(None); t.join(); print(got, threading.active_count())`,
    '[0, 1, 2, 3, 4, 5, 6, 7, 8, 9] 1\n',
  ],
  'sleeping threads sleep at the same time, and an event wakes them': [
    `import threading, time
e = threading.Event(); out = []; start = time.time()
ts = [threading.Thread(target=lambda n=n: (time.sleep(1), e.wait(), out.append(n))) for n in range(5)]
[t.start() for t in ts]; time.sleep(0.05); out.append("set"); e.set(); [t.join() for t in ts]
print(out, time.time() - start < 3)`,
    "['set', 0, 1, 2, 3, 4] True\n",
  ],
  'a server in a thread answers its own process, and shuts down': [
    `import threading, http.server, urllib.request
class H(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200); self.end_headers(); self.wfile.write(b"hi " + self.path.encode())
    def log_message(self, *a): pass
s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), H)
t = threading.Thread(target=s.serve_forever, daemon=True); t.start()
print([urllib.request.urlopen(f"http://127.0.0.1:{s.server_port}/{i}").read() for i in range(3)])
s.shutdown(); t.join(); s.server_close(); print("down")`,
    "[b'hi /0', b'hi /1', b'hi /2']\ndown\n",
  ],
  'pools finish in the order of their work, and may wait for themselves': [
    `from concurrent.futures import ThreadPoolExecutor, as_completed
import time
with ThreadPoolExecutor(4) as ex:
    fs = [ex.submit(lambda n: (time.sleep(0.6 - n * 0.2), n)[1], n) for n in range(3)]
    print([f.result() for f in as_completed(fs)], ex.submit(lambda: ex.submit(lambda: 5).result()).result())`,
    '[2, 1, 0] 5\n',
  ],
  'asyncio goes on while a thread of its executor waits': [
    `import asyncio, time
async def inner():
    await asyncio.sleep(0.01); return "inner"
async def main():
    ticks = []
    async def tick():
        while True: ticks.append(1); await asyncio.sleep(0.02)
    task = asyncio.create_task(tick())
    await asyncio.to_thread(time.sleep, 0.3)
    task.cancel()
    print(len(ticks) > 3, await asyncio.to_thread(lambda: asyncio.run(inner())))
asyncio.run(main())`,
    'True inner\n',
  ],
  'a child process and its two ends may be in different threads': [
    `import subprocess, threading
p = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
t = threading.Thread(target=lambda: (p.stdin.write("x" * 10), p.stdin.close())); t.start()
print(p.stdout.read()); t.join()`,
    'xxxxxxxxxx\n',
  ],
};

for (const [name, [source, output]] of Object.entries(programs)) {
  test(name, async () => {
    const { code, stdout, stderr } = await harness.spawn('python3', ['-c', source], { timeoutMs: 30_000 });
    expect([code, stdout.toString(), stderr.toString()]).toEqual([0, output, '']);
  });
}

test('Ctrl-C reaches the main thread while a server waits in another', async () => {
  const source = `import threading, time, socketserver
s = socketserver.TCPServer(("", 0), socketserver.BaseRequestHandler)
threading.Thread(target=s.serve_forever, daemon=True).start()
try:
    print("ready", flush=True)
    while True: time.sleep(1)
except KeyboardInterrupt: print("bye")`;
  const [status, last] = await harness.page.evaluate(async (text) => {
    const process = await globalThis.harnessRuntime.spawn('python3', ['-c', text]);
    const reader = process.output.getReader();
    await reader.read();
    process.kill('SIGINT');
    return [await process.exit, new TextDecoder().decode((await reader.read()).value)] as const;
  }, source);
  expect([status, last]).toEqual([{ code: 0, signal: null }, 'bye\n']);
});
