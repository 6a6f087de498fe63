// `npm ci` of Express 5 in the tab against native npm: same lockfile, both with warm caches, in turn. Compares the trees, too.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchRuntime, type Harness } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const ROUNDS = 5;
const project = path.join(import.meta.dirname, 'express');

export async function rows(): Promise<BenchRow[]> {
  await using harness = await launchRuntime();
  const folder = mkdtempSync(path.join(tmpdir(), 'verklet-bench-'));
  cpSync(project, folder, { recursive: true });
  for (const file of ['package.json', 'package-lock.json'])
    await harness.fs.writeFile(`/workdir/${file}`, readFileSync(path.join(project, file)));
  const ours: number[] = [];
  const native: number[] = [];
  // The first of each fills the caches and does not count.
  for (let round = 0; round <= ROUNDS; round++) {
    const [mine, theirs] = [await installInTab(harness), installNatively(folder)];
    if (round > 0) {
      ours.push(mine);
      native.push(theirs);
    }
  }
  const differences = await compareTrees(harness, path.join(folder, 'node_modules'));
  for (const difference of differences.slice(0, 10)) console.log(difference);
  rmSync(folder, { recursive: true, force: true });
  return [
    row('npm-ci-express', 'ms', median(ours), median(native), { atMostRatio: 0.4 }),
    row('tree-differences', 'files', differences.length, null, { atMost: 0 }),
  ];
}

async function installInTab({ page }: Harness): Promise<number> {
  return page.evaluate(async () => {
    const startedAt = performance.now();
    const npm = await globalThis.harnessRuntime.spawn('npm', ['ci']);
    const { code } = await npm.exit;
    if (code !== 0) throw new Error(`npm ci ended with ${code}: ${await new Response(npm.errors).text()}`);
    return performance.now() - startedAt;
  });
}

function installNatively(folder: string): number {
  const startedAt = performance.now();
  execFileSync('npm', ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--prefer-offline'], { cwd: folder, stdio: 'ignore' });
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
