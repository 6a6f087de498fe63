// Runs one package's program in the tab and natively, and makes their outputs comparable.
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Harness } from '../harness.ts';
import { folder, type PackageCase, type Recording } from './packages.ts';

const INSTALL_TIMEOUT_MS = 180_000;
const RUN_TIMEOUT_MS = 120_000;

export interface PackageResult extends Recording {
  readonly installMs: number;
  readonly runMs: number;
  readonly stderr: string;
}

/** @throws Error when the package cannot be installed */
export async function runInTab(runtime: Harness, { name, dependencies, command }: PackageCase): Promise<PackageResult> {
  const cwd = `/workdir/${name}`;
  await runtime.fs.mkdir(cwd);
  await runtime.fs.writeFile(`${cwd}/package.json`, manifest(dependencies));
  const files = path.join(folder, 'programs', name);
  for (const entry of readdirSync(files)) await runtime.fs.writeFile(`${cwd}/${entry}`, readFileSync(path.join(files, entry)));
  const installedAt = performance.now();
  const installed = await runtime.spawn('npm', ['install'], { cwd, timeoutMs: INSTALL_TIMEOUT_MS });
  if (installed.code !== 0) throw new Error(`npm install failed (${installed.code}): ${installed.stderr.toString().slice(-1000)}`);
  const ranAt = performance.now();
  const result = await runtime.spawn('sh', ['-c', command], {
    cwd,
    env: { PATH: `${cwd}/node_modules/.bin:/usr/local/bin:/usr/bin:/bin` },
    timeoutMs: RUN_TIMEOUT_MS,
  });
  return {
    stdout: comparable(result.stdout.toString(), cwd),
    code: result.timedOut ? null : result.code,
    stderr: result.stderr.toString(),
    installMs: ranAt - installedAt,
    runMs: performance.now() - ranAt,
  };
}

/** What the Node that runs this prints. */
export function runNatively({ name, dependencies, command }: PackageCase): Recording {
  const cwd = mkdtempSync(path.join(tmpdir(), 'packages-'));
  try {
    cpSync(path.join(folder, 'programs', name), cwd, { recursive: true });
    writeFileSync(path.join(cwd, 'package.json'), manifest(dependencies));
    execFileSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund', '--loglevel=error'], {
      cwd,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const PATH = [path.join(cwd, 'node_modules/.bin'), path.dirname(process.execPath), '/usr/bin', '/bin'].join(':');
    const { stdout, status } = spawnSync('sh', ['-c', command], {
      cwd,
      env: { PATH, HOME: cwd },
      encoding: 'utf8',
      timeout: RUN_TIMEOUT_MS,
    });
    return { stdout: comparable(stdout, cwd), code: status };
  } finally {
    rmSync(cwd, { recursive: true, force: true });
  }
}

function manifest(dependencies: Readonly<Record<string, string>>): string {
  return `${JSON.stringify({ name: 'program', private: true, dependencies }, null, 2)}\n`;
}

/** Without what differs from run to run: colours, folders, durations, times of day, stack frames. */
function comparable(output: string, cwd: string): string {
  return (
    output
      // oxlint-disable-next-line no-control-regex
      .replace(/\u001b\[[\d;]*[A-Za-z]/g, '')
      .replaceAll(cwd, '<folder>')
      .replace(/\b\d+(?:\.\d+)? ?(?:ms|s)\b/g, '<time>')
      .replace(/\b\d\d:\d\d:\d\d\b/g, '<clock>')
      .replace(/ \(<time>\)/g, '')
      .replace(/^(?: *at .*\n)+/gm, '')
  );
}
