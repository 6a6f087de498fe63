// `npm run packages [-- [--record] name...]`: every package's program in the tab, against what real Node printed.
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { launchRuntime } from '../harness.ts';
import { folder, packageCases, recorded } from './packages.ts';
import { runInTab, runNatively } from './run.ts';

const args = process.argv.slice(2);
const names = args.filter((argument) => !argument.startsWith('--'));
const cases = packageCases.filter(({ name }) => names.length === 0 || names.includes(name));
process.exitCode = args.includes('--record') ? record() : await compare();

function record(): number {
  const all = { ...recorded };
  for (const packageCase of cases) {
    console.log(`recording ${packageCase.name} with Node ${process.version}`);
    all[packageCase.name] = runNatively(packageCase);
  }
  writeFileSync(path.join(folder, 'recorded.json'), `${JSON.stringify(all, null, 2)}\n`);
  return 0;
}

async function compare(): Promise<number> {
  let failures = 0;
  for (const packageCase of cases) {
    const { name } = packageCase;
    await using runtime = await launchRuntime();
    try {
      const result = await runInTab(runtime, packageCase);
      const isEqual = result.stdout === recorded[name]?.stdout && result.code === recorded[name]?.code;
      console.log(`${isEqual ? 'ok  ' : 'FAIL'} ${name} (install ${seconds(result.installMs)}, run ${seconds(result.runMs)})`);
      if (isEqual) continue;
      failures++;
      console.log(`     exit code ${result.code}, not ${recorded[name]?.code ?? 'recorded'}`);
      printDifference(recorded[name]?.stdout ?? '', result.stdout);
      if (names.length > 0) console.log(result.stderr);
    } catch (error) {
      failures++;
      console.log(`FAIL ${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  console.log(`${cases.length - failures} passed, ${failures} failed`);
  return failures === 0 ? 0 : 1;
}

/** The first lines that differ. */
function printDifference(expected: string, actual: string): void {
  const [wanted, got] = [expected.split('\n'), actual.split('\n')];
  const first = wanted.findIndex((line, index) => line !== got[index]);
  const at = first === -1 ? wanted.length : first;
  for (const [label, lines] of [
    ['expected', wanted],
    ['actual  ', got],
  ] as const)
    for (const line of lines.slice(at, at + 3)) console.log(`     ${label} ${line.slice(0, 300)}`);
}

function seconds(durationMs: number): string {
  return `${(durationMs / 1000).toFixed(1)} s`;
}
