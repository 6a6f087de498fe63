// Writes the files of an unpacked package into its folder. Any worker.
import { VerkletError } from '#protocol';
import type { FileSystem } from '../fs/file-system.ts';
import type { TarFile } from './untar.ts';

const FOLDER_MODE = 0o755;
/** npm makes every file readable for all and writable for its owner, and keeps execute bits. */
const FILE_MODE = 0o644;
const EXECUTE_BITS = 0o111;

/** Throws `ERR_INTERNAL` where the file system refuses. */
export function placeFiles(fs: FileSystem, folder: string, files: readonly TarFile[]): void {
  const made = new Set<string>();
  for (const { path, mode, bytes } of files) {
    const parent = path.includes('/') ? `${folder}/${path.slice(0, path.lastIndexOf('/'))}` : folder;
    if (!made.has(parent)) succeed(fs.mkdirAll(parent, FOLDER_MODE), parent);
    made.add(parent);
    succeed(fs.writeFile(`${folder}/${path}`, bytes, FILE_MODE | (mode & EXECUTE_BITS)), path);
  }
}

/** Removes what an earlier version left. Packages nested in this one are not its own: they may be unpacked at the same time. */
export function emptyPackageFolder(fs: FileSystem, folder: string): void {
  const entries = fs.readdir(folder);
  if (typeof entries === 'number') return;
  for (const { name } of entries) if (name !== 'node_modules') fs.removeAll(`${folder}/${name}`);
}

export function succeed(result: string | number, path: string): void {
  if (typeof result === 'number' && result < 0)
    throw new VerkletError('ERR_INTERNAL', { reason: `${path} could not be written (errno ${result})` });
}
