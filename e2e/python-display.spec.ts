// What Python programs show besides text, and the interpreter behind notebooks, as an embedder of the SDK meets them.
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'playwright/test';
import type { CellOutput } from '@verklet/sdk';
import { launchRuntime, type Harness } from './harness.ts';
import { startPackageIndex, type PackageIndex } from './python/package-index.ts';

let harness: Harness;
let index: PackageIndex;
test.beforeAll(async () => {
  index = await startPackageIndex();
  index.addWheel('greeting', '1.0', { 'greeting.py': 'def main():\n    print("hello")\n' });
  const cacheFolder = mkdtempSync(path.join(tmpdir(), 'verklet-cache-'));
  harness = await launchRuntime({ server: { pythonIndex: index.url, pythonPackages: '', cacheFolder } });
});
test.afterAll(async () => {
  await harness.close();
  await index[Symbol.asyncDispose]();
});

const PIXEL = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Runs a program and gives what it displayed. */
async function displayed(code: string) {
  return harness.page.evaluate(async (source) => {
    const events: unknown[] = [];
    const stop = globalThis.harnessRuntime.displays.on((event) => events.push(event));
    const process = await globalThis.harnessRuntime.spawn('python3', ['-c', source]);
    const errors = await new Response(process.errors).text();
    const { code: exit } = await process.exit;
    stop();
    return { events: events.map((event) => ({ ...(event as object), pid: 0 })), errors, exit };
  }, code);
}

test('IPython’s display() sends every form of an object, in order', async () => {
  const { events, errors, exit } = await displayed(`
from IPython.display import display, HTML, SVG, Markdown, JSON, Image, clear_output
class Thing:
    def __repr__(self): return 'Thing()'
    def _repr_html_(self): return '<b>thing</b>'
    def _repr_png_(self): return b'\\x89PNG'
class Bundle:
    def _repr_mimebundle_(self, include=None, exclude=None): return {'text/html': '<i>b</i>', 'text/plain': 'b'}
display(Thing(), Bundle())
display(SVG('<svg xmlns="http://www.w3.org/2000/svg"/>'), Markdown('# hi'), JSON({'a': [1, float('nan')]}))
handle = display(HTML('one'), display_id='x'); handle.update(HTML('two'))
clear_output(wait=True)
`);
  expect({ errors, exit }).toEqual({ errors: '', exit: 0 });
  const plain = { metadata: {}, pid: 0, type: 'display', displayId: null, isUpdate: false };
  expect(events.slice(0, 2)).toEqual([
    { ...plain, data: { 'text/html': '<b>thing</b>', 'image/png': 'iVBORw==', 'text/plain': 'Thing()' } },
    { ...plain, data: { 'text/html': '<i>b</i>', 'text/plain': 'b' } },
  ]);
  expect(events.slice(2)).toMatchObject([
    { data: { 'image/svg+xml': '<svg xmlns="http://www.w3.org/2000/svg"/>' } },
    { data: { 'text/markdown': '# hi' } },
    { data: { 'application/json': { a: [1, null] } } },
    { displayId: 'x', isUpdate: false, data: { 'text/html': 'one' } },
    { displayId: 'x', isUpdate: true, data: { 'text/html': 'two' } },
    { type: 'clear', wait: true },
  ]);
});

test('a plot library that goes through matplotlib’s backend protocol draws into a display event', async () => {
  // matplotlib has no wheel for this interpreter in the registries; this package has the modules that our backend imports from it.
  const files: Record<string, string> = {
    '__init__.py': 'def is_interactive(): return False\n',
    '_pylab_helpers.py':
      'class Gcf:\n    figs = {}\n    get_all_fig_managers = classmethod(lambda c: list(c.figs.values()))\n    destroy = classmethod(lambda c, m: c.figs.pop(m.num))\n',
    'backend_bases.py': 'class FigureManagerBase:\n    def __init__(self, canvas, num): self.canvas, self.num = canvas, num\n',
    'backends/__init__.py': '',
    'backends/backend_agg.py': 'class FigureCanvasAgg:\n    def __init__(self, figure): self.figure = figure\n',
    'figure.py': `import base64
class Figure:
    def __repr__(self): return '<Figure>'
    def get_facecolor(self): return 'white'
    def savefig(self, target, **options): target.write(base64.b64decode('${PIXEL}'))
`,
    'pyplot.py': `import importlib, os
from matplotlib._pylab_helpers import Gcf
from matplotlib.figure import Figure
backend = importlib.import_module(os.environ['MPLBACKEND'].removeprefix('module://'))
def figure():
    made = Figure(); canvas = backend.FigureCanvas(made)
    Gcf.figs[1] = canvas.manager_class(canvas, 1)
    return made
def show(): backend.FigureManager.pyplot_show()
`,
  };
  await harness.fs.mkdir('/workdir/plotting/matplotlib/backends');
  for (const [name, text] of Object.entries(files)) await harness.fs.writeFile(`/workdir/plotting/matplotlib/${name}`, text);
  const { events, errors } = await displayed(
    'import sys; sys.path.insert(0, "plotting")\nimport matplotlib.pyplot as plt\nplt.figure(); plt.show(); plt.show()',
  );
  expect(errors).toBe('');
  expect(events).toMatchObject([{ type: 'display', data: { 'image/png': PIXEL, 'text/plain': '<Figure>' } }]);
});

