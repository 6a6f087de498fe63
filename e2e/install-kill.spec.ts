// An installation that is killed leaves the tree it found or the tree it was to make, never something between.
// VERKLET_KILLS sets how often each kind is killed.
import { expect, test } from 'playwright/test';
import { launchRuntime, type Harness } from './harness.ts';

const KILLS = Number(process.env['VERKLET_KILLS'] ?? 6);
const PROJECT = '/workdir/app';

let runtime: Harness;
test.beforeAll(async () => {
  runtime = await launchRuntime();
  await runtime.fs.mkdir(PROJECT);
});
test.afterAll(() => runtime.close());

async function sh(line: string): Promise<string> {
  const { stdout, stderr, code } = await runtime.spawn('sh', ['-c', line], { cwd: PROJECT, timeoutMs: 60_000 });
  if (code !== 0) throw new Error(`${line} ended with ${code}: ${stderr.toString()}`);
  return stdout.toString();
}

/** Every file and link below node_modules with its size, and the manifests. */
async function stateOf(): Promise<string> {
  const script = `
    const fs = require('fs');
    const rows = [];
    const walk = (folder) => {
      for (const entry of fs.readdirSync(folder, { withFileTypes: true })) {
        const path = folder + '/' + entry.name;
        if (entry.isDirectory()) walk(path);
        else rows.push(path + ' ' + (entry.isSymbolicLink() ? fs.readlinkSync(path) : fs.statSync(path).size));
      }
    };
    if (fs.existsSync('node_modules')) walk('node_modules');
    for (const name of ['package.json', 'package-lock.json']) rows.push(fs.existsSync(name) ? fs.readFileSync(name, 'utf8') : name + ' missing');
    console.log(rows.sort().join('\\n'));`;
  return (await runtime.spawn('node', ['-e', script], { cwd: PROJECT })).stdout.toString();
}

/** When something that was killed is cleaned up: its worker is buried some milliseconds later. */
async function settledState(allowed: readonly string[]): Promise<string> {
  let state = '';
  for (let attempt = 0; attempt < 20; attempt++) {
    state = await stateOf();
    if (allowed.includes(state)) break;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return state;
}

for (const { title, program, args } of [
  { title: 'npm ci', program: 'npm', args: ['ci'] },
  { title: 'npm install with a package', program: 'node', args: ['/usr/lib/node_modules/npm/bin/npm-cli.js', 'install', 'express@5.1.0'] },
]) {
  test(`${title} killed at ${KILLS} moments`, async () => {
    test.setTimeout(60_000 + KILLS * 10_000);
    await sh('rm -rf node_modules package-lock.json');
    await runtime.fs.writeFile(
      `${PROJECT}/package.json`,
      JSON.stringify({ name: 'app', version: '1.0.0', dependencies: { 'is-odd': '3.0.1' } }),
    );
    await sh('npm install');
    if (title === 'npm ci') {
      await sh('npm install express@5.1.0 && cp package-lock.json /tmp/lock.json && cp package.json /tmp/manifest.json');
      await sh('npm uninstall express && cp /tmp/lock.json package-lock.json && cp /tmp/manifest.json package.json');
    }
    await sh(
      `node -e "fs.rmSync('/tmp/start', { recursive: true, force: true }); fs.cpSync('.', '/tmp/start', { recursive: true, verbatimSymlinks: true })"`,
    );
    const before = await stateOf();
    const startedAtMs = performance.now();
    expect((await runtime.spawn(program, args, { cwd: PROJECT })).code).toBe(0);
    const durationMs = performance.now() - startedAtMs;
    const after = await stateOf();
    expect(after).not.toBe(before);
    const seen = { before: 0, after: 0 };
    for (let kill = 0; kill < KILLS; kill++) {
      await sh(
        `rm -rf node_modules package.json package-lock.json && node -e "fs.cpSync('/tmp/start', '.', { recursive: true, verbatimSymlinks: true })"`,
      );
      const atMs = Math.round(((kill + 0.5) / KILLS) * durationMs);
      await runtime.spawn(program, args, { cwd: PROJECT, timeoutMs: atMs });
      const state = await settledState([before, after]);
      const lines = new Set(before.split('\n'));
      const strangers = [before, after].includes(state) ? [] : state.split('\n').filter((line) => !lines.has(line));
      expect(strangers, `killed after ${atMs} of ${Math.round(durationMs)} ms`).toEqual([]);
      expect([before, after].includes(state), `a file is missing, killed after ${atMs} ms`).toBe(true);
      seen[state === before ? 'before' : 'after']++;
    }
    expect(seen.before).toBeGreaterThan(0);
    await expect.poll(() => sh('ls -a /tmp')).not.toContain('.npm-');
  });
}
