// The `wasi` binding: WASI preview 1 over the shared file system and the process's streams. Every call is synchronous, as in
// Node. Runs in the process worker.
// Shapes and numbers: https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md
import type { FileSystem, Stat } from '../../../fs/file-system.ts';
import { crypto, performance } from '../../../process/intrinsics.ts';
import type { BindingFactory, Realm } from '../../realm.ts';
import { FILE_TYPE, fileType, type GuestDescriptor, GuestDescriptors } from './descriptors.ts';
import { WASI, wasiErrno } from './errno.ts';
import { encodeText, GuestMemory, sizeOfStrings } from './guest-memory.ts';

const ALL_RIGHTS = 0x1fff_ffffn;
const RIGHT = { READ: 2n, WRITE: 64n };
const O = { CREAT: 0o100, EXCL: 0o200, TRUNC: 0o1000, APPEND: 0o2000, DIRECTORY: 0o200000, NOFOLLOW: 0o400000 };
const OPEN = { CREAT: 1, DIRECTORY: 2, EXCL: 4, TRUNC: 8 };
const FD_APPEND = 1;
const FOLLOW = 1;
const TIME = { ATIME: 1, ATIME_NOW: 2, MTIME: 4, MTIME_NOW: 8 };
const DIRENT_BYTES = 24;
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;
const NS_PER_MS = 1e6;
const NEW_FILE_MODE = 0o666;
const NEW_FOLDER_MODE = 0o777;
const RANDOM_CHUNK = 65_536;
const ABORT_EXIT = 134;

type Call = (...args: never[]) => number;

