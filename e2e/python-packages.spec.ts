// Packages and web servers in Python: pip against a loopback index, virtual environments, Flask, and the whole story with Node.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';
import { startPackageIndex, type PackageIndex } from './python/package-index.ts';

let harness: Harness;
let index: PackageIndex;
let hasFlask = false;

test.beforeAll(async () => {
  index = await startPackageIndex();
  index.addWheel('greeting', '1.0', { 'greeting.py': 'def main():\n    print("hello")\n' }, { scripts: { greet: 'greeting:main' } });
  index.addWheel('polite', '2.0', { 'polite.py': 'import greeting\n' }, { requires: ['greeting>=1'] });
  index.addFile('natty-1.0-cp314-cp314-manylinux_2_17_x86_64.whl', new Uint8Array(4));
  hasFlask = index.addInstalled(['flask', 'werkzeug', 'jinja2', 'markupsafe', 'click', 'itsdangerous', 'blinker']);
  const cacheFolder = mkdtempSync(path.join(tmpdir(), 'verklet-cache-'));
  harness = await launchRuntime({ server: { pythonIndex: index.url, pythonPackages: '', cacheFolder } });
});
test.afterAll(async () => {
  await harness.close();
  await index[Symbol.asyncDispose]();
});

async function sh(command: string): Promise<{ code: number | null; out: string; err: string }> {
  const { code, stdout, stderr } = await harness.spawn('sh', ['-c', command], { timeoutMs: 60_000 });
  return { code, out: stdout.toString(), err: stderr.toString() };
}

test('pip installs with dependencies, lists, checks and uninstalls', async () => {
  const { code, out, err } = await sh('pip install polite && python3 -c "import polite; polite.greeting.main()" && greet');
  expect({ code, err }).toEqual({ code: 0, err: '' });
  expect(out).toMatch(/Successfully installed greeting-1.0 polite-2.0\nhello\nhello\n$/);
  expect((await sh('pip freeze && pip check && pip show -f polite')).out).toMatch(/^greeting==1.0\npolite==2.0\nNo broken[^]*polite.py/);
  expect((await sh('pip uninstall -y greeting && pip check')).out).toMatch(/polite 2.0 requires greeting, which is not installed/);
});

test('requirements, constraints, and an unknown package', async () => {
  await harness.fs.writeFile('/workdir/requirements.txt', 'greeting\n');
  await harness.fs.writeFile('/workdir/constraints.txt', 'greeting<1\n');
  expect((await sh('pip install -r requirements.txt -c constraints.txt')).code).toBe(1);
  expect((await sh('pip install -r requirements.txt')).code).toBe(0);
  expect((await sh('pip install nosuchpackage')).err).toContain('No matching distribution found for nosuchpackage');
});

test('a package with native wheels only says so, with its reason', async () => {
  const { code, err } = await sh('pip install natty');
  expect(code).toBe(1);
  expect(err).toContain('it has no files that run in the tab, but natty-1.0-cp314-cp314-manylinux_2_17_x86_64.whl (python.native-wheel)');
});

test('a virtual environment has its own packages', async () => {
  const command = `python3 -m venv .venv && . .venv/bin/activate && pip install greeting >/dev/null &&
    python -c "import sys, greeting; print(sys.prefix, greeting.__file__)" && greet`;
  expect((await sh(command)).out).toBe('/workdir/.venv /workdir/.venv/lib/python3.14/site-packages/greeting.py\nhello\n');
});

test('Node writes, Python draws, an unmodified server serves, Ctrl-C stops it', async () => {
  await sh(`node -e 'require("fs").writeFileSync("data.csv", "x,y\\n1,2\\n2,4\\n3,1\\n")'`);
  await harness.fs.writeFile(
    '/workdir/draw.py',
    `import csv
points = " ".join(f"{int(r['x']) * 20},{100 - int(r['y']) * 20}" for r in csv.DictReader(open("data.csv")))
open("plot.svg", "w").write(f'<svg xmlns="http://www.w3.org/2000/svg"><polyline points="{points}"/></svg>')
`,
  );
  expect(await sh('python3 draw.py')).toEqual({ code: 0, out: '', err: '' });
  const flask = `from flask import Flask, Response, send_file
app = Flask(__name__)
@app.get("/")
def page():
    return send_file("plot.svg")
app.run(port=5000)
`;
  const plain = `import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "image/svg+xml; charset=utf-8")
        self.end_headers()
        self.wfile.write(open("plot.svg", "rb").read())
http.server.ThreadingHTTPServer(("", 5000), Handler).serve_forever()
`;
  // A machine whose Python has no Flask to pack shows the story with the standard library's server.
  if (hasFlask) expect((await sh('pip install flask')).code).toBe(0);
  await harness.fs.writeFile('/workdir/app.py', hasFlask ? flask : plain);
  await harness.page.evaluate(async () => {
    const process = await globalThis.harnessRuntime.spawn('python3', ['app.py'], { terminal: { columns: 80, rows: 24 } });
    await globalThis.harnessRuntime.ports.waitFor(5000);
    Object.assign(globalThis, { pythonServer: process });
    const frame = globalThis.harnessRuntime.preview(5000).createFrame('/');
    document.body.append(frame);
    await new Promise((resolve) => frame.addEventListener('load', resolve, { once: true }));
  });
  const answer = await harness.fetchPreview(5000, '/');
  expect(answer.headers['content-type']).toContain('image/svg+xml');
  expect(answer.body.toString()).toContain('<polyline points="20,60 40,20 60,80"/>');
  await expect(harness.page.frameLocator('iframe').last().locator('polyline')).toHaveCount(1);
  const status = await harness.page.evaluate(async () => {
    const { pythonServer } = globalThis as unknown as {
      pythonServer: { input: WritableStream<Uint8Array>; exit: Promise<{ code: number | null }> };
    };
    await pythonServer.input.getWriter().write(Uint8Array.of(3));
    return pythonServer.exit;
  });
  expect([0, null]).toContain(status.code);
  await expect(harness.fetchPreview(5000, '/')).rejects.toThrow(/Nothing listens/);
});
