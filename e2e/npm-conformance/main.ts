// `npm run npm-conformance [-- id...]`: installs the same projects in the tab and with native npm (`--cpu=wasm32`) and compares
// package.json, package-lock.json, node_modules/.package-lock.json and how a command fails.
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { launchRuntime, type Harness } from '../harness.ts';
import { type ConformanceCase, conformanceCases } from './cases.ts';

const COMPARED = ['package.json', 'package-lock.json', 'node_modules/.package-lock.json'];
const npmCli = path.join(path.dirname(createRequire(import.meta.url).resolve('npm/package.json')), 'bin/npm-cli.js');

interface Outcome {
  /** `0`, or the exit code with npm's error code, one per command. */
  readonly ends: readonly string[];
  /** `null` where the file is not there. */
  readonly files: Readonly<Record<string, string | null>>;
}

function contentOf(content: object | string): string {
  return typeof content === 'string' ? content : `${JSON.stringify(content, null, 2)}\n`;
}

function endOf(code: number | null, stderr: string): string {
  return code === 0 ? '0' : `${code ?? 'killed'} ${/npm error code (\S+)/.exec(stderr)?.[1] ?? ''}`.trim();
}

async function installNatively({ files, commands = [['install']] }: ConformanceCase, root: string): Promise<Outcome> {
  const folder = path.join(root, 'app');
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), contentOf(content));
  }
  const ends: string[] = [];
  for (const args of commands) {
    const platform = ['--cpu=wasm32', '--os=linux', '--libc=glibc', '--ignore-scripts', '--no-audit', '--userconfig=/dev/null'];
    // As the user's own, but for what an npm around us says.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.toLowerCase().startsWith('npm_')));
    ends.push(await runNatively([npmCli, ...args, ...platform], folder, env));
  }
  const read = (name: string): string | null =>
    existsSync(path.join(folder, name)) ? readFileSync(path.join(folder, name), 'utf8') : null;
  return { ends, files: Object.fromEntries(COMPARED.map((name) => [name, read(name)])) };
}

/** Not blocking: this process serves the tab meanwhile. */
function runNatively(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv): Promise<string> {
  return new Promise((resolve) => {
    execFile(process.execPath, args, { cwd, env }, (error, _stdout, stderr) =>
      resolve(endOf(error === null ? 0 : Number(error.code), stderr)),
    );
  });
}

async function installInTab(runtime: Harness, { files, commands = [['install']] }: ConformanceCase): Promise<Outcome> {
  const folder = '/workdir/app';
  await runtime.fs.rm(folder);
  for (const [name, content] of Object.entries(files)) {
    await runtime.fs.mkdir(path.posix.dirname(`${folder}/${name}`));
    await runtime.fs.writeFile(`${folder}/${name}`, contentOf(content));
  }
  const ends: string[] = [];
  for (const args of commands) {
    const { code, stderr } = await runtime.spawn('npm', [...args], { cwd: folder, timeoutMs: 180_000 });
    ends.push(endOf(code, stderr.toString()));
  }
  const entries = COMPARED.map(async (name) => [name, await runtime.fs.readFile(`${folder}/${name}`).then(String, () => null)] as const);
  return { ends, files: Object.fromEntries(await Promise.all(entries)) };
}

function differences(ours: Outcome, native: Outcome): string[] {
  const ends =
    ours.ends.join(', ') === native.ends.join(', ') ? [] : [`ended with ${ours.ends.join(', ')}, natively ${native.ends.join(', ')}`];
  return [...ends, ...COMPARED.flatMap((name) => firstDifference(name, ours.files[name] ?? null, native.files[name] ?? null))];
}

function firstDifference(name: string, ours: string | null, native: string | null): string[] {
  if (ours === native) return [];
  if (ours === null || native === null) return [`${name} is ${ours === null ? 'missing' : 'there'}, natively not so`];
  const [mine, theirs] = [ours.split('\n'), native.split('\n')];
  const line = theirs.findIndex((text, index) => text !== mine[index]);
  return [`${name}:${line + 1} is ${mine[line]?.trim() ?? 'missing'}, natively ${theirs[line]?.trim() ?? 'missing'}`];
}

async function main(ids: readonly string[]): Promise<number> {
  await using runtime = await launchRuntime();
  const chosen = conformanceCases.filter(({ id }) => ids.length === 0 || ids.includes(id));
  let equal = 0;
  for (const one of chosen) {
    const root = mkdtempSync(path.join(tmpdir(), 'verklet-npm-'));
    const native = await installNatively(one, root);
    rmSync(root, { recursive: true, force: true });
    const found = differences(await installInTab(runtime, one), native);
    if (found.length === 0) equal++;
    console.log(`${found.length === 0 ? 'equal ' : 'DIFFER'} ${one.id} (${native.ends.join(', ')})`);
    for (const line of found) console.log(`       ${line}`);
  }
  console.log(`${equal} of ${chosen.length} equal`);
  return equal === chosen.length ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