/** The functions of one guest, by their WASI names. */
function makeCalls(realm: Realm, args: readonly string[], env: readonly string[], preopens: readonly string[], stdio: readonly number[]) {
  const { fs } = realm.host;
  const descriptors = openInitial(fs, preopens, stdio);
  let guest: GuestMemory | null = null;
  const memory = (): GuestMemory => {
    if (guest === null) throw Object.assign(new Error('wasi.start() has not been called'), { code: 'ERR_WASI_NOT_STARTED' });
    return guest;
  };
  const nodeFs = realm.internalBinding('fs');

  const withFd = (fd: number, work: (descriptor: GuestDescriptor) => number): number => {
    const descriptor = descriptors.get(fd);
    return descriptor === undefined ? WASI.BADF : work(descriptor);
  };
  const withPath = (fd: number, pointer: number, length: number, follows: boolean, work: (path: string) => number): number => {
    const path = descriptors.resolve(fd, memory().text(pointer, length), follows);
    return typeof path === 'number' ? path : work(path);
  };
  const writeStat = (pointer: number, stat: Stat): void => {
    const { view } = memory();
    const at = pointer >>> 0;
    view.setBigUint64(at, 0n, true);
    view.setBigUint64(at + 8, BigInt(stat.ino), true);
    view.setBigUint64(at + 16, 0n, true);
    view.setUint8(at + 16, fileType(stat.mode));
    view.setBigUint64(at + 24, BigInt(stat.nlink), true);
    view.setBigUint64(at + 32, BigInt(stat.size), true);
    view.setBigUint64(at + 40, nanoseconds(stat.atimeSec, stat.atimeNsec), true);
    view.setBigUint64(at + 48, nanoseconds(stat.mtimeSec, stat.mtimeNsec), true);
    view.setBigUint64(at + 56, nanoseconds(stat.ctimeSec, stat.ctimeNsec), true);
  };
  /** One part of a scattered read or write; a count, or a negative Linux errno. */
  const transfer = (descriptor: GuestDescriptor, part: Uint8Array, position: number, isWrite: boolean): number => {
    if (descriptor.kind === 'folder') return -21;
    if (descriptor.kind === 'file')
      return isWrite ? fs.write(descriptor.handle, part, position) : fs.read(descriptor.handle, part, position);
    try {
      // Streams may be pipes and terminals, which Node's own calls know; they take no shared memory.
      const copy = isWrite ? part.slice() : new Uint8Array(part.length);
      const call = isWrite ? 'writeBuffer' : 'read';
      const count = nodeFs[call](descriptor.handle, copy, 0, copy.length, isWrite ? null : -1) as number;
      if (!isWrite) part.set(copy.subarray(0, count));
      return count;
    } catch (error) {
      return (error as { errno?: number }).errno ?? -5;
    }
  };
  const scatter = (fd: number, list: number, count: number, at: bigint | null, into: number, isWrite: boolean): number =>
    withFd(fd, (descriptor) => {
      let position = at === null ? descriptor.position : Number(at);
      const appends = isWrite && at === null && (descriptor.flags & FD_APPEND) !== 0;
      let total = 0;
      for (const part of memory().buffers(list, count)) {
        if (part.length === 0) continue;
        const done = transfer(descriptor, part, appends ? -1 : position, isWrite);
        if (done < 0) return wasiErrno(done);
        position += done;
        total += done;
        if (done < part.length) break;
      }
      if (at === null) descriptor.position = position;
      memory().setU32(into, total);
      return WASI.SUCCESS;
    });
  const setTimes = (stat: Stat, atime: bigint, mtime: bigint, flags: number): [number, number] => {
    const now = Date.now();
    const choose = (given: number, current: number, value: bigint, kept: number): number =>
      (flags & current) !== 0 ? now : (flags & given) !== 0 ? Number(value) / NS_PER_MS : kept;
    return [
      choose(TIME.ATIME, TIME.ATIME_NOW, atime, stat.atimeSec * 1000 + stat.atimeNsec / NS_PER_MS),
      choose(TIME.MTIME, TIME.MTIME_NOW, mtime, stat.mtimeSec * 1000 + stat.mtimeNsec / NS_PER_MS),
    ];
  };

  const calls = {
    _setMemory(value: WebAssembly.Memory): void {
      if (!(value instanceof WebAssembly.Memory))
        throw Object.assign(new TypeError('"instance.exports.memory" property must be a WebAssembly.Memory object'), {
          code: 'ERR_INVALID_ARG_TYPE',
        });
      guest = new GuestMemory(value);
    },
    args_get: (pointers: number, texts: number) => (memory().setStrings(pointers, texts, args), WASI.SUCCESS),
    args_sizes_get: (count: number, size: number) => {
      memory().setU32(count, args.length);
      memory().setU32(size, sizeOfStrings(args));
      return WASI.SUCCESS;
    },
    environ_get: (pointers: number, texts: number) => (memory().setStrings(pointers, texts, env), WASI.SUCCESS),
    environ_sizes_get: (count: number, size: number) => {
      memory().setU32(count, env.length);
      memory().setU32(size, sizeOfStrings(env));
      return WASI.SUCCESS;
    },
    clock_res_get: (clock: number, into: number) => {
      if (clock > 3) return WASI.INVAL;
      memory().setU64(into, clock === 0 ? 1_000_000n : 1000n);
      return WASI.SUCCESS;
    },
    clock_time_get: (clock: number, _precision: bigint, into: number) => {
      if (clock > 3) return WASI.INVAL;
      memory().setU64(into, clock === 0 ? BigInt(Date.now()) * 1_000_000n : BigInt(Math.round(performance.now() * NS_PER_MS)));
      return WASI.SUCCESS;
    },
    fd_advise: (fd: number) => withFd(fd, ({ kind }) => (kind === 'folder' ? WASI.BADF : WASI.SUCCESS)),
    fd_allocate: (fd: number, offset: bigint, length: bigint) =>
      withFd(fd, ({ kind, handle }) => {
        if (kind !== 'file') return WASI.BADF;
        const stat = {} as Stat;
        fs.fstat(handle, stat);
        const end = Number(offset + length);
        return stat.size >= end ? WASI.SUCCESS : wasiErrno(fs.ftruncate(handle, end));
      }),
    fd_close: (fd: number) => descriptors.close(fd),
    fd_datasync: (fd: number) => withFd(fd, () => WASI.SUCCESS),
    fd_sync: (fd: number) => withFd(fd, () => WASI.SUCCESS),
    fd_fdstat_get: (fd: number, into: number) =>
      withFd(fd, (descriptor) => {
        const { view } = memory();
        const at = into >>> 0;
        view.setBigUint64(at, 0n, true);
        view.setUint8(at, typeOf(fs, descriptor));
        view.setUint16(at + 2, descriptor.flags, true);
        view.setBigUint64(at + 8, descriptor.rights, true);
        view.setBigUint64(at + 16, descriptor.inheritedRights, true);
        return WASI.SUCCESS;
      }),
    fd_fdstat_set_flags: (fd: number, flags: number) => withFd(fd, (descriptor) => ((descriptor.flags = flags), WASI.SUCCESS)),
    fd_fdstat_set_rights: (fd: number, rights: bigint, inherited: bigint) =>
      withFd(fd, (descriptor) => {
        if ((rights | descriptor.rights) !== descriptor.rights) return WASI.NOTCAPABLE;
        descriptor.rights = rights;
        descriptor.inheritedRights = inherited;
        return WASI.SUCCESS;
      }),
    fd_filestat_get: (fd: number, into: number) =>
      withFd(fd, ({ kind, handle }) => {
        const stat = emptyStat();
        if (kind === 'stream') stat.mode = 0o020000;
        const result = kind === 'stream' ? 0 : fs.fstat(handle, stat);
        if (result === 0) writeStat(into, stat);
        return wasiErrno(result);
      }),
    fd_filestat_set_size: (fd: number, size: bigint) =>
      withFd(fd, ({ kind, handle }) => (kind === 'file' ? wasiErrno(fs.ftruncate(handle, Number(size))) : WASI.BADF)),
    fd_filestat_set_times: (fd: number, atime: bigint, mtime: bigint, flags: number) =>
      withFd(fd, ({ kind, handle }) => {
        if (kind === 'stream') return WASI.BADF;
        const stat = emptyStat();
        fs.fstat(handle, stat);
        return wasiErrno(fs.futimes(handle, ...setTimes(stat, atime, mtime, flags)));
      }),
    fd_read: (fd: number, list: number, count: number, into: number) => scatter(fd, list, count, null, into, false),
    fd_pread: (fd: number, list: number, count: number, at: bigint, into: number) => scatter(fd, list, count, at, into, false),
    fd_write: (fd: number, list: number, count: number, into: number) => scatter(fd, list, count, null, into, true),
    fd_pwrite: (fd: number, list: number, count: number, at: bigint, into: number) => scatter(fd, list, count, at, into, true),
    fd_prestat_get: (fd: number, into: number) =>
      withFd(fd, ({ preopenName }) => {
        if (preopenName === null) return WASI.INVAL;
        memory().setU32(into, 0);
        memory().setU32(into + 4, encodeText(preopenName).length);
        return WASI.SUCCESS;
      }),
    fd_prestat_dir_name: (fd: number, into: number, length: number) =>
      withFd(fd, ({ preopenName }) => {
        if (preopenName === null) return WASI.INVAL;
        const bytes = encodeText(preopenName);
        if (bytes.length > length) return 42; // ENOBUFS
        memory().bytes(into, bytes.length).set(bytes);
        return WASI.SUCCESS;
      }),
    fd_readdir: (fd: number, into: number, length: number, cookie: bigint, used: number) =>
      withFd(fd, (descriptor) =>
        descriptor.kind === 'folder' ? listFolder(fs, memory(), descriptor, { into, length, cookie, used }) : WASI.NOTDIR,
      ),
    fd_renumber: (from: number, to: number) => descriptors.renumber(from, to),
    fd_seek: (fd: number, offset: bigint, whence: number, into: number) =>
      withFd(fd, (descriptor) => {
        if (descriptor.kind !== 'file') return WASI.SPIPE;
        const stat = emptyStat();
        fs.fstat(descriptor.handle, stat);
        const base = [0, descriptor.position, stat.size][whence];
        const position = base === undefined ? -1 : base + Number(offset);
        if (position < 0) return WASI.INVAL;
        descriptor.position = position;
        memory().setU64(into, BigInt(position));
        return WASI.SUCCESS;
      }),
    fd_tell: (fd: number, into: number) =>
      withFd(fd, ({ kind, position }) => {
        if (kind !== 'file') return WASI.SPIPE;
        memory().setU64(into, BigInt(position));
        return WASI.SUCCESS;
      }),
    path_create_directory: (fd: number, path: number, length: number) =>
      withPath(fd, path, length, false, (full) => wasiErrno(fs.mkdir(full, NEW_FOLDER_MODE))),
    path_filestat_get: (fd: number, flags: number, path: number, length: number, into: number) =>
      withPath(fd, path, length, (flags & FOLLOW) !== 0, (full) => {
        const stat = emptyStat();
        const result = (flags & FOLLOW) !== 0 ? fs.stat(full, stat) : fs.lstat(full, stat);
        if (result === 0) writeStat(into, stat);
        return wasiErrno(result);
      }),
    path_filestat_set_times: (fd: number, flags: number, path: number, length: number, atime: bigint, mtime: bigint, which: number) =>
      withPath(fd, path, length, (flags & FOLLOW) !== 0, (full) => {
        const stat = emptyStat();
        const follows = (flags & FOLLOW) !== 0;
        const found = follows ? fs.stat(full, stat) : fs.lstat(full, stat);
        return wasiErrno(found < 0 ? found : fs.utimes(full, ...setTimes(stat, atime, mtime, which), follows));
      }),
    path_link: (fromFd: number, flags: number, from: number, fromLength: number, toFd: number, to: number, toLength: number) =>
      withPath(fromFd, from, fromLength, (flags & FOLLOW) !== 0, (source) =>
        withPath(toFd, to, toLength, false, (target) => wasiErrno(fs.link(source, target))),
      ),
    path_open(
      fd: number,
      lookup: number,
      path: number,
      length: number,
      how: number,
      rights: bigint,
      inheritedRights: bigint,
      flags: number,
      into: number,
    ): number {
      return withPath(fd, path, length, (lookup & FOLLOW) !== 0, (full) => {
        const stat = emptyStat();
        const isFolder = fs.stat(full, stat) === 0 && fileType(stat.mode) === FILE_TYPE.FOLDER;
        if ((how & OPEN.DIRECTORY) !== 0 && stat.mode !== 0 && !isFolder) return WASI.NOTDIR;
        const handle = fs.open(full, openFlags({ lookup, how, rights, flags, isFolder }), NEW_FILE_MODE);
        if (handle < 0) return wasiErrno(handle);
        const opened: GuestDescriptor = {
          kind: isFolder ? 'folder' : 'file',
          handle,
          path: full,
          preopenName: null,
          flags,
          rights,
          inheritedRights,
          position: 0,
        };
        memory().setU32(into, descriptors.add(opened));
        return WASI.SUCCESS;
      });
    },
    path_readlink: (fd: number, path: number, length: number, into: number, size: number, used: number) =>
      withPath(fd, path, length, false, (full) => {
        const target = fs.readlink(full);
        if (typeof target === 'number') return wasiErrno(target);
        const bytes = encodeText(target).subarray(0, size >>> 0);
        memory().bytes(into, bytes.length).set(bytes);
        memory().setU32(used, bytes.length);
        return WASI.SUCCESS;
      }),
    path_remove_directory: (fd: number, path: number, length: number) =>
      withPath(fd, path, length, false, (full) => wasiErrno(fs.rmdir(full))),
    path_rename: (fromFd: number, from: number, fromLength: number, toFd: number, to: number, toLength: number) =>
      withPath(fromFd, from, fromLength, false, (source) =>
        withPath(toFd, to, toLength, false, (target) => wasiErrno(fs.rename(source, target))),
      ),
    path_symlink: (text: number, textLength: number, fd: number, path: number, length: number) => {
      const target = memory().text(text, textLength);
      if (target.startsWith('/')) return WASI.NOTCAPABLE;
      return withPath(fd, path, length, false, (full) => wasiErrno(fs.symlink(target, full)));
    },
    path_unlink_file: (fd: number, path: number, length: number) => withPath(fd, path, length, false, (full) => wasiErrno(fs.unlink(full))),
    poll_oneoff: (subscriptions: number, events: number, count: number, used: number) =>
      count === 0 ? WASI.INVAL : poll(memory(), descriptors, { subscriptions, events, count, used }),
    proc_exit(code: number): number {
      realm.process['reallyExit'](code);
      return WASI.SUCCESS;
    },
    proc_raise(): number {
      realm.process['reallyExit'](ABORT_EXIT);
      return WASI.SUCCESS;
    },
    random_get: (into: number, length: number) => {
      for (let done = 0; done < length; done += RANDOM_CHUNK) {
        const chunk = crypto.getRandomValues(new Uint8Array(Math.min(RANDOM_CHUNK, length - done)));
        memory()
          .bytes(into + done, chunk.length)
          .set(chunk);
      }
      return WASI.SUCCESS;
    },
    sched_yield: () => WASI.SUCCESS,
    sock_accept: (fd: number) => withFd(fd, () => WASI.NOTSOCK),
    sock_recv: (fd: number) => withFd(fd, () => WASI.NOTSOCK),
    sock_send: (fd: number) => withFd(fd, () => WASI.NOTSOCK),
    sock_shutdown: (fd: number) => withFd(fd, () => WASI.NOTSOCK),
  } satisfies Record<string, Call | ((value: WebAssembly.Memory) => void)>;
  return calls;
}

