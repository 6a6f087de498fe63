// A folder as a zip archive. Runs in the file-service worker.
import { zipSync, type Zippable } from 'fflate';
import type { FileSystem, Stat } from '../fs/file-system.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const UNIX = 3;

/** The tree below `folder`; names in `exclude` are left out at any depth. */
export function writeZip(fs: FileSystem, folder: string, exclude: ReadonlySet<string>): Uint8Array {
  const entries: Zippable = {};
  const walk = (path: string, prefix: string): void => {
    const names = fs.readdir(path);
    if (typeof names === 'number') return;
    for (const { name, type } of names) {
      if (exclude.has(name)) continue;
      if ((type & S_IFMT) === S_IFDIR) walk(`${path}/${name}`, `${prefix}${name}/`);
      else if ((type & S_IFMT) === S_IFREG) addFile(`${path}/${name}`, prefix + name);
    }
  };
  const addFile = (path: string, name: string): void => {
    const bytes = fs.readFile(path);
    const stat = {} as Stat;
    if (typeof bytes === 'number' || fs.stat(path, stat) < 0) return;
    entries[name] = [
      bytes,
      { os: UNIX, attrs: ((stat.mode & 0xffff) << 16) >>> 0, mtime: Math.max(stat.mtimeSec * 1000, Date.UTC(1980, 0, 2)) },
    ];
  };
  walk(folder, '');
  return zipSync(entries);
}