test('displays are told in the diagnostics, and a program’s own failures stay its own', async () => {
  const { errors, exit } = await displayed(`
from IPython.display import display
class Broken:
    def __repr__(self): return 'Broken()'
    def _repr_html_(self): raise ValueError('no html')
display(Broken())
display({'text/plain': 'x' * (17 << 20)}, raw=True)`);
  expect(exit).toBe(1);
  expect(errors).toContain('ValueError: no html');
  expect(errors).toContain('too large to be shown');
  const diagnostics = await harness.page.evaluate(() => globalThis.harnessRuntime.diagnostics.list());
  expect(diagnostics.filter(({ type }) => type === 'display-shown').length).toBeGreaterThan(3);
});

test('a session keeps variables, shows results, streams, displays and errors, and awaits', async () => {
  const outputs = await runCells([
    'import sys\nn = 20\nprint("hello")\nprint("oops", file=sys.stderr)',
    'n + 22',
    'n;',
    'import asyncio\nawait asyncio.sleep(0.01)\nawait asyncio.sleep(0, "done")',
    'from IPython.display import display, HTML\ndisplay(HTML("<b>x</b>"))',
    'def f():\n    return 1 / 0\nf()',
    '_ + 1',
    'asyncio.run(asyncio.sleep(0, 5))',
  ]);
  expect(outputs[0]).toEqual([
    { type: 'stream', stream: 'stdout', text: 'hello\n' },
    { type: 'stream', stream: 'stderr', text: 'oops' },
    { type: 'stream', stream: 'stderr', text: '\n' },
  ]);
  expect(outputs[1]).toEqual([{ type: 'result', count: 2, metadata: {}, data: { 'text/plain': '42' } }]);
  expect(outputs[2]).toEqual([]);
  expect(outputs[3]).toMatchObject([{ type: 'result', data: { 'text/plain': "'done'" } }]);
  expect(outputs[4]).toMatchObject([{ type: 'display', data: { 'text/html': '<b>x</b>' } }]);
  expect(outputs[5]).toMatchObject([{ type: 'error', name: 'ZeroDivisionError', message: 'division by zero' }]);
  const [failure] = outputs[5] as [{ traceback: string[] }];
  const escape = String.fromCodePoint(27);
  const text = failure.traceback.join('\n').replaceAll(new RegExp(`${escape}\\[[\\d;]*m`, 'g'), '');
  expect(text).toMatch(/^Traceback \(most recent call last\):\n {2}File "<cell 6>", line 3, in <module>\n {4}f\(\)/);
  expect(text).toContain('File "<cell 6>", line 2, in f');
  expect(outputs[6]).toMatchObject([{ type: 'error', name: 'TypeError' }]);
  expect(outputs[7]).toMatchObject([{ type: 'result', data: { 'text/plain': '5' } }]);
});

test('!commands, magics and what is refused', async () => {
  await harness.fs.writeFile('/workdir/seen.txt', 'one\ntwo\n');
  const outputs = await runCells([
    'name = "seen.txt"\n!cat {name} && echo $HOME',
    'lines = !cat seen.txt\nlines',
    'text = """\n!not a command\n"""\ntext',
    '%pwd',
    '%%bash\necho hi',
    '%load_ext x',
    'import subprocess\nsubprocess.run(["echo", "from a child"]).returncode',
    '!python3 -c "import sys; sys.exit(3)"\n_exit_code',
  ]);
  expect(textOf(outputs[0])).toBe('one\ntwo\n/home/user\n');
  expect(outputs[1]).toMatchObject([{ data: { 'text/plain': "['one', 'two']" } }]);
  expect(outputs[2]).toMatchObject([{ data: { 'text/plain': "'\\n!not a command\\n'" } }]);
  expect(outputs[3]).toMatchObject([{ data: { 'text/plain': "'/workdir'" } }]);
  expect(outputs[4]).toMatchObject([
    { type: 'error', name: 'UsageError', traceback: [expect.stringContaining('%%bash are not available')] },
  ]);
  expect(outputs[5]).toMatchObject([{ type: 'error', traceback: [expect.stringContaining('%load_ext is not available')] }]);
  expect(textOf(outputs[6])).toContain('from a child');
  expect(outputs[7]).toMatchObject([{ data: { 'text/plain': '3' } }]);
});

