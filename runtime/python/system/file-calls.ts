// System calls on names: everything below `/` but the interpreter's own library is the shared file system. Python worker.
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import type { SystemCalls } from '../emscripten.ts';
import { guest, toGuestResult } from './errno.ts';
import type { Guest } from './guest.ts';
import { OpenedFile } from './opened-file.ts';

const AT_FDCWD = -100;
const AT_SYMLINK_NOFOLLOW = 0x100;
const AT_REMOVEDIR = 0x200;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_ACCMODE = 0o3;
const S_IFMT = 0o170000;
const S_IFREG = 0o100000;
const S_IFDIR = 0o040000;
const UTIME_NOW = 0x3fffffff;
const UTIME_OMIT = 0x3ffffffe;

/** Where the interpreter keeps its library, in its own memory. */
const OWN_LIBRARY = /^\/+lib\/+python3/;
const DESCRIPTOR_PATH = /^\/(?:dev|proc\/self)\/fd\/(\d+)$/;
const CHANGES: ReadonlySet<string> = new Set(
  ['mkdirat', 'mknodat', 'unlinkat', 'rmdir', 'renameat', 'symlinkat', 'chmod', 'fchmodat2', 'fchownat'].map((name) => `__syscall_${name}`),
);
const STANDARD_STREAMS: Readonly<Record<string, number>> = { '/dev/stdin': 0, '/dev/stdout': 1, '/dev/stderr': 2 };

export class FileCalls {
  readonly #system: Guest;
  readonly #files: FileSystem;
  readonly #stat = {} as Stat;

  constructor(system: Guest) {
    this.#system = system;
    this.#files = system.host.fs;
  }

