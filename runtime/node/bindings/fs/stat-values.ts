// The number arrays in which Node's library expects `stat` results. Runs in the process worker.
import type { Stat } from '../../../fs/file-system.ts';

export const STAT_FIELDS = 18;
const BLOCK_BYTES = 4096;
const SECTOR_BYTES = 512;
/** One device for the whole workspace. */
const DEVICE = 1;

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const S_IFIFO = 0o010000;

export type StatArray = Float64Array | BigInt64Array;

export function emptyStat(): Stat {
  return {
    ino: 0,
    mode: 0,
    nlink: 0,
    uid: 0,
    gid: 0,
    size: 0,
    rdev: 0,
    atimeSec: 0,
    atimeNsec: 0,
    mtimeSec: 0,
    mtimeNsec: 0,
    ctimeSec: 0,
    ctimeNsec: 0,
    birthtimeSec: 0,
    birthtimeNsec: 0,
  };
}

/** Writes the 18 fields of `stat` at `offset`, in libuv's order. */
export function fillStat(into: StatArray, stat: Stat, offset = 0): StatArray {
  const fields = [
    DEVICE,
    stat.mode,
    stat.nlink,
    stat.uid,
    stat.gid,
    stat.rdev,
    BLOCK_BYTES,
    stat.ino,
    stat.size,
    Math.ceil(stat.size / SECTOR_BYTES),
    stat.atimeSec,
    stat.atimeNsec,
    stat.mtimeSec,
    stat.mtimeNsec,
    stat.ctimeSec,
    stat.ctimeNsec,
    stat.birthtimeSec,
    stat.birthtimeNsec,
  ];
  for (let index = 0; index < STAT_FIELDS; index++) {
    const field = fields[index] ?? 0;
    if (into instanceof Float64Array) into[offset + index] = field;
    else into[offset + index] = BigInt(field);
  }
  return into;
}

export function statArray(length: number, isBigInt: boolean): StatArray {
  return isBigInt ? new BigInt64Array(length) : new Float64Array(length);
}

/** Node's `UV_DIRENT_*` for the type bits of a mode. */
export function direntType(typeBits: number): number {
  switch (typeBits & S_IFMT) {
    case S_IFREG:
      return 1;
    case S_IFDIR:
      return 2;
    case S_IFLNK:
      return 3;
    case S_IFIFO:
      return 4;
    case 0o140000:
      return 5;
    case S_IFCHR:
      return 6;
    case 0o060000:
      return 7;
    default:
      return 0;
  }
}
