// WASI preview 1 error numbers, and what they are for the file system's Linux ones. Pure.
export const WASI = {
  SUCCESS: 0,
  BADF: 8,
  EXIST: 20,
  FAULT: 21,
  INVAL: 28,
  IO: 29,
  ISDIR: 31,
  LOOP: 32,
  NOENT: 44,
  NOSYS: 52,
  NOTDIR: 54,
  NOTSOCK: 57,
  NOTSUP: 58,
  OVERFLOW: 61,
  SPIPE: 70,
  NOTCAPABLE: 76,
} as const;

/** By Linux errno: EPERM, ENOENT, EINTR, EIO, ... */
const FROM_LINUX: Readonly<Record<number, number>> = {
  1: 63,
  2: 44,
  4: 27,
  5: 29,
  7: 1,
  9: 8,
  11: 6,
  12: 48,
  13: 2,
  14: 21,
  16: 10,
  17: 20,
  18: 75,
  19: 43,
  20: 54,
  21: 31,
  22: 28,
  23: 41,
  24: 33,
  27: 22,
  28: 51,
  29: 70,
  30: 69,
  31: 34,
  32: 64,
  36: 37,
  38: 52,
  39: 55,
  40: 32,
};

/** `result` is what a file system call returned: a failure is a negative Linux errno. */
export function wasiErrno(result: number): number {
  return result >= 0 ? WASI.SUCCESS : (FROM_LINUX[-result] ?? WASI.IO);
}
