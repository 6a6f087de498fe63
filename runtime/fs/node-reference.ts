// Real Node `fs` behind the file system's contract: what the conformance suite compares with. Runs in Node only.
import fs from 'node:fs';
import type { Dirent, FileSystem, Stat, StatFs } from './file-system.ts';

const S_IFMT = 0o170000;
const EXDEV = -18;

/** Runs `work`; a thrown system error becomes its errno. */
function errnoOf<T>(work: () => T): T | number {
  try {
    return work();
  } catch (error) {
    const { errno } = error as NodeJS.ErrnoException;
    if (typeof errno !== 'number') throw error;
    return errno;
  }
}

function done(work: () => unknown): number {
  const result = errnoOf(() => {
    work();
    return 0;
  });
  return result;
}

function fill(out: Stat, stat: fs.BigIntStats): number {
  const seconds = (ns: bigint): [number, number] => [Number(ns / 1_000_000_000n), Number(ns % 1_000_000_000n)];
  [out.atimeSec, out.atimeNsec] = seconds(stat.atimeNs);
  [out.mtimeSec, out.mtimeNsec] = seconds(stat.mtimeNs);
  Object.assign(out, { ino: Number(stat.ino), mode: Number(stat.mode), nlink: Number(stat.nlink), size: Number(stat.size) });
  return 0;
}

/** Only what the conformance cases use; the rest is ours alone and throws. */
export class NodeReference implements FileSystem {
  readonly generation = 0;

  stat = (path: string, out: Stat): number => errnoOf(() => fill(out, fs.statSync(path, { bigint: true })));
  lstat = (path: string, out: Stat): number => errnoOf(() => fill(out, fs.lstatSync(path, { bigint: true })));
  fstat = (handle: number, out: Stat): number => errnoOf(() => fill(out, fs.fstatSync(handle, { bigint: true })));
  access = (path: string, mode: number): number => done(() => fs.accessSync(path, mode));
  open = (path: string, flags: number, mode: number): number => errnoOf(() => fs.openSync(path, flags, mode));
  close = (handle: number): number => done(() => fs.closeSync(handle));
  read = (handle: number, into: Uint8Array, position: number): number =>
    errnoOf(() => fs.readSync(handle, into, 0, into.length, position < 0 ? null : position));
  write = (handle: number, from: Uint8Array, position: number): number =>
    errnoOf(() => fs.writeSync(handle, from, 0, from.length, position < 0 ? null : position));
  ftruncate = (handle: number, size: number): number => done(() => fs.ftruncateSync(handle, size));
  fchmod = (handle: number, mode: number): number => done(() => fs.fchmodSync(handle, mode));
  futimes = (handle: number, atimeMs: number, mtimeMs: number): number =>
    done(() => fs.futimesSync(handle, atimeMs / 1000, mtimeMs / 1000));
  readFile = (path: string): Uint8Array | number => errnoOf(() => new Uint8Array(fs.readFileSync(path)));
  writeFile = (path: string, bytes: Uint8Array, mode: number): number => done(() => fs.writeFileSync(path, bytes, { mode }));
  readdir = (path: string): Dirent[] | number =>
    errnoOf(() => fs.readdirSync(path).map((name) => ({ name, ino: 0, type: fs.lstatSync(`${path}/${name}`).mode & S_IFMT })));
  mkdir = (path: string, mode: number): number => done(() => fs.mkdirSync(path, mode));
  mkdirAll = (path: string, mode: number): string | number => errnoOf(() => fs.mkdirSync(path, { recursive: true, mode }) ?? '');
  rmdir = (path: string): number => done(() => fs.rmdirSync(path));
  unlink = (path: string): number => done(() => fs.unlinkSync(path));
  removeAll = (path: string): number => done(() => fs.rmSync(path, { recursive: true, force: true }));
  rename = (from: string, to: string): number => done(() => fs.renameSync(from, to));
  link = (existing: string, path: string): number => done(() => fs.linkSync(existing, path));
  symlink = (target: string, path: string): number => done(() => fs.symlinkSync(target, path));
  readlink = (path: string): string | number => errnoOf(() => fs.readlinkSync(path));
  realpath = (path: string): string | number => errnoOf(() => fs.realpathSync.native(path));
  truncate = (path: string, size: number): number => done(() => fs.truncateSync(path, size));
  chmod = (path: string, mode: number): number => done(() => fs.chmodSync(path, mode));
  utimes = (path: string, atimeMs: number, mtimeMs: number): number => done(() => fs.utimesSync(path, atimeMs / 1000, mtimeMs / 1000));

  retain = (): number => EXDEV;
  transfer = (): number => EXDEV;
  lchown = (): number => EXDEV;
  pathOf = (): string => '';
  changeCursor = (): number => 0;
  changesSince = (cursor: number): { changes: []; cursor: number } => ({ changes: [], cursor });
  waitForChange = (): Promise<void> => Promise.resolve();

  statfs(): StatFs {
    throw new Error('The reference has no statfs');
  }
}