test('interrupt, input(), completion and an end in the middle of a cell', async () => {
  const seen = await harness.page.evaluate(async () => {
    const session = await globalThis.harnessRuntime.startPython();
    const outputs: CellOutput[] = [];
    const run = { onOutput: (output: CellOutput) => void outputs.push(output) };
    const outcomes: string[] = [];
    for (const code of ['while True: pass', 'import time; time.sleep(60)', 'import asyncio; await asyncio.sleep(60)', '!sleep 60']) {
      const { outcome } = await session.execute(code, { ...run, onStart: () => void setTimeout(() => session.interrupt(), 300) });
      outcomes.push(outcome);
    }
    await session.execute('value = int(input("how many? ")) + 1; print(value)', { ...run, onInput: async (prompt) => `${prompt.length}` });
    await session.execute('input()', run);
    await session.execute('class Box:\n    width = 1\n    def weigh(self): pass\nbox = Box()', run);
    const attributes = await session.complete('print(box.w');
    const names = await session.complete('bo');
    const modules = await session.complete('import jso');
    const lost = session.execute('import os; os._exit(7)', run).catch((error: Error) => error.message);
    const message = await lost;
    return { outcomes, attributes, names, modules, message, outputs, after: (await session.ended).code };
  });
  expect(seen.outcomes).toEqual(['interrupted', 'interrupted', 'interrupted', 'interrupted']);
  expect(seen.outputs).toContainEqual({ type: 'stream', stream: 'stdout', text: '11\n' });
  expect(seen.outputs).toContainEqual(expect.objectContaining({ type: 'error', name: 'EOFError', message: 'nobody answers input() here' }));
  expect(seen.attributes).toEqual({
    type: 'completed',
    id: expect.any(Number),
    length: 1,
    items: [
      { label: 'weigh', kind: 'method' },
      { label: 'width', kind: 'property' },
    ],
  });
  expect(seen.names.items).toContainEqual({ label: 'box', kind: 'variable' });
  expect(seen.modules.items).toContainEqual({ label: 'json', kind: 'module' });
  expect(seen.message).toContain('The Python process ended (code 7');
  expect(seen.after).toBe(7);
});

test('%pip installs what the next cell imports', async () => {
  const outputs = await runCells([
    'import greeting',
    '%pip install greeting',
    'import greeting\ngreeting.main()',
    '%pip install nosuchpackage',
  ]);
  expect(outputs[0]).toMatchObject([{ type: 'error', name: 'ModuleNotFoundError' }]);
  expect(textOf(outputs[1])).toContain('Successfully installed greeting-1.0');
  expect(textOf(outputs[2])).toBe('hello\n');
  expect(textOf(outputs[3])).toContain('No matching distribution found for nosuchpackage');
  expect(outputs[3]?.at(-1)).toMatchObject({ type: 'error', name: 'UsageError', message: 'pip ended with code 1' });
});

test('a task goes on between cells, and an updated display keeps its name', async () => {
  const text = await harness.page.evaluate(async () => {
    const session = await globalThis.harnessRuntime.startPython();
    let seen = '';
    const onOutput = (output: CellOutput): void => void (seen += output.type === 'stream' ? output.text : '');
    const code =
      'import asyncio\nasync def tick():\n    for n in range(3):\n        await asyncio.sleep(0.05)\n        print(n)\ntask = asyncio.create_task(tick())';
    await session.execute(code, { onOutput });
    const deadline = performance.now() + 5000;
    while (!seen.includes('2') && performance.now() < deadline) await new Promise((resolve) => setTimeout(resolve, 20));
    await session.end();
    return seen;
  });
  expect(text).toBe('0\n1\n2\n');
});

