// The executables of packages: relative links in the nearest node_modules/.bin. As npm makes them.
import type { FileSystem, Stat } from '../fs/file-system.ts';
import { type LockedPackage, packageName } from './lockfile.ts';

const EXECUTABLE = 0o755;
const FOLDER_MODE = 0o755;

/** Name and target of each executable, targets relative to the package; names and targets that leave their folder are dropped. */
export function binEntries(folder: string, entry: LockedPackage): [name: string, target: string][] {
  const { bin } = entry;
  if (bin === undefined) return [];
  const name = packageName(folder, entry);
  const entries = typeof bin === 'string' ? [[name.slice(name.lastIndexOf('/') + 1), bin] as const] : Object.entries(bin);
  return entries.flatMap(([command, target]): [string, string][] => {
    const plain = target.replace(/^(?:\.?\/)+/, '');
    const base = command.slice(command.lastIndexOf('/') + 1);
    if (base === '' || base === '.' || base === '..' || plain.split('/').includes('..')) return [];
    return [[base, plain]];
  });
}

/** Links the executables of a package that lies in `project/folder`. */
export function linkBins(fs: FileSystem, project: string, folder: string, entry: LockedPackage): void {
  const modules = folder.slice(0, folder.lastIndexOf('node_modules/') + 'node_modules'.length);
  const inside = folder.slice(modules.length + 1);
  for (const [command, target] of binEntries(folder, entry)) {
    const file = `${project}/${folder}/${target}`;
    const stat = {} as Stat;
    if (fs.stat(file, stat) < 0) continue;
    fs.chmod(file, EXECUTABLE);
    fs.mkdirAll(`${project}/${modules}/.bin`, FOLDER_MODE);
    const link = `${project}/${modules}/.bin/${command}`;
    fs.unlink(link);
    fs.symlink(`../${inside}/${target}`, link);
  }
}