  /** Replaces the calls that name files; what is the interpreter's own goes to `original`. */
  replace(original: SystemCalls): SystemCalls {
    const { memory } = this.#system;
    const files = this.#files;
    const onPath =
      (name: string, dirfdIndex: number, pathIndex: number, work: (path: string, args: number[]) => number) =>
      (...args: number[]): number => {
        const path = this.#path(dirfdIndex < 0 ? AT_FDCWD : (args[dirfdIndex] ?? AT_FDCWD), args[pathIndex] ?? 0);
        if (typeof path === 'number') return path;
        if (OWN_LIBRARY.test(path)) return (original[name] as (...args: number[]) => number)(...args);
        if (CHANGES.has(name)) this.#system.touch(path);
        return toGuestResult(work(path, args));
      };
    return {
      __syscall_openat: this.#openat(original),
      __syscall_stat64: onPath('__syscall_stat64', -1, 0, (path, [, buffer]) => this.#statInto(path, true, buffer)),
      __syscall_lstat64: onPath('__syscall_lstat64', -1, 0, (path, [, buffer]) => this.#statInto(path, false, buffer)),
      __syscall_newfstatat: this.#fstatat(original),
      __syscall_mkdirat: onPath('__syscall_mkdirat', 0, 1, (path, [, , mode = 0o777]) => files.mkdir(path, this.#permissions(mode))),
      __syscall_mknodat: onPath('__syscall_mknodat', 0, 1, (path, [, , mode = 0]) => this.#mknod(path, mode)),
      __syscall_unlinkat: onPath('__syscall_unlinkat', 0, 1, (path, [, , flags = 0]) =>
        flags & AT_REMOVEDIR ? files.rmdir(path) : files.unlink(path),
      ),
      __syscall_rmdir: onPath('__syscall_rmdir', -1, 0, (path) => files.rmdir(path)),
      __syscall_renameat: onPath('__syscall_renameat', 0, 1, (path, [, , dirfd = AT_FDCWD, to = 0]) => {
        const target = this.#path(dirfd, to);
        return typeof target === 'number' ? -2 : files.rename(path, target);
      }),
      __syscall_symlinkat: onPath('__syscall_symlinkat', 1, 2, (path, [target = 0]) => files.symlink(memory.text(target), path)),
      __syscall_readlinkat: onPath('__syscall_readlinkat', 0, 1, (path, [, , buffer = 0, size = 0]) => this.#readlink(path, buffer, size)),
      __syscall_chmod: onPath('__syscall_chmod', -1, 0, (path, [, mode = 0]) => files.chmod(path, mode)),
      __syscall_fchmodat2: onPath('__syscall_fchmodat2', 0, 1, (path, [, , mode = 0]) => files.chmod(path, mode)),
      __syscall_fchownat: onPath('__syscall_fchownat', 0, 1, (path, [, , uid = -1, gid = -1]) => files.lchown(path, uid, gid)),
      __syscall_faccessat: onPath('__syscall_faccessat', 0, 1, (path, [, , mode = 0]) => files.access(path, mode)),
      __syscall_utimensat: this.#utimensat(original),
      __syscall_truncate64: ((path: number, size: bigint) => {
        const target = this.#path(AT_FDCWD, path);
        if (typeof target === 'number') return target;
        this.#system.touch(target);
        return toGuestResult(files.truncate(target, Number(size)));
      }) as never,
      __syscall_statfs64: onPath('__syscall_statfs64', -1, 0, (path, [, , buffer = 0]) => {
        const found = files.stat(path, this.#stat);
        if (found === 0) this.setStatFs(buffer);
        return found;
      }),
      __syscall_chdir: onPath('__syscall_chdir', -1, 0, (path) => this.chdir(path)),
      __syscall_getcwd: ((buffer: number, size: number) => memory.setText(buffer, this.#system.cwd, size) || -68) as never,
    };
  }

  /** Changes the current folder; its links are resolved, as `getcwd` shows them. */
  chdir(path: string): number {
    const found = this.#files.stat(path, this.#stat);
    if (found < 0) return found;
    if ((this.#stat.mode & S_IFMT) !== S_IFDIR) return -20;
    const real = this.#files.realpath(path);
    if (typeof real === 'number') return real;
    this.#system.cwd = real;
    return 0;
  }

  setStatFs(buffer: number): void {
    const { view } = this.#system.memory;
    const { blockSize, blocks, blocksFree, files, filesFree } = this.#files.statfs();
    view.setInt32(buffer + 4, blockSize, true);
    view.setInt32(buffer + 60, blockSize, true);
    for (const [index, value] of [blocks, blocksFree, blocksFree, files, filesFree].entries()) {
      view.setBigInt64(buffer + 8 + index * 8, BigInt(value), true);
    }
    view.setInt32(buffer + 56, 255, true);
  }

  /** An absolute path, or a negative errno of Emscripten's. */
  #path(dirfd: number, pointer: number): string | number {
    const path = this.#system.memory.text(pointer);
    if (path.startsWith('/')) return path;
    if (path === '') return guest.ENOENT;
    if (dirfd === AT_FDCWD) return join(this.#system.cwd, path);
    const opened = this.#system.stream(dirfd)?.opened;
    if (opened instanceof OpenedFile) return join(this.#files.pathOf(opened.handle), path);
    return opened === undefined ? guest.EBADF : guest.ENOTDIR;
  }

  #openat(original: SystemCalls) {
    return (dirfd: number, pointer: number, flags: number, varargs: number): number => {
      const path = this.#path(dirfd, pointer);
      if (typeof path === 'number') return path;
      if (OWN_LIBRARY.test(path)) return (original['__syscall_openat'] as (...args: number[]) => number)(dirfd, pointer, flags, varargs);
      const alias = STANDARD_STREAMS[path] ?? DESCRIPTOR_PATH.exec(path)?.[1];
      if (alias !== undefined) return this.#openDescriptor(Number(alias));
      if (path === '/dev/tty') return this.#openTerminal();
      if ((flags & (O_CREAT | O_TRUNC | O_ACCMODE)) !== 0) this.#system.touch(path);
      const mode = flags & O_CREAT ? this.#permissions(this.#system.memory.int(varargs)) : 0;
      const handle = this.#files.open(path, flags, mode);
      if (handle < 0) return toGuestResult(handle);
      return this.#system.open(new OpenedFile(this.#files, handle), flags).fd ?? guest.EBADF;
    };
  }

  #openDescriptor(fd: number): number {
    const stream = this.#system.stream(fd);
    return stream === null ? guest.ENOENT : (this.#system.fs.dupStream(stream).fd ?? guest.EBADF);
  }

  #openTerminal(): number {
    const stream = this.#system.fs.streams.find((candidate) => candidate?.opened?.terminal !== undefined);
    return stream ? (this.#system.fs.dupStream(stream).fd ?? guest.EBADF) : guest.ENXIO;
  }

  #statInto(path: string, follow: boolean, buffer = 0): number {
    const result = follow ? this.#files.stat(path, this.#stat) : this.#files.lstat(path, this.#stat);
    if (result === 0) this.#system.memory.setStat(buffer, this.#stat);
    return result;
  }

  #fstatat(original: SystemCalls) {
    return (dirfd: number, pointer: number, buffer: number, flags: number): number => {
      if (this.#system.memory.bytes[pointer >>> 0] === 0 && dirfd >= 0) {
        return (original['__syscall_fstat64'] as (fd: number, buffer: number) => number)(dirfd, buffer);
      }
      const path = this.#path(dirfd, pointer);
      if (typeof path === 'number') return path;
      if (OWN_LIBRARY.test(path)) {
        return (original['__syscall_newfstatat'] as (...args: number[]) => number)(dirfd, pointer, buffer, flags);
      }
      return toGuestResult(this.#statInto(path, (flags & AT_SYMLINK_NOFOLLOW) === 0, buffer));
    };
  }

  #mknod(path: string, mode: number): number {
    if ((mode & S_IFMT) !== S_IFREG && (mode & S_IFMT) !== 0) return -1;
    const handle = this.#files.open(path, 0o301, this.#permissions(mode));
    return handle < 0 ? handle : this.#files.close(handle);
  }

  #readlink(path: string, buffer: number, size: number): number {
    const target = this.#files.readlink(path);
    if (typeof target === 'number') return target;
    const bytes = new TextEncoder().encode(target).subarray(0, size);
    this.#system.memory.bytes.set(bytes, buffer >>> 0);
    return bytes.length;
  }

  #utimensat(original: SystemCalls) {
    return (dirfd: number, pointer: number, times: number, flags: number): number => {
      const opened = pointer === 0 ? this.#system.stream(dirfd)?.opened : undefined;
      const path = pointer === 0 ? '' : this.#path(dirfd, pointer);
      if (typeof path === 'number') return path;
      if (OWN_LIBRARY.test(path)) {
        return (original['__syscall_utimensat'] as (...args: number[]) => number)(dirfd, pointer, times, flags);
      }
      const follow = (flags & AT_SYMLINK_NOFOLLOW) === 0;
      const found = opened ? opened.stat(this.#stat) : follow ? this.#files.stat(path, this.#stat) : this.#files.lstat(path, this.#stat);
      if (found < 0) return toGuestResult(found);
      const atimeMs = this.#time(times, this.#stat.atimeSec, this.#stat.atimeNsec);
      const mtimeMs = this.#time(times === 0 ? 0 : times + 16, this.#stat.mtimeSec, this.#stat.mtimeNsec);
      this.#system.touch(path);
      if (opened instanceof OpenedFile) return toGuestResult(this.#files.futimes(opened.handle, atimeMs, mtimeMs));
      return toGuestResult(this.#files.utimes(path, atimeMs, mtimeMs, follow));
    };
  }

  /** A `timespec` in milliseconds; the old time where it is left out. */
  #time(pointer: number, seconds: number, nanoseconds: number): number {
    if (pointer === 0) return Date.now();
    const { view } = this.#system.memory;
    const nanos = view.getInt32(pointer + 8, true);
    if (nanos === UTIME_NOW) return Date.now();
    if (nanos === UTIME_OMIT) return seconds * 1000 + nanoseconds / 1e6;
    return Number(view.getBigInt64(pointer, true)) * 1000 + nanos / 1e6;
  }

  #permissions(mode: number): number {
    return mode & 0o7777 & ~this.#system.umask;
  }
}

function join(folder: string, path: string): string {
  return folder.endsWith('/') ? `${folder}${path}` : `${folder}/${path}`;
}
