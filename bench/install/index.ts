// `npm ci` and `npm install` without a lockfile in the tab against native npm, both with warm caches, in turn. Compares trees, too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchRuntime, type Harness } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 3;
const PROJECTS = ['express', 'vite-react', 'eslint-vitest'];
const NATIVE_FLAGS = ['--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline', '--cpu=wasm32'];

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const all: BenchRow[] = [];
  for (const name of PROJECTS) all.push(...(await measure(harness, name)));
  return all;
}

async function measure(harness: Harness, name: string): Promise<BenchRow[]> {
  const project = path.join(import.meta.dirname, name);
  const folder = mkdtempSync(path.join(tmpdir(), 'verklet-bench-'));
  cpSync(project, folder, { recursive: true });
  const times = { ci: { ours: [] as number[], native: [] as number[] }, install: { ours: [] as number[], native: [] as number[] } };
  // The first of each fills the caches and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    for (const command of ['install', 'ci'] as const) {
      await reset(harness, project, folder, command === 'ci');
      const [mine, theirs] = [await installInTab(harness, command), installNatively(folder, command)];
      if (round === 0) continue;
      times[command].ours.push(mine);
      times[command].native.push(theirs);
    }
  }
  const differences = name === 'express' ? await compareTrees(harness, path.join(folder, 'node_modules')) : [];
  for (const difference of differences.slice(0, 10)) console.log(difference);
  rmSync(folder, { recursive: true, force: true });
  return [
    row(`npm-ci-${name}`, 'ms', median(times.ci.ours), median(times.ci.native), { atMostRatio: 0.4 }),
    row(`npm-install-${name}`, 'ms', median(times.install.ours), median(times.install.native), { atMostRatio: 0.8 }),
    ...(name === 'express' ? [row('tree-differences', 'files', differences.length, null, { atMost: 0 })] : []),
  ];
}

/** Both sides begin with the manifest alone, or with its lockfile. */
async function reset(harness: Harness, project: string, folder: string, hasLockfile: boolean): Promise<void> {
  for (const name of ['node_modules', 'package-lock.json']) {
    await harness.fs.rm(`/workdir/${name}`);
    rmSync(path.join(folder, name), { recursive: true, force: true });
  }
  for (const name of hasLockfile ? ['package.json', 'package-lock.json'] : ['package.json']) {
    await harness.fs.writeFile(`/workdir/${name}`, readFileSync(path.join(project, name)));
    cpSync(path.join(project, name), path.join(folder, name));
  }
}

async function installInTab({ page }: Harness, command: string): Promise<number> {
  return page.evaluate(async (argument) => {
    const startedAt = performance.now();
    const npm = await globalThis.harnessRuntime.spawn('npm', [argument]);
    const { code } = await npm.exit;
    if (code !== 0) throw new Error(`npm ${argument} ended with ${code}: ${await new Response(npm.errors).text()}`);
    return performance.now() - startedAt;
  }, command);
}

function installNatively(folder: string, command: string): number {
  const startedAt = performance.now();
  execFileSync('npm', [command, ...NATIVE_FLAGS], { cwd: folder, stdio: 'ignore' });
  return performance.now() - startedAt;
}

/** One line per file, folder or link that is not the same on both sides. */
async function compareTrees({ spawn }: Harness, nativeModules: string): Promise<string[]> {
  const listing = await spawn('node', [
    '-e',
    listTree.toString().concat(`; console.log(JSON.stringify(listTree('node_modules', require('fs'), require('crypto'))))`),
  ]);
  const ours = new Map(JSON.parse(listing.stdout.toString()) as [string, string][]);
  const theirs = new Map(listTree(nativeModules, { readdirSync, statSync, readFileSync, readlinkSync }, { createHash }));
  const names = new Set([...ours.keys(), ...theirs.keys()]);
  return [...names]
    .filter((name) => ours.get(name) !== theirs.get(name))
    .map((name) => `${name}: ours ${ours.get(name) ?? 'missing'}, native ${theirs.get(name) ?? 'missing'}`);
}

/** Also runs inside the tab, as text: no references to this module. */
function listTree(
  root: string,
  fs: Pick<typeof import('node:fs'), 'readdirSync' | 'statSync' | 'readFileSync' | 'readlinkSync'>,
  crypto: Pick<typeof import('node:crypto'), 'createHash'>,
): [string, string][] {
  const rows: [string, string][] = [];
  const visit = (folder: string): void => {
    for (const entry of fs.readdirSync(`${root}/${folder}`, { withFileTypes: true })) {
      const name = `${folder}/${entry.name}`;
      if (entry.isSymbolicLink()) rows.push([name, `link ${fs.readlinkSync(root + name)}`]);
      else if (entry.isDirectory()) visit(name);
      else
        rows.push([
          name,
          `${(fs.statSync(root + name).mode & 0o777).toString(8)} ${crypto
            .createHash('sha256')
            .update(fs.readFileSync(root + name))
            .digest('hex')}`,
        ]);
    }
  };
  visit('');
  return rows;
}