function openInitial(fs: FileSystem, preopens: readonly string[], stdio: readonly number[]): GuestDescriptors {
  const descriptors = new GuestDescriptors(fs);
  const common = { flags: 0, rights: ALL_RIGHTS, inheritedRights: ALL_RIGHTS, position: 0 };
  for (const [fd, number] of stdio.entries())
    descriptors.set(fd, { ...common, kind: 'stream', handle: number, path: '', preopenName: null });
  for (let index = 0; index < preopens.length; index += 2) {
    const [name = '', real = ''] = preopens.slice(index, index + 2);
    const path = fs.realpath(real);
    const handle = typeof path === 'string' ? fs.open(path, O.DIRECTORY, 0) : path;
    if (typeof path === 'number' || handle < 0)
      throw Object.assign(new Error(`uvwasi_init: the folder ${real} could not be opened`), { code: 'UVWASI_ENOENT' });
    descriptors.add({ ...common, kind: 'folder', handle, path, preopenName: name });
  }
  return descriptors;
}

interface OpenRequest {
  readonly lookup: number;
  readonly how: number;
  readonly rights: bigint;
  readonly flags: number;
  readonly isFolder: boolean;
}

function openFlags({ lookup, how, rights, flags, isFolder }: OpenRequest): number {
  if (isFolder) return O.DIRECTORY;
  const [reads, writes] = [(rights & RIGHT.READ) !== 0n, (rights & RIGHT.WRITE) !== 0n];
  return (
    (writes ? (reads ? 2 : 1) : 0) |
    ((how & OPEN.CREAT) !== 0 ? O.CREAT : 0) |
    ((how & OPEN.EXCL) !== 0 ? O.EXCL : 0) |
    ((how & OPEN.TRUNC) !== 0 ? O.TRUNC : 0) |
    ((how & OPEN.DIRECTORY) !== 0 ? O.DIRECTORY : 0) |
    ((flags & FD_APPEND) !== 0 ? O.APPEND : 0) |
    ((lookup & FOLLOW) === 0 ? O.NOFOLLOW : 0)
  );
}

