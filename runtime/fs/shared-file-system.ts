// The file system as every worker sees it: the core's lookups without a lock, its changes under the lock and a journal.
// Results are counts, handles or negative errnos; see file-system.ts.
import { performance } from '../process/intrinsics.ts';
import type { FileSystemHandle } from '#protocol';
import type { Slots } from '../kernel/ipc/slots.ts';
import { changeCursor, readChanges, waitForChange } from './change-ring.ts';
import { checkTree } from './check.ts';
import { createCoreMemory, instantiateCore } from './core-instance.ts';
import type { CoreExports } from './core-exports.ts';
import { CoreView, TornRead, withoutTrailingSlashes } from './core-view.ts';
import { DEVICES, readDevice } from './devices.ts';
import type { Dirent, FileChange, FileSystem, Stat, StatFs } from './file-system.ts';
import {
  BREAK,
  EACCES,
  EBADF,
  EEXIST,
  EINVAL,
  EIO,
  EISDIR,
  ELOOP,
  ENOENT,
  ENOSPC,
  ENOTDIR,
  ENXIO,
  EPERM,
  EFBIG,
  GENERATION,
  HANDLE_POSITION,
  handleWord,
  inodeWord,
  INODE_COUNT,
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
  RING_NEXT,
  S_IFCHR,
  S_IFDIR,
  S_IFLNK,
  S_IFMT,
  S_IFREG,
  SECOND_PATH,
  SEQUENCE,
  USER_ID,
} from './layout.ts';
import { PathCache } from './path-cache.ts';
import { RobustLock } from './robust-lock.ts';

const READ = 4;
const WRITE = 2;
const MAX_BYTES = 2 ** 32 - 2 ** 17;
const BLOCK_SIZE = 4096;
const FREE_TRIES = 8;
const MAX_SYMLINKS = 40;
const ALL_HOLDS = 0xffff_ffff;

/** What {@link SharedFileSystem.recover} found. */
export type Recovery = 'clean' | 'rolled-back';

export class SharedFileSystem implements FileSystem {
  readonly #core: CoreExports;
  readonly #view: CoreView;
  readonly #lock: RobustLock;
  readonly #slot: number;
  readonly #followed = new PathCache();
  readonly #unfollowed = new PathCache();
  #undone = 0;

  static createMemory(): WebAssembly.Memory {
    return createCoreMemory();
  }

  /** Makes an empty file system; once per memory. */
  static format({ memory, core }: FileSystemHandle): void {
    instantiateCore(core, memory).format();
  }

  static attach(handle: FileSystemHandle, slots: Slots): SharedFileSystem {
    return new SharedFileSystem(handle, slots);
  }

  private constructor({ memory, core }: FileSystemHandle, slots: Slots) {
    this.#core = instantiateCore(core, memory);
    this.#slot = slots.self;
    this.#view = new CoreView(memory, this.#core, slots.self);
    this.#lock = new RobustLock(memory.buffer as unknown as SharedArrayBuffer, slots, () => (this.#undone = this.#core.rollBack()));
  }

