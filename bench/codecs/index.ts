// SHA-256 and gzip of 16 MiB in the tab, against the same program in the same Node natively, in turns.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { launchRuntime } from '../../e2e/harness.ts';
import { median, row, type BenchRow } from '../rows.ts';

const TURNS = 5;
const AT_MOST_RATIO = 2;
const OPERATIONS = ['sha256', 'gzip'] as const;

type Medians = Readonly<Record<(typeof OPERATIONS)[number], number>>;

export async function rows(): Promise<BenchRow[]> {
  const program = path.join(import.meta.dirname, 'program.cjs');
  await using harness = await launchRuntime();
  await harness.fs.writeFile('/workdir/program.cjs', readFileSync(program));
  const ours: Medians[] = [];
  const native: Medians[] = [];
  for (let turn = 0; turn < TURNS; turn++) {
    native.push(JSON.parse(execFileSync(process.execPath, ['--no-warnings', program], { encoding: 'utf8' })) as Medians);
    const { stdout } = await harness.spawn('node', ['program.cjs']);
    ours.push(JSON.parse(stdout.toString()) as Medians);
  }
  return OPERATIONS.map((name) =>
    row(`${name}-16-mib`, 'ms', median(ours.map((turn) => turn[name])), median(native.map((turn) => turn[name])), {
      atMostRatio: AT_MOST_RATIO,
    }),
  );
}
