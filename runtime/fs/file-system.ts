// The file system's contract, as every process sees it: POSIX calls over shared memory, no message round trip.
// Results are counts or handles >= 0; failures are negative Linux errno numbers (-2 is ENOENT), never exceptions.

/** Reused by callers: `stat(path, out)` fills it. Times are seconds and nanoseconds since the epoch. */
export interface Stat {
  ino: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  size: number;
  rdev: number;
  atimeSec: number;
  atimeNsec: number;
  mtimeSec: number;
  mtimeNsec: number;
  ctimeSec: number;
  ctimeNsec: number;
  birthtimeSec: number;
  birthtimeNsec: number;
}

export interface Dirent {
  readonly name: string;
  readonly ino: number;
  /** File type bits of the mode, `S_IFMT` part only. */
  readonly type: number;
}

/** One change, from the shared ring. `overflow`: changes were lost, rescan. */
export interface FileChange {
  readonly kind: 'create' | 'remove' | 'modify' | 'attribute' | 'overflow';
  /** Absolute path at the time of the change. */
  readonly path: string;
  readonly ino: number;
}

export interface StatFs {
  readonly blockSize: number;
  readonly blocks: number;
  readonly blocksFree: number;
  readonly files: number;
  readonly filesFree: number;
}

/**
 * Paths are absolute strings, resolved as Linux does (`.`, `..`, symlinks, trailing slash). Handles are open file
 * descriptions shared by all processes: position and flags live in shared memory, a handle is counted per holder.
 * Flags and mode bits are Linux's. Writes with `position` -1 use and move the shared position.
 */
export interface FileSystem {
  stat(path: string, out: Stat): number;
  lstat(path: string, out: Stat): number;
  fstat(handle: number, out: Stat): number;
  access(path: string, mode: number): number;

  open(path: string, flags: number, mode: number): number;
  /** Adds a holder for `slot` (this worker's own when absent): what inheriting a descriptor means. */
  retain(handle: number, slot?: number): number;
  /** Moves one hold of `from` to `to`: a child inherits. For the file service. */
  transfer(handle: number, from: number, to: number): number;
  close(handle: number): number;
  read(handle: number, into: Uint8Array, position: number): number;
  write(handle: number, from: Uint8Array, position: number): number;
  ftruncate(handle: number, size: number): number;
  fchmod(handle: number, mode: number): number;
  futimes(handle: number, atimeMs: number, mtimeMs: number): number;
  /** The path the handle was opened with, for messages and `/proc/self/fd`. */
  pathOf(handle: number): string;

  /** Whole file at once, without opening a handle. */
  readFile(path: string): Uint8Array | number;
  /** Creates or replaces the content in one step; `mode` counts for new files only. */
  writeFile(path: string, bytes: Uint8Array, mode: number): number;

  readdir(path: string): Dirent[] | number;
  mkdir(path: string, mode: number): number;
  /** Returns the first folder made, `''` when none was needed. */
  mkdirAll(path: string, mode: number): string | number;
  rmdir(path: string): number;
  unlink(path: string): number;
  /** Removes a file or a whole tree in one call; no error when it is missing. */
  removeAll(path: string): number;
  rename(from: string, to: string): number;
  link(existing: string, path: string): number;
  symlink(target: string, path: string): number;
  readlink(path: string): string | number;
  realpath(path: string): string | number;
  truncate(path: string, size: number): number;
  chmod(path: string, mode: number): number;
  lchown(path: string, uid: number, gid: number): number;
  utimes(path: string, atimeMs: number, mtimeMs: number, followSymlink: boolean): number;
  statfs(): StatFs;

  /** The position in the change ring now; pass it to {@link changesSince}. */
  changeCursor(): number;
  /** Changes after `cursor`, and the next cursor. */
  changesSince(cursor: number): { readonly changes: FileChange[]; readonly cursor: number };
  /** Resolves when there may be changes after `cursor`. */
  waitForChange(cursor: number, signal?: AbortSignal): Promise<void>;
  /** Moves with every change of a name or attribute anywhere: validates caches. */
  readonly generation: number;
}