  get generation(): number {
    return Atomics.load(this.#view.words, GENERATION >>> 2);
  }

  stat(path: string, out: Stat): number {
    return this.#read(() => this.#statPath(path, true, out));
  }

  lstat(path: string, out: Stat): number {
    return this.#read(() => this.#statPath(path, false, out));
  }

  fstat(handle: number, out: Stat): number {
    return this.#read(() => {
      const inode = this.#inodeOf(handle);
      if (inode === 0) return EBADF;
      this.#view.stat(inode, out);
      return 0;
    });
  }

  access(path: string, mode: number): number {
    return this.#read(() => {
      const inode = this.#find(path, true);
      if (isErrno(inode)) return inode;
      return this.#core.permits(inode, mode & 7) ? 0 : EACCES;
    });
  }

  open(path: string, flags: number, mode: number): number {
    return this.#change(() => {
      const length = this.#view.writePath(path);
      if (length < 0) return length;
      const inode = this.#openedInode(length, flags, mode);
      return isErrno(inode) ? inode : this.#core.openInode(inode, flags, this.#slot);
    });
  }

  retain(handle: number, slot: number = this.#slot): number {
    return this.#change(() => this.#core.retain(handle, slot));
  }

  transfer(handle: number, from: number, to: number): number {
    return this.#change(() => {
      const error = this.#core.retain(handle, to);
      return error < 0 ? error : this.#core.unhold(handle, from, 1);
    });
  }

  close(handle: number): number {
    return this.#change(() => this.#core.unhold(handle, this.#slot, 1));
  }

  read(handle: number, into: Uint8Array, position: number): number {
    if (position >= 0) return this.#read(() => this.#readAt(this.#addressOf(handle), into, position));
    return this.#locked(() => {
      const address = this.#addressOf(handle);
      const at = this.#view.times[(address + HANDLE_POSITION) >>> 3] ?? 0;
      const count = this.#readAt(address, into, at);
      if (count > 0) this.#view.times[(address + HANDLE_POSITION) >>> 3] = at + count;
      return count;
    });
  }

  write(handle: number, from: Uint8Array, position: number): number {
    return this.#change(() => {
      const address = this.#addressOf(handle);
      if (address === 0) return EBADF;
      const flags = this.#view.word(address + handleWord.flags * 4);
      if ((flags & O_ACCMODE) === 0) return EBADF;
      const inode = this.#view.word(address + handleWord.inode * 4);
      if ((this.#view.inode(inode, 'mode') & S_IFMT) === S_IFCHR) return from.length;
      const slot = (address + HANDLE_POSITION) >>> 3;
      const offset = flags & O_APPEND ? this.#view.inode(inode, 'size') : position >= 0 ? position : (this.#view.times[slot] ?? 0);
      const error = this.#store(inode, offset, from);
      if (error < 0) return error;
      if (position < 0) this.#view.times[slot] = offset + from.length;
      return from.length;
    });
  }

  ftruncate(handle: number, size: number): number {
    return this.#change(() => {
      const address = this.#addressOf(handle);
      if (address === 0) return EBADF;
      if ((this.#view.word(address + handleWord.flags * 4) & O_ACCMODE) === 0) return EINVAL;
      return this.#resize(this.#view.word(address + handleWord.inode * 4), size);
    });
  }

  fchmod(handle: number, mode: number): number {
    return this.#onHandle(handle, (inode, [seconds, nanoseconds]) => this.#core.chmod(inode, mode, seconds, nanoseconds));
  }

  futimes(handle: number, atimeMs: number, mtimeMs: number): number {
    return this.#onHandle(handle, (inode, now) => this.#core.setTimes(inode, ...split(atimeMs), ...split(mtimeMs), ...now));
  }

  pathOf(handle: number): string {
    return this.#readValue(() => {
      const inode = this.#inodeOf(handle);
      return inode === 0 ? '' : (this.#view.pathOf(inode) ?? '');
    });
  }

  readFile(path: string): Uint8Array | number {
    return this.#readValue(() => {
      const inode = this.#find(path, true);
      if (isErrno(inode)) return inode;
      const type = this.#view.inode(inode, 'mode') & S_IFMT;
      if (type === S_IFDIR) return EISDIR;
      if (!this.#core.permits(inode, READ)) return EACCES;
      if (type === S_IFCHR) return new Uint8Array();
      const bytes = new Uint8Array(this.#view.inode(inode, 'size'));
      bytes.set(this.#view.range(this.#view.inode(inode, 'data'), bytes.length));
      return bytes;
    });
  }

  writeFile(path: string, bytes: Uint8Array, mode: number): number {
    return this.#change(() => {
      const length = this.#view.writePath(path);
      if (length < 0) return length;
      const inode = this.#openedInode(length, O_WRONLY | O_CREAT, mode);
      if (isErrno(inode)) return inode;
      if ((this.#view.inode(inode, 'mode') & S_IFMT) === S_IFCHR) return 0;
      const address = this.#core.replaceContent(inode, bytes.length, ...now());
      if (isErrno(address)) return address;
      this.#view.range(address >>> 0, bytes.length).set(bytes);
      return 0;
    });
  }

  readdir(path: string): Dirent[] | number {
    return this.#readValue(() => {
      const inode = this.#find(path, true);
      if (isErrno(inode)) return inode;
      if ((this.#view.inode(inode, 'mode') & S_IFMT) !== S_IFDIR) return ENOTDIR;
      return this.#core.permits(inode, READ) ? this.#view.entries(inode) : EACCES;
    });
  }

  mkdir(path: string, mode: number): number {
    return this.#onPath(path, (at, length, now) => toResult(this.#core.make(at, length, S_IFDIR | (mode & 0o7777), USER_ID, 0, 0, ...now)));
  }

  mkdirAll(path: string, mode: number): string | number {
    const missing: string[] = [];
    let at = path;
    for (let made = this.mkdir(at, mode); made < 0; made = this.mkdir(at, mode)) {
      if (made === EEXIST) {
        const stat = {} as Stat;
        const error = this.stat(at, stat);
        if (error < 0) return error;
        if ((stat.mode & S_IFMT) !== S_IFDIR) return missing.length === 0 ? EEXIST : ENOTDIR;
        if (missing.length === 0) return '';
        return this.#makeEach(missing, mode, '');
      }
      const slash = at.lastIndexOf('/');
      if (made !== ENOENT || slash <= 0) return made;
      missing.push(at);
      at = withoutTrailingSlashes(at.slice(0, slash));
    }
    return this.#makeEach(missing, mode, at);
  }

  rmdir(path: string): number {
    return this.#onPath(path, (at, length, now) => this.#core.rmdir(at, length, ...now));
  }

  unlink(path: string): number {
    return this.#onPath(path, (at, length, now) => this.#core.unlink(at, length, ...now));
  }

  removeAll(path: string): number {
    const stat = {} as Stat;
    const found = this.lstat(path, stat);
    if (found < 0) return found === ENOENT ? 0 : found;
    if ((stat.mode & S_IFMT) !== S_IFDIR) return this.unlink(path);
    const entries = this.readdir(path);
    if (typeof entries === 'number') return entries;
    const folder = path.endsWith('/') ? path : `${path}/`;
    for (const { name, type } of entries) {
      const error = type === S_IFDIR ? this.removeAll(`${folder}${name}`) : this.unlink(`${folder}${name}`);
      if (error < 0 && error !== ENOENT) return error;
    }
    return this.rmdir(path);
  }

  rename(from: string, to: string): number {
    return this.#onTwoPaths(from, to, (first, firstLength, second, secondLength, now) =>
      this.#core.rename(first, firstLength, second, secondLength, ...now),
    );
  }

  link(existing: string, path: string): number {
    return this.#onTwoPaths(existing, path, (first, firstLength, second, secondLength, now) => {
      const inode = this.#core.lookup(first, firstLength, 0);
      return isErrno(inode) ? inode : toResult(this.#core.link(inode, second, secondLength, ...now));
    });
  }

  symlink(target: string, path: string): number {
    if (target === '') return ENOENT;
    return this.#onTwoPaths(path, target, (first, firstLength, second, secondLength, now) =>
      toResult(this.#core.symlink(first, firstLength, second, secondLength, ...now)),
    );
  }

  readlink(path: string): string | number {
    return this.#readValue(() => {
      const inode = this.#find(path, false);
      if (isErrno(inode)) return inode;
      if ((this.#view.inode(inode, 'mode') & S_IFMT) !== S_IFLNK) return EINVAL;
      return this.#view.text(this.#view.inode(inode, 'data'), this.#view.inode(inode, 'size'));
    });
  }

  realpath(path: string): string | number {
    let at = path;
    for (let links = 0; links <= MAX_SYMLINKS; links++) {
      const target = this.readlink(withoutTrailingSlashes(at));
      if (target === EINVAL) return this.#canonical(at);
      if (typeof target === 'number') return target;
      at = target.startsWith('/') ? target : `${folderOf(withoutTrailingSlashes(at))}/${target}`;
    }
    return ELOOP;
  }

  truncate(path: string, size: number): number {
    return this.#onPath(path, (at, length) => {
      const inode = this.#core.lookup(at, length, 1);
      if (isErrno(inode)) return inode;
      return this.#core.permits(inode, WRITE) ? this.#resize(inode, size) : EACCES;
    });
  }

  chmod(path: string, mode: number): number {
    return this.#onPath(path, (at, length, now) => {
      const inode = this.#core.lookup(at, length, 1);
      return isErrno(inode) ? inode : this.#core.chmod(inode, mode, ...now);
    });
  }

  lchown(path: string, uid: number, gid: number): number {
    const stat = {} as Stat;
    const error = this.lstat(path, stat);
    if (error < 0) return error;
    const keeps = (wanted: number, has: number): boolean => wanted === -1 || wanted === 0xffff_ffff || wanted === has;
    return keeps(uid, stat.uid) && keeps(gid, stat.gid) ? 0 : EPERM;
  }

  utimes(path: string, atimeMs: number, mtimeMs: number, followSymlink: boolean): number {
    return this.#onPath(path, (at, length, now) => {
      const inode = this.#core.lookup(at, length, followSymlink ? 1 : 0);
      return isErrno(inode) ? inode : this.#core.setTimes(inode, ...split(atimeMs), ...split(mtimeMs), ...now);
    });
  }

  statfs(): StatFs {
    const blocks = Math.floor(MAX_BYTES / BLOCK_SIZE);
    const used = Math.ceil(this.#view.word(BREAK) / BLOCK_SIZE);
    const files = this.#view.word(INODE_COUNT);
    return { blockSize: BLOCK_SIZE, blocks, blocksFree: blocks - used, files: files + blocks - used, filesFree: blocks - used };
  }

  changeCursor(): number {
    return changeCursor(this.#view);
  }

  changesSince(cursor: number): { readonly changes: FileChange[]; readonly cursor: number } {
    return this.#readValue(() => {
      const end = changeCursor(this.#view);
      return { changes: readChanges(this.#view, cursor, end), cursor: end };
    });
  }

  waitForChange(cursor: number, signal?: AbortSignal): Promise<void> {
    return waitForChange(this.#view, cursor, signal);
  }

  /** Undoes what a worker left half done. Only for a slot that is proven dead. */
  recover(slot: number): Recovery {
    if (this.#lock.owner !== slot) return 'clean';
    this.#undone = 0;
    this.#lock.acquire();
    this.#lock.release();
    return this.#undone > 0 ? 'rolled-back' : 'clean';
  }

  /** Closes everything a slot holds open. Only for a slot that is proven dead. */
  releaseSlot(slot: number): void {
    for (let handle = 0; handle >= 0;) {
      const from = handle;
      handle = this.#locked(() => this.#core.heldBy(slot, from));
      const held = handle;
      if (held >= 0) this.#change(() => this.#core.unhold(held, slot, ALL_HOLDS));
    }
  }

  /** Gives a path an owner, with no permission check: for the initial tree only. */
  setOwner(path: string, uid: number): number {
    return this.#onPath(path, (at, length) => {
      const inode = this.#core.lookup(at, length, 0);
      if (isErrno(inode)) return inode;
      const word = (inode >>> 2) + inodeWord.uid;
      this.#view.words.fill(uid, word, word + 2);
      return 0;
    });
  }

  /** Makes a character device: for the initial tree only. */
  makeDevice(path: string, mode: number, rdev: number): number {
    return this.#onPath(path, (at, length, now) => toResult(this.#core.make(at, length, S_IFCHR | mode, USER_ID, rdev, 0, ...now)));
  }

  /** Checks the whole structure. Returns what is wrong with it; for tests. */
  check(): string[] {
    let problems: string[] = [];
    this.#locked(() => {
      problems = checkTree(this.#view);
      return 0;
    });
    return problems;
  }

  /** Runs a lookup until no change happened meanwhile; after some tries under the lock. */
  #read(work: () => number): number {
    return this.#readValue(work);
  }

  #readValue<T>(work: () => T): T {
    const index = SEQUENCE >>> 2;
    for (let attempt = 0; attempt < FREE_TRIES; attempt++) {
      const before = Atomics.load(this.#view.words, index);
      if ((before & 1) === 1) continue;
      try {
        const value = work();
        if (Atomics.load(this.#view.words, index) === before) return value;
      } catch (error) {
        if (!isTorn(error)) throw error;
      }
    }
    this.#lock.acquire();
    try {
      return work();
    } finally {
      this.#lock.release();
    }
  }

  #locked(work: () => number): number {
    this.#lock.acquire();
    try {
      return work();
    } finally {
      this.#lock.release();
    }
  }

  /** Runs a change: all of it happens, or nothing. */
  #change(work: () => number): number {
    this.#lock.acquire();
    const ring = RING_NEXT >>> 2;
    const before = this.#view.words[ring];
    this.#core.begin();
    let result = EIO;
    try {
      result = work();
      if (isErrno(result)) this.#core.rollBack();
      else this.#core.commit();
    } catch (error) {
      this.#core.rollBack();
      if (!isTorn(error)) throw error;
      result = ENOSPC;
    } finally {
      this.#lock.release();
    }
    if (this.#view.words[ring] !== before) Atomics.notify(this.#view.signed, ring);
    return result;
  }

  #onPath(path: string, work: (at: number, length: number, now: Instant) => number): number {
    return this.#change(() => {
      const length = this.#view.writePath(path);
      return length < 0 ? length : work(this.#view.scratch, length, now());
    });
  }

  #onTwoPaths(
    first: string,
    second: string,
    work: (first: number, firstLength: number, second: number, secondLength: number, now: Instant) => number,
  ): number {
    return this.#change(() => {
      const firstLength = this.#view.writePath(first);
      const secondLength = this.#view.writePath(second, SECOND_PATH);
      if (firstLength < 0 || secondLength < 0) return Math.min(firstLength, secondLength);
      return work(this.#view.scratch, firstLength, this.#view.scratch + SECOND_PATH, secondLength, now());
    });
  }

  #onHandle(handle: number, work: (inode: number, now: Instant) => number): number {
    return this.#change(() => {
      const inode = this.#inodeOf(handle);
      return inode === 0 ? EBADF : work(inode, now());
    });
  }

  #statPath(path: string, follow: boolean, out: Stat): number {
    const inode = this.#find(path, follow);
    if (isErrno(inode)) return inode;
    this.#view.stat(inode, out);
    return 0;
  }

  /** The inode at a path, or a negative errno; through the cache. */
  #find(path: string, follow: boolean): number {
    const cache = follow ? this.#followed : this.#unfollowed;
    const { generation } = this;
    const known = cache.get(path, generation);
    if (known !== 0) return known;
    const length = this.#view.writePath(path);
    if (length < 0) return length;
    const inode = this.#core.lookup(this.#view.scratch, length, follow ? 1 : 0);
    if (isErrno(inode)) return inode;
    cache.set(path, inode >>> 0, generation);
    return inode >>> 0;
  }

  /** Address of an open file description; 0 when there is none. */
  #addressOf(handle: number): number {
    return this.#core.handleAt(handle) >>> 0;
  }

  #inodeOf(handle: number): number {
    const address = this.#addressOf(handle);
    return address === 0 ? 0 : this.#view.word(address + handleWord.inode * 4);
  }

  /** The inode that `open` means, made where the flags say so. The path is in the scratch area. */
  #openedInode(length: number, flags: number, mode: number): number {
    const isExclusive = (flags & O_CREAT) !== 0 && (flags & O_EXCL) !== 0;
    const follow = isExclusive || (flags & O_NOFOLLOW) !== 0 ? 0 : 1;
    const found = this.#core.lookup(this.#view.scratch, length, follow);
    if (found === ENOENT && (flags & O_CREAT) !== 0) {
      return toInode(this.#core.make(this.#view.scratch, length, S_IFREG | (mode & 0o7777), USER_ID, 0, follow, ...now()));
    }
    if (isErrno(found)) return found;
    if (isExclusive) return EEXIST;
    return this.#checkedInode(found >>> 0, flags);
  }

  #checkedInode(inode: number, flags: number): number {
    const type = this.#view.inode(inode, 'mode') & S_IFMT;
    const access = flags & O_ACCMODE;
    const isWriting = access === O_WRONLY || access === O_RDWR;
    if (type === S_IFLNK) return ELOOP;
    if (type === S_IFDIR && (isWriting || (flags & O_CREAT) !== 0)) return EISDIR;
    if (type !== S_IFDIR && (flags & O_DIRECTORY) !== 0) return ENOTDIR;
    if (type === S_IFCHR && this.#view.inode(inode, 'rdev') === DEVICES.tty) return ENXIO;
    const mask = (access === O_WRONLY ? 0 : READ) | (isWriting ? WRITE : 0);
    if (!this.#core.permits(inode, mask)) return EACCES;
    if ((flags & O_TRUNC) === 0 || type !== S_IFREG || !isWriting) return inode;
    const error = this.#resize(inode, 0);
    return error < 0 ? error : inode;
  }

  #readAt(address: number, into: Uint8Array, position: number): number {
    if (address === 0) return EBADF;
    const flags = this.#view.word(address + handleWord.flags * 4);
    if ((flags & O_ACCMODE) === O_WRONLY) return EBADF;
    const inode = this.#view.word(address + handleWord.inode * 4);
    const type = this.#view.inode(inode, 'mode') & S_IFMT;
    if (type === S_IFDIR) return EISDIR;
    if (type === S_IFCHR) return readDevice(this.#view.inode(inode, 'rdev'), into);
    const count = Math.min(into.length, this.#view.inode(inode, 'size') - position);
    if (count <= 0) return 0;
    into.set(this.#view.range(this.#view.inode(inode, 'data') + position, count));
    return count;
  }

  #store(inode: number, offset: number, from: Uint8Array): number {
    if (from.length === 0) return 0;
    if (offset + from.length > MAX_BYTES) return EFBIG;
    const address = this.#core.prepareWrite(inode, offset, from.length, ...now());
    if (isErrno(address)) return address;
    this.#view.range(address >>> 0, from.length).set(from);
    return from.length;
  }

  #resize(inode: number, size: number): number {
    if (size < 0) return EINVAL;
    if (size > MAX_BYTES) return EFBIG;
    if ((this.#view.inode(inode, 'mode') & S_IFMT) === S_IFDIR) return EISDIR;
    if ((this.#view.inode(inode, 'mode') & S_IFMT) !== S_IFREG) return EINVAL;
    return this.#core.resize(inode, size, ...now());
  }

  /** Makes the folders of a list that was filled from the inside out. Returns the first one made. */
  #makeEach(missing: string[], mode: number, first: string): string | number {
    let made = first;
    for (const folder of missing.toReversed()) {
      const error = this.mkdir(folder, mode);
      if (error < 0 && error !== EEXIST) return error;
      if (error >= 0 && made === '') made = folder;
    }
    return made;
  }

  /** The path without links, for one whose last part is not a link. */
  #canonical(path: string): string | number {
    return this.#readValue(() => {
      const inode = this.#find(path, true);
      if (isErrno(inode)) return inode;
      if ((this.#view.inode(inode, 'mode') & S_IFMT) === S_IFDIR) return this.#view.pathOf(inode) ?? ENOENT;
      const folder = this.#find(folderOf(path), true);
      if (isErrno(folder)) return folder;
      const parent = this.#view.pathOf(folder);
      return parent === null ? ENOENT : `${parent === '/' ? '' : parent}/${path.slice(path.lastIndexOf('/') + 1)}`;
    });
  }
}

type Instant = readonly [seconds: number, nanoseconds: number];

function now(): Instant {
  return split(performance.timeOrigin + performance.now());
}

function split(timeMs: number): Instant {
  const seconds = Math.floor(timeMs / 1000);
  return [seconds, Math.min(999_999_999, Math.round((timeMs - seconds * 1000) * 1e6))];
}

/** Addresses above 2 GiB are negative, too: errnos are the last page of numbers. */
function isErrno(value: number): boolean {
  return value < 0 && value > -4096;
}

function toResult(value: number): number {
  return isErrno(value) ? value : 0;
}

function toInode(value: number): number {
  return isErrno(value) ? value : value >>> 0;
}

function folderOf(path: string): string {
  const slash = path.lastIndexOf('/');
  return slash <= 0 ? '/' : path.slice(0, slash);
}

/** A wild address, read while someone else was writing: a trap of the core or a view too short. */
function isTorn(error: unknown): boolean {
  return error instanceof TornRead || error instanceof WebAssembly.RuntimeError || error instanceof RangeError;
}
