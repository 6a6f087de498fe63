// Addresses and offsets in the core's memory that the TypeScript face reads; see assembly/core.ts for what they mean.

export const LOCK = 64;
export const SEQUENCE = 68;
export const GENERATION = 72;
export const JOURNAL_LENGTH = 76;
export const BREAK = 80;
export const RING_NEXT = 100;
export const ROOT = 92;
export const INODE_COUNT = 96;

export const RING = 20480;
export const RING_ENTRIES = 4096;
export const RING_ENTRY_BYTES = 280;

/** The second path input of a worker's scratch area. */
export const SECOND_PATH = 8192;
export const MAX_PATH_BYTES = 4095;

/** Inode fields in 32-bit words from its address. */
export const inodeWord = {
  mode: 0,
  nlink: 1,
  uid: 2,
  gid: 3,
  size: 4,
  rdev: 5,
  data: 6,
  capacity: 7,
  nsec: 16,
  first: 20,
  last: 21,
  children: 22,
  dentry: 23,
  pins: 24,
  ino: 25,
  parent: 26,
} as const;
/** Inode times in 64-bit words from its address. */
export const inodeTime = { atime: 4, mtime: 5, ctime: 6, birth: 7 } as const;

export const dentryWord = { chain: 0, parent: 1, child: 2, length: 4, hash: 5, next: 6, previous: 7 } as const;
export const DENTRY_NAME = 32;

export const handleWord = { inode: 0, flags: 1, count: 4, holds: 5 } as const;
export const HANDLE_POSITION = 8;

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
export const S_IFCHR = 0o020000;
export const USER_ID = 1000;

export const O_ACCMODE = 3;
export const O_WRONLY = 1;
export const O_RDWR = 2;
export const O_CREAT = 0o100;
export const O_EXCL = 0o200;
export const O_TRUNC = 0o1000;
export const O_APPEND = 0o2000;
export const O_DIRECTORY = 0o200000;
export const O_NOFOLLOW = 0o400000;

export const ENOENT = -2;
export const EIO = -5;
export const ENXIO = -6;
export const EBADF = -9;
export const EACCES = -13;
export const EEXIST = -17;
export const ENOTDIR = -20;
export const EISDIR = -21;
export const EINVAL = -22;
export const EFBIG = -27;
export const ENAMETOOLONG = -36;
export const ELOOP = -40;
export const EPERM = -1;
export const ENOSPC = -28;
