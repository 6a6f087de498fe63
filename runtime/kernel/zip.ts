// Zip archives in and out of the file system, with limits. Runs in the file-service worker.
import { unzipSync, zipSync, type Zippable } from 'fflate';
import { VerkletError } from '#protocol';
import type { FileSystem, Stat } from '../fs/file-system.ts';

/** A workspace is far smaller; a bomb is far larger. */
const MAX_UNPACKED_BYTES = 2 * 1024 * 1024 * 1024;
const MAX_ENTRIES = 200_000;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const UNIX = 3;

export interface ZipEntry {
  /** Relative path; ends in a slash for a folder. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly mode: number;
}

/** All entries, or `ERR_BAD_ARCHIVE` when any is unsafe. */
export function readZip(archive: Uint8Array): ZipEntry[] {
  let unpacked = 0;
  let count = 0;
  const refuse = (reason: string): never => {
    throw new VerkletError('ERR_BAD_ARCHIVE', { name: 'zip', reason });
  };
  const checkEntry = (name: string, sizeBytes: number): boolean => {
    if (!isSafeName(name)) refuse(`${JSON.stringify(name)} would leave the folder`);
    unpacked += sizeBytes;
    count += 1;
    if (unpacked > MAX_UNPACKED_BYTES) refuse(`it unpacks to more than ${MAX_UNPACKED_BYTES} bytes`);
    if (count > MAX_ENTRIES) refuse(`it has more than ${MAX_ENTRIES} entries`);
    return true;
  };
  try {
    const modes = readModes(archive);
    const files = unzipSync(archive, { filter: ({ name, originalSize }) => checkEntry(name, originalSize) });
    return Object.entries(files).map(([name, bytes]) => ({ name, bytes, mode: modes.get(name) ?? 0o644 }));
  } catch (error) {
    if (error instanceof VerkletError) throw error;
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

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

function isSafeName(name: string): boolean {
  return (
    name !== '' &&
    !name.startsWith('/') &&
    !name.includes('\\') &&
    !name.includes('\0') &&
    !name.split('/').some((part) => part === '..' || part === '.')
  );
}

/** Permission bits from the central directory (APPNOTE 4.4.15), which the unzip library does not report. */
function readModes(archive: Uint8Array): Map<string, number> {
  const modes = new Map<string, number>();
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  let end = archive.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) return modes;
  let at = view.getUint32(end + 16, true);
  for (
    let left = view.getUint16(end + 10, true);
    left > 0 && at + 46 <= archive.length && view.getUint32(at, true) === 0x02014b50;
    left--
  ) {
    const nameLength = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameLength));
    const mode = view.getUint32(at + 38, true) >>> 16;
    if ((mode & 0o777) !== 0) modes.set(name, mode & 0o777);
    at += 46 + nameLength + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return modes;
}
