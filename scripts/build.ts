// Builds everything into dist/: wasm, Node's library, the preview host, the app, the example. `--if-stale` skips when nothing changed.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, globSync, mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { brotliCompressSync, constants } from 'node:zlib';
import { build as viteBuild } from 'vite';
import { offlineFiles } from './offline-files.ts';
import { compileWasm } from './wasm.ts';
import { writeNotices } from './notices.ts';

const root = path.dirname(import.meta.dirname);
const dist = path.join(root, 'dist');
const stampFile = path.join(dist, '.sources');

const SOURCES = [
  'app/**',
  'sw/**',
  'runtime/**',
  'preview-origin/**',
  'examples/**',
  'scripts/*.ts',
  'index.html',
  'manifest.webmanifest',
  'vite.config.ts',
  'package-lock.json',
];

const stamp = sourceStamp();
if (process.argv.includes('--if-stale') && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp) {
  console.log('Build is up to date.');
  process.exit(0);
}

await step('WebAssembly', () => compileWasm(root));
await step("Node's library", () =>
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'runtime/node/build/main.ts'], { cwd: root, stdio: 'inherit' }),
);
await step("npm's command line", () =>
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', 'runtime/packages/npm-cli/build/bundle.ts'], {
    cwd: root,
    stdio: 'inherit',
  }),
);
await step('Python', () =>
  // The snapshot remembers whether its engine could switch stacks, as browsers can.
  execFileSync(process.execPath, ['--disable-warning=ExperimentalWarning', '--experimental-wasm-jspi', 'runtime/python/build/main.ts'], {
    cwd: root,
    stdio: 'inherit',
  }),
);
rmSync(dist, { recursive: true, force: true });
await step('preview host', () => viteBuild({ configFile: path.join(root, 'preview-origin/vite.config.ts'), logLevel: 'warn' }));
cpSync(path.join(root, '.cache/python/files'), path.join(dist, 'preview/__verklet/python'), { recursive: true });
await step('preview service worker', () => viteBuild({ configFile: path.join(root, 'sw/preview/vite.config.ts'), logLevel: 'warn' }));
await step('workspace service worker', () => viteBuild({ configFile: path.join(root, 'sw/workspace/vite.config.ts'), logLevel: 'warn' }));
writeFileSync(path.join(dist, 'preview/__verklet/python-pack.json'), JSON.stringify(offlineFiles('python')));
await step('app', () => viteBuild({ configFile: path.join(root, 'vite.config.ts'), logLevel: 'warn' }));
await step('example', () => viteBuild({ configFile: path.join(root, 'examples/embed/vite.config.ts'), logLevel: 'warn' }));
await step('notices', () => writeNotices(root, dist));
await step('compression', compress);
writeFileSync(stampFile, stamp);

async function step(name: string, work: () => unknown): Promise<void> {
  const startedAt = performance.now();
  await work();
  console.log(`built ${name} in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}

function sourceStamp(): string {
  const hash = createHash('sha256');
  for (const file of globSync(SOURCES, { cwd: root }).sort()) {
    const info = statSync(path.join(root, file));
    if (info.isFile()) hash.update(`${file} ${info.size} ${info.mtimeMs}\n`);
  }
  return hash.digest('hex');
}

/** Brotli twins for the server: level 9 is within 3 % of 11 at a tenth of the time. */
function compress(): void {
  for (const file of globSync('**/*.{js,mjs,css,html,json,wasm,svg,txt,bin}', { cwd: dist })) {
    const full = path.join(dist, file);
    const bytes = readFileSync(full);
    if (bytes.byteLength < 1024 || ['frame.html', 'output.html'].includes(path.basename(file)) || existsSync(`${full}.br`)) continue;
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(`${full}.br`, brotliCompressSync(bytes, { params: { [constants.BROTLI_PARAM_QUALITY]: 9 } }));
  }
}