test('the interactive interpreter completes from what is there, and shows what has a picture', async () => {
  const seen = await harness.page.evaluate(async () => {
    const shown = Promise.withResolvers<unknown>();
    const stop = globalThis.harnessRuntime.displays.on((event) => shown.resolve(event));
    const process = await globalThis.harnessRuntime.spawn('python3', ['-q'], { terminal: { columns: 80, rows: 24 } });
    const writer = process.input.getWriter();
    const reader = process.output.getReader();
    let text = '';
    const show = async (expected: string): Promise<void> => {
      while (!text.includes(expected)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`ended before ${expected}: ${text}`);
        text += new TextDecoder().decode(value);
      }
      text = text.slice(text.indexOf(expected) + expected.length);
    };
    const type = (keys: string): Promise<void> => writer.write(new TextEncoder().encode(keys));
    await show('>>> ');
    await type('import types; drawn = type("Drawn", (), {"_repr_html_": lambda self: "<b>drawn</b>"})()\r');
    await show('>>> ');
    // Tab, after letters that only this name begins with.
    await type('dra\t');
    await show('wn');
    await type('\r');
    const event = await shown.promise;
    stop();
    await type('import sys; sys.exit(0)\r');
    await process.exit;
    return event;
  });
  expect(seen).toMatchObject({ type: 'display', data: { 'text/html': '<b>drawn</b>' } });
});

test('HTML of a program runs in a frame that reaches nothing', async () => {
  const { page } = harness;
  await page.evaluate((appUrl) => {
    document.cookie = 'secret=1';
    const frame = globalThis.harnessRuntime.createOutputFrame(`<p id="shown">a table</p><div style="height: 300px"></div><script>
      const out = { origin: self.origin };
      const attempt = async (name, work) => { try { out[name] = await work(); } catch (error) { out[name] = error.name; } };
      (async () => {
        await attempt('dom', () => top.document.title);
        await attempt('outer', () => parent.document.title);
        await attempt('cookie', () => document.cookie);
        await attempt('storage', () => localStorage.length);
        await attempt('databases', () => indexedDB.open('x') && 'open');
        await attempt('caches', () => caches.keys());
        await attempt('opfs', () => navigator.storage.getDirectory());
        await attempt('network', () => fetch('${appUrl}/').then((answer) => answer.status));
        await attempt('runtime', () => fetch('/__verklet/frame.html').then((answer) => answer.status));
        await attempt('navigated', () => { top.location.href = 'about:blank'; return 'yes'; });
        await attempt('popup', () => String(open('about:blank')));
        await attempt('worker', () => new Promise((resolve) => { const w = new Worker('data:text/javascript,postMessage(1)'); w.onmessage = () => resolve('ran'); w.onerror = () => resolve('refused'); }));
        const frame = document.createElement('iframe'); frame.src = '${appUrl}/'; document.body.append(frame);
        const image = new Image();
        await attempt('image', () => new Promise((resolve) => { image.onload = () => resolve('loaded'); image.onerror = () => resolve('refused'); image.src = '${appUrl}/icon.svg'; }));
        document.title = JSON.stringify(out);
      })();
    </script>`);
    frame.id = 'output-under-test';
    document.body.append(frame);
  }, harness.server.appUrl);
  const inner = page.frameLocator('#output-under-test').frameLocator('iframe');
  await expect(inner.locator('#shown')).toHaveText('a table');
  await expect.poll(() => inner.locator('title').first().textContent(), { timeout: 10_000 }).toContain('image');
  const found = JSON.parse((await inner.locator('title').first().textContent()) ?? '{}');
  expect(found).toEqual({
    origin: 'null',
    dom: 'SecurityError',
    outer: 'SecurityError',
    cookie: 'SecurityError',
    storage: 'SecurityError',
    databases: 'SecurityError',
    caches: 'SecurityError',
    opfs: 'SecurityError',
    network: 'TypeError',
    runtime: 'TypeError',
    navigated: 'SecurityError',
    popup: 'null',
    worker: 'refused',
    image: 'refused',
  });
  // It grew to its content, and said nothing else.
  await expect.poll(() => page.locator('#output-under-test').evaluate((frame) => frame.clientHeight)).toBeGreaterThan(300);
  expect(page.url()).toContain('console.html');
});

function textOf(outputs: readonly unknown[] | undefined): string {
  return ((outputs ?? []) as { text?: string }[]).map((output) => output.text ?? '').join('');
}

async function runCells(cells: readonly string[]): Promise<unknown[][]> {
  return harness.page.evaluate(async (sources) => {
    const session = await globalThis.harnessRuntime.startPython();
    const all: unknown[][] = [];
    for (const code of sources) {
      const outputs: unknown[] = [];
      await session.execute(code, { onOutput: (output) => outputs.push(output) });
      all.push(outputs);
    }
    await session.end();
    return all;
  }, cells);
}