function typeOf(fs: FileSystem, { kind, handle }: GuestDescriptor): number {
  if (kind === 'stream') return FILE_TYPE.CHARACTER;
  const stat = emptyStat();
  fs.fstat(handle, stat);
  return fileType(stat.mode);
}

interface FolderRequest {
  readonly into: number;
  readonly length: number;
  readonly cookie: bigint;
  readonly used: number;
}

/** Entries from `cookie` on; the last may be cut short, by which the guest sees that there are more. */
function listFolder(fs: FileSystem, memory: GuestMemory, { path }: GuestDescriptor, { into, length, cookie, used }: FolderRequest): number {
  const found = fs.readdir(path);
  if (typeof found === 'number') return wasiErrno(found);
  const own = emptyStat();
  fs.stat(path, own);
  const entries = [...['.', '..'].map((name) => ({ name, ino: own.ino, type: 0o040000 })), ...found];
  const target = memory.bytes(into, length);
  let at = 0;
  for (let index = Number(cookie); index < entries.length && at < length; index++) {
    const entry = entries[index];
    if (entry === undefined) break;
    const name = encodeText(entry.name);
    const record = new Uint8Array(DIRENT_BYTES + name.length);
    const view = new DataView(record.buffer);
    view.setBigUint64(0, BigInt(index + 1), true);
    view.setBigUint64(8, BigInt(entry.ino), true);
    view.setUint32(16, name.length, true);
    view.setUint8(20, fileType(entry.type));
    record.set(name, DIRENT_BYTES);
    const part = record.subarray(0, length - at);
    target.set(part, at);
    at += part.length;
  }
  memory.setU32(used, at);
  return WASI.SUCCESS;
}

