// The front-end loop of the Vite and React template in the tab against native Node with the same browser: `npm run dev` to the
// first painted page, an edit to its painted hot update, and the production build, which must come out equal byte for byte.
import { spawn, execFileSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Page } from 'playwright';
import { launchRuntime, type Harness } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 3;
const EDITS = 5;
/** Vite's watcher drops a change that follows another at once; people are slower. */
const BETWEEN_EDITS_MS = 500;
const TIMEOUT_MS = 120_000;
const EDITED = 'src/app.jsx';
/** Said by the page when what it renders is on the screen; `at` is the clock of the machine. */
const PAINTED = 'bench-painted';
const REPORT = `
export function report(text) {
  requestAnimationFrame(() => setTimeout(() => console.log(JSON.stringify({ type: '${PAINTED}', text, at: Date.now() }))));
}
`;
const APP = `import { useEffect } from 'react';
import { report } from './report.js';
const text = 'round first';
export function App() {
  useEffect(() => report(text));
  return <h1>{text}</h1>;
}
`;

interface Side {
  /** Starts the development server and shows its page; milliseconds from the command to the painted page. */
  start(): Promise<number>;
  edit(name: string, text: string): Promise<void>;
  stop(): Promise<void>;
}

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const folder = mkdtempSync(path.join(tmpdir(), 'verklet-bench-'));
  try {
    await prepare(harness, folder);
    const painted = new PaintReports(harness.page);
    await using native = await nativeSide(harness, folder);
    const sides = { ours: tabSide(harness, painted), native: native.side };
    const starts = { ours: [] as number[], native: [] as number[] };
    const updates = { ours: [] as number[], native: [] as number[] };
    for (let round = 0; round <= ROUNDS; round++) {
      for (const name of ['ours', 'native'] as const) {
        const reports = name === 'ours' ? painted : native.painted;
        const startedMs = await sides[name].start();
        // The first start of each fills the caches and does not count.
        if (round > 0) starts[name].push(startedMs);
        for (let i = 0; i < EDITS; i++) updates[name].push(await measureEdit(sides[name], reports, `round ${round} edit ${i}`));
        await sides[name].edit(EDITED, APP);
        await sides[name].stop();
      }
    }
    const differences = await compareBuilds(harness, folder);
    for (const difference of differences) console.log(difference);
    return [
      row('dev-to-painted', 'ms', median(starts.ours), median(starts.native), { atMostRatio: 3 }),
      row('dev-to-painted-warm', 'ms', median(starts.ours), null, { atMost: 6000 }),
      row('edit-to-painted', 'ms', median(updates.ours), null, { atMost: 300 }),
      row('build-differences', 'files', differences.length, null, { atMost: 0 }),
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function measureEdit(side: Side, painted: PaintReports, text: string): Promise<number> {
  await new Promise((resolve) => setTimeout(resolve, BETWEEN_EDITS_MS));
  const update = painted.wait((report) => report.text === text);
  const startedAt = Date.now();
  await side.edit(EDITED, APP.replace('round first', text));
  return (await update).at - startedAt;
}

/** The same files on both sides, installed by each side's own npm. */
async function prepare({ fs, spawn: run }: Harness, folder: string): Promise<void> {
  const installed = path.join(import.meta.dirname, '../install/vite-react');
  const files: Record<string, string> = {
    'package.json': readFileSync(path.join(installed, 'package.json'), 'utf8'),
    'package-lock.json': readFileSync(path.join(installed, 'package-lock.json'), 'utf8'),
    'vite.config.js': `import react from '@vitejs/plugin-react';\nexport default { plugins: [react()] };\n`,
    'index.html': `<!doctype html>\n<div id="root"></div>\n<script type="module" src="/src/main.jsx"></script>\n`,
    'src/index.css': `h1 { color: rebeccapurple; & b { color: inherit; } }\n`,
    [EDITED]: APP,
    'src/report.js': REPORT,
    'src/main.jsx': `import { createRoot } from 'react-dom/client';\nimport { App } from './app.jsx';\nimport './index.css';\ncreateRoot(document.getElementById('root')).render(<App />);\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
    await fs.mkdir(path.posix.dirname(`/workdir/${name}`));
    await fs.writeFile(`/workdir/${name}`, text);
  }
  const { code, stderr } = await run('npm', ['ci']);
  if (code !== 0) throw new Error(`npm ci ended with ${code}: ${stderr.toString()}`);
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], { cwd: folder, stdio: 'ignore' });
}

interface PaintReport {
  readonly text: string;
  readonly at: number;
}

/** The paint messages of one page and the frames in it, and when Vite's client in it can be told of updates. */
class PaintReports {
  #connected = (): void => {};
  #waiting: { readonly accepts: (report: PaintReport) => boolean; readonly resolve: (report: PaintReport) => void } | null = null;

  constructor(page: Page) {
    page.on('console', (message) => {
      if (message.text().includes('[vite] connected')) this.#connected();
      if (!message.text().includes(PAINTED)) return;
      const report = JSON.parse(message.text()) as PaintReport;
      if (this.#waiting?.accepts(report) !== true) return;
      this.#waiting.resolve(report);
      this.#waiting = null;
    });
  }

  connection(): Promise<void> {
    return new Promise((resolve) => {
      this.#connected = resolve;
    });
  }

  wait(accepts: (report: PaintReport) => boolean): Promise<PaintReport> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`The page did not show what was waited for within ${TIMEOUT_MS / 1000} s`)),
        TIMEOUT_MS,
      );
      this.#waiting = {
        accepts,
        resolve: (report) => {
          clearTimeout(timer);
          resolve(report);
        },
      };
    });
  }
}

function tabSide({ page, fs }: Harness, painted: PaintReports): Side {
  return {
    async start() {
      const first = painted.wait(({ text }) => text === 'round first');
      const connected = painted.connection();
      const startedAt = await page.evaluate(async () => {
        const startedAtMs = Date.now();
        const runtime = globalThis.harnessRuntime;
        const server = await runtime.spawn('npm', ['run', 'dev']);
        let text = '';
        // Vite tries the port before it listens, so the page waits for the address, as a person would.
        const show = new WritableStream<Uint8Array>({
          write(bytes) {
            if (text.includes('Local:')) return;
            text += new TextDecoder().decode(bytes);
            if (!text.includes('Local:')) return;
            const frame = runtime.preview(5173).createFrame('/');
            frame.id = 'bench-page';
            document.body.append(frame);
          },
        });
        void server.output.pipeTo(show).catch(() => undefined); // ends with the server
        (globalThis.harnessProcesses ??= new Map()).set('bench-server', server);
        return startedAtMs;
      });
      const { at } = await first;
      await connected;
      return at - startedAt;
    },
    edit: (name, text) => fs.writeFile(`/workdir/${name}`, text),
    stop: () =>
      page.evaluate(async () => {
        document.querySelector('#bench-page')?.remove();
        const server = globalThis.harnessProcesses.get('bench-server');
        server?.kill('SIGINT');
        await server?.exit;
      }),
  };
}

async function nativeSide(
  { page }: Harness,
  folder: string,
): Promise<AsyncDisposable & { readonly side: Side; readonly painted: PaintReports }> {
  const view = await page.context().newPage();
  const painted = new PaintReports(view);
  let server: ChildProcess | null = null;
  const stop = async (): Promise<void> => {
    await view.goto('about:blank');
    if (server?.pid === undefined || server.exitCode !== null || server.signalCode !== null) return;
    const ended = new Promise((resolve) => server?.once('exit', resolve));
    process.kill(-server.pid, 'SIGTERM');
    await ended;
  };
  const side: Side = {
    async start() {
      // A page in the background paints nothing.
      await view.bringToFront();
      const first = painted.wait(({ text }) => text === 'round first');
      const connected = painted.connection();
      const startedAt = Date.now();
      server = spawn('npm', ['run', 'dev'], { cwd: folder, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
      await view.goto(await addressOf(server));
      const { at } = await first;
      await connected;
      return at - startedAt;
    },
    async edit(name, text) {
      // As editors do: Vite would see the file empty between truncation and writing, and give up the hot update.
      writeFileSync(path.join(folder, `.${path.basename(name)}`), text);
      renameSync(path.join(folder, `.${path.basename(name)}`), path.join(folder, name));
    },
    async stop() {
      await stop();
      await page.bringToFront();
    },
  };
  return {
    side,
    painted,
    async [Symbol.asyncDispose]() {
      await stop();
      await view.close();
    },
  };
}

/** The address that Vite prints. */
function addressOf(server: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = '';
    server.stdout?.on('data', (bytes: Buffer) => {
      // oxlint-disable-next-line no-control-regex
      text += bytes.toString().replaceAll(/\u001b\[[\d;]*m/g, '');
      const found = /http:\/\/\S+/.exec(text);
      if (found !== null) resolve(found[0]);
    });
    server.once('exit', (code) => reject(new Error(`npm run dev ended with ${code ?? 'a signal'}`)));
  });
}

/** One line for each file of the production build that is not the same on both sides. */
async function compareBuilds({ fs, spawn: run }: Harness, folder: string): Promise<string[]> {
  const built = await run('npm', ['run', 'build'], { timeoutMs: TIMEOUT_MS });
  if (built.code !== 0) return [`npm run build ended with ${built.code ?? 'a signal'}: ${built.stderr.toString()}`];
  execFileSync('npm', ['run', 'build'], { cwd: folder, stdio: 'ignore' });
  const theirs = readdirSync(path.join(folder, 'dist'), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(path.join(folder, 'dist'), path.join(entry.parentPath, entry.name)));
  const listed = await run('find', ['dist', '-type', 'f']);
  const ours = listed.stdout
    .toString()
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.replace(/^dist\//, ''));
  const names = [...new Set([...ours, ...theirs])].toSorted();
  const differences: string[] = [];
  for (const name of names) {
    if (!ours.includes(name)) differences.push(`dist/${name}: only native`);
    else if (!theirs.includes(name)) differences.push(`dist/${name}: only in the tab`);
    else if (!(await fs.readFile(`/workdir/dist/${name}`)).equals(readFileSync(path.join(folder, 'dist', name))))
      differences.push(`dist/${name}: content differs`);
  }
  return differences;
}
