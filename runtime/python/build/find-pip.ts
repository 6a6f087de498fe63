// Finds a pip wheel at build time: npm has none. In order: VERKLET_PIP_WHEEL, the distribution's wheel, the wheel that a
// python3 of this machine carries for `ensurepip`, a download of Debian's package. Runs in Node.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdirSync } from 'node:fs';
import path from 'node:path';

const ENSUREPIP = 'import ensurepip, pathlib; print(pathlib.Path(ensurepip.__file__).parent / "_bundled")';

/** The newest wheel that can be had; null when there is none: the build then has no pip, and `pip` says so. */
export function findPip(cacheFolder: string): string | null {
  const named = process.env['VERKLET_PIP_WHEEL'];
  if (named !== undefined && named !== '') return existsSync(named) ? named : null;
  const found = [...wheelsIn('/usr/share/python-wheels'), ...wheelsOfPython(), ...wheelsIn(cacheFolder)];
  if (found.length > 0) return found.toSorted((a, b) => compareVersions(versionOf(a), versionOf(b))).at(-1) ?? null;
  return downloadFromDebian(cacheFolder);
}

function wheelsIn(folder: string): string[] {
  return globSync('pip-*-none-any.whl', { cwd: folder }).map((file) => path.join(folder, file));
}

function wheelsOfPython(): string[] {
  const { status, stdout } = spawnSync('python3', ['-c', ENSUREPIP], { encoding: 'utf8' });
  return status === 0 ? wheelsIn(stdout.trim()) : [];
}

function downloadFromDebian(cacheFolder: string): string | null {
  mkdirSync(cacheFolder, { recursive: true });
  const options = { cwd: cacheFolder, stdio: 'ignore' } as const;
  if (spawnSync('apt-get', ['download', 'python3-pip-whl'], options).status !== 0) return null;
  const [archive] = globSync('python3-pip-whl_*.deb', { cwd: cacheFolder });
  if (archive === undefined) return null;
  execFileSync('dpkg-deb', ['-x', archive, 'unpacked'], options);
  return wheelsIn(path.join(cacheFolder, 'unpacked/usr/share/python-wheels'))[0] ?? null;
}

function versionOf(wheel: string): number[] {
  return path.basename(wheel).split('-')[1]?.split('.').map(Number) ?? [];
}

function compareVersions(a: readonly number[], b: readonly number[]): number {
  for (let index = 0; index < Math.max(a.length, b.length); index++) {
    const difference = (a[index] ?? 0) - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