interface PollRequest {
  readonly subscriptions: number;
  readonly events: number;
  readonly count: number;
  readonly used: number;
}

/** Streams are always ready; without one it sleeps until the first clock is due. */
function poll(memory: GuestMemory, descriptors: GuestDescriptors, { subscriptions, events, count, used }: PollRequest): number {
  const { view } = memory;
  const clocks: { userdata: bigint; dueMs: number }[] = [];
  const ready: { userdata: bigint; type: number; error: number }[] = [];
  for (let index = 0; index < count; index++) {
    const at = (subscriptions >>> 0) + index * SUBSCRIPTION_BYTES;
    const userdata = view.getBigUint64(at, true);
    const type = view.getUint8(at + 8);
    if (type === 0) {
      const timeoutMs = Number(view.getBigUint64(at + 24, true)) / NS_PER_MS;
      const isAbsolute = (view.getUint16(at + 40, true) & 1) !== 0;
      const nowMs = view.getUint32(at + 16, true) === 0 ? Date.now() : performance.now();
      clocks.push({ userdata, dueMs: Math.max(0, isAbsolute ? timeoutMs - nowMs : timeoutMs) });
    } else {
      const isOpen = descriptors.get(view.getUint32(at + 16, true)) !== undefined;
      ready.push({ userdata, type, error: isOpen ? WASI.SUCCESS : WASI.BADF });
    }
  }
  if (ready.length === 0) {
    const firstMs = Math.min(...clocks.map(({ dueMs }) => dueMs));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, firstMs);
    for (const { userdata, dueMs } of clocks) if (dueMs <= firstMs) ready.push({ userdata, type: 0, error: WASI.SUCCESS });
  }
  for (const [index, { userdata, type, error }] of ready.entries()) {
    const at = (events >>> 0) + index * EVENT_BYTES;
    memory.bytes(at, EVENT_BYTES).fill(0);
    view.setBigUint64(at, userdata, true);
    view.setUint16(at + 8, error, true);
    view.setUint8(at + 10, type);
  }
  memory.setU32(used, ready.length);
  return WASI.SUCCESS;
}

function emptyStat(): Stat {
  return {
    ino: 0,
    mode: 0,
    nlink: 1,
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

function nanoseconds(seconds: number, rest: number): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(rest);
}

export const wasi: BindingFactory = (realm, binding) => {
  binding['WASI'] = class {
    static readonly name = 'WASI';
    constructor(args: string[], env: string[], preopens: string[], stdio: number[]) {
      if (new.target === undefined) throw new TypeError("Class constructor WASI cannot be invoked without 'new'");
      Object.assign(this, makeCalls(realm, args, env, preopens, stdio));
    }
  };
};
