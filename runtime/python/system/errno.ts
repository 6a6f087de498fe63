// Linux errno numbers, which the file system and the kernel use, into those that CPython was compiled with. Pure.

const emscripten: Readonly<Record<number, number>> = {
  1: 63, // EPERM
  2: 44, // ENOENT
  3: 71, // ESRCH
  4: 27, // EINTR
  5: 29, // EIO
  6: 60, // ENXIO
  7: 1, // E2BIG
  8: 45, // ENOEXEC
  9: 8, // EBADF
  10: 12, // ECHILD
  11: 6, // EAGAIN
  12: 48, // ENOMEM
  13: 2, // EACCES
  14: 21, // EFAULT
  16: 10, // EBUSY
  17: 20, // EEXIST
  18: 75, // EXDEV
  19: 43, // ENODEV
  20: 54, // ENOTDIR
  21: 31, // EISDIR
  22: 28, // EINVAL
  24: 33, // EMFILE
  25: 59, // ENOTTY
  27: 22, // EFBIG
  28: 51, // ENOSPC
  29: 70, // ESPIPE
  31: 34, // EMLINK
  32: 64, // EPIPE
  36: 37, // ENAMETOOLONG
  38: 52, // ENOSYS
  39: 55, // ENOTEMPTY
  40: 32, // ELOOP
  88: 57, // ENOTSOCK
  92: 50, // ENOPROTOOPT
  95: 138, // EOPNOTSUPP
  97: 5, // EAFNOSUPPORT
  98: 3, // EADDRINUSE
  99: 4, // EADDRNOTAVAIL
  104: 15, // ECONNRESET
  106: 30, // EISCONN
  107: 53, // ENOTCONN
  110: 73, // ETIMEDOUT
  111: 14, // ECONNREFUSED
  113: 23, // EHOSTUNREACH
  115: 26, // EINPROGRESS
};

const EINVAL = 28;

/** Emscripten's positive number for a negative Linux one. */
export function toGuestErrno(linux: number): number {
  return emscripten[-linux] ?? EINVAL;
}

/** A result of the file system or the kernel as a system call returns it: counts stay, errors are renumbered. */
export function toGuestResult(value: number): number {
  return value < 0 ? -toGuestErrno(value) : value;
}

/** Emscripten's numbers, negative, for what the system layer decides itself. */
export const guest = {
  EACCES: -2,
  EADDRINUSE: -3,
  EAFNOSUPPORT: -5,
  EAGAIN: -6,
  EBADF: -8,
  ECHILD: -12,
  ECONNREFUSED: -14,
  EINPROGRESS: -26,
  EINTR: -27,
  EINVAL: -28,
  EISCONN: -30,
  ENOENT: -44,
  ENOPROTOOPT: -50,
  ENOSYS: -52,
  ENOTCONN: -53,
  ENOTDIR: -54,
  ENOTSOCK: -57,
  ENOTTY: -59,
  ENXIO: -60,
  EPIPE: -64,
  ESPIPE: -70,
  EOPNOTSUPP: -138,
} as const;
