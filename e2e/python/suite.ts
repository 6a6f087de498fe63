// Runs the recorded Python programs in the tab and compares with what CPython did: `npm run python-suite`, or some of them.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { launchRuntime, type Harness } from '../harness.ts';

export interface RecordedProgram {
  readonly name: string;
  readonly argv: readonly string[];
  readonly input: string;
  readonly source: string;
  readonly code: number | null;
  readonly signal: number | null;
  readonly stdout: string;
  /** The last line; null where it is not compared. */
  readonly stderr: string | null;
}

export function recordedPrograms(): readonly RecordedProgram[] {
  const file = path.join(import.meta.dirname, 'programs/recorded.json');
  return (JSON.parse(readFileSync(file, 'utf8')) as { cases: RecordedProgram[] }).cases;
}

const SIGNALS: Readonly<Record<number, string>> = { 2: 'SIGINT', 6: 'SIGABRT', 9: 'SIGKILL', 15: 'SIGTERM' };
let folders = 0;

/** What differs from the recording; empty when nothing does. */
export async function differences(harness: Harness, program: RecordedProgram): Promise<string[]> {
  const cwd = `/workdir/suite-${folders++}`;
  await harness.fs.mkdir(cwd);
  await harness.fs.writeFile(`${cwd}/main.py`, program.source);
  const options = { cwd, stdin: program.input, env: { HOME: cwd, PYTHON_COLORS: '0' }, timeoutMs: 60_000 };
  const done = await harness.spawn('python3', program.argv, options);
  const found: string[] = [];
  const compare = (what: string, ours: unknown, theirs: unknown): void => {
    if (ours !== theirs) found.push(`${what}: ${JSON.stringify(ours)} instead of ${JSON.stringify(theirs)}`);
  };
  compare('exit code', done.code, program.code);
  compare('signal', done.signal, program.signal === null ? null : (SIGNALS[program.signal] ?? String(program.signal)));
  compare('output', done.stdout.toString(), program.stdout);
  if (program.stderr !== null) compare('last line of errors', lastLine(done.stderr.toString(), cwd), program.stderr);
  if (found.length > 0) found.push(`errors: ${done.stderr.toString().slice(-400)}`);
  return found;
}

function lastLine(text: string, cwd: string): string {
  const line = text.trimEnd().split('\n').at(-1) ?? '';
  return line.replaceAll(cwd, '<folder>').replaceAll('/usr/bin/python3', '<python>');
}

async function main(filter: string): Promise<number> {
  await using harness = await launchRuntime();
  const programs = recordedPrograms().filter(({ name }) => name.includes(filter));
  let passed = 0;
  for (const program of programs) {
    const found = await differences(harness, program);
    if (found.length === 0) passed++;
    else console.log(`${program.name}\n  ${found.join('\n  ')}`);
  }
  console.log(`${passed} passed, ${programs.length - passed} failed`);
  return passed / programs.length >= 0.98 ? 0 : 1;
}

if (import.meta.main) process.exitCode = await main(process.argv[2] ?? '');
