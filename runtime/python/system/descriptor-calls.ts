// System calls on descriptors that Emscripten's own do not answer right for us: attributes, listings, flags, pipes. Python worker.
import type { Dirent, Stat } from '../../fs/file-system.ts';
import type { Pipe } from '../../kernel/ipc/pipe.ts';
import type { TerminalControl } from '../../process/host.ts';
import type { Stream, SystemCalls } from '../emscripten.ts';
import { guest, toGuestResult } from './errno.ts';
import type { FileCalls } from './file-calls.ts';
import type { Guest } from './guest.ts';
import type { Opened } from './opened.ts';
import { OpenedFile } from './opened-file.ts';
import { OpenedPipe } from './opened-pipe.ts';

const O_RDONLY = 0;
const O_WRONLY = 1;
const O_NONBLOCK = 0o4000;
const O_APPEND = 0o2000;
const FD_CLOEXEC = 1;
const FCNTL = { dup: 0, getFd: 1, setFd: 2, getFlags: 3, setFlags: 4, dupCloexec: 1030 };
const IOCTL = { getAttributes: 0x5401, setAttributes: [0x5402, 0x5403, 0x5404], windowSize: 0x5413, readable: 0x541b, nonBlocking: 0x5421 };
const IOCTL_CLOEXEC = [0x5450, 0x5451];
const ISIG = 0o1;
const ICANON = 0o2;
const ECHO = 0o10;
const COOKED_LOCAL_MODES = 0o105073;
const DIRENT_BYTES = 280;
const S_IFMT = 0o170000;

type NumberCall = (...args: number[]) => number;

export class DescriptorCalls {
  readonly #system: Guest;
  readonly #files: FileCalls;
  readonly #stat = {} as Stat;
  readonly #closeOnExec = new Set<number>();

  constructor(system: Guest, files: FileCalls) {
    this.#system = system;
    this.#files = files;
  }

  replace(original: SystemCalls): SystemCalls {
    const { host, memory } = this.#system;
    const onOurs =
      (name: string, work: (opened: Opened, args: number[], stream: Stream) => number) =>
      (...args: number[]): number => {
        const stream = this.#system.stream(args[0] ?? -1);
        if (stream?.opened === undefined) return (original[name] as NumberCall)(...args);
        return work(stream.opened, args, stream);
      };
    const onFile = (name: string, work: (handle: number, args: number[]) => number): NumberCall =>
      onOurs(name, (opened, args) => (opened instanceof OpenedFile ? toGuestResult(work(opened.handle, args)) : guest.EINVAL));
    return {
      __syscall_fstat64: onOurs('__syscall_fstat64', (opened, [, buffer = 0]) => {
        const result = opened.stat(this.#stat);
        if (result === 0) memory.setStat(buffer, this.#stat);
        return toGuestResult(result);
      }),
      __syscall_ftruncate64: onFile('__syscall_ftruncate64', (handle, [, size]) => host.fs.ftruncate(handle, Number(size))) as never,
      __syscall_fchmod: onFile('__syscall_fchmod', (handle, [, mode = 0]) => host.fs.fchmod(handle, mode)),
      __syscall_fchown32: onFile('__syscall_fchown32', () => 0),
      __syscall_fstatfs64: onFile('__syscall_fstatfs64', (_, [, , buffer = 0]) => {
        this.#files.setStatFs(buffer);
        return 0;
      }),
      __syscall_fchdir: onFile('__syscall_fchdir', (handle) => this.#files.chdir(host.fs.pathOf(handle))),
      __syscall_getdents64: onOurs('__syscall_getdents64', (opened, [, buffer = 0, size = 0], stream) =>
        this.#list(opened, stream, buffer, size),
      ),
      __syscall_fcntl64: this.#fcntl(original) as never,
      __syscall_ioctl: onOurs('__syscall_ioctl', (opened, [fd = -1, request = 0, varargs = 0], stream) =>
        this.#ioctl(opened, stream, fd, request, varargs),
      ),
      __syscall_pipe: ((pointer: number) => this.#pipe(pointer)) as never,
      __syscall_umask_js: ((mask: number) => {
        const previous = this.#system.umask;
        this.#system.umask = mask & 0o777;
        return previous;
      }) as never,
      __syscall_getuid32_js: () => 1000,
      // Nothing of the program runs after these: the worker parks until it is ended.
      proc_exit: ((code: number) => host.exit({ code: code & 0xff, signal: null })) as never,
      exit: ((code: number) => host.exit({ code: code & 0xff, signal: null })) as never,
      _abort_js: () => host.exit({ code: null, signal: 'SIGABRT' }),
    };
  }

  isClosedOnExec(fd: number): boolean {
    return this.#closeOnExec.has(fd);
  }

  #list(opened: Opened, stream: Stream, buffer: number, size: number): number {
    if (!(opened instanceof OpenedFile)) return guest.ENOTDIR;
    const listed = this.#entries(opened);
    if (typeof listed === 'number') return toGuestResult(listed);
    const { memory } = this.#system;
    const { view } = memory;
    let at = buffer;
    let index = Math.floor(stream.position / DIRENT_BYTES);
    for (; index < listed.length && at + DIRENT_BYTES <= buffer + size; index++) {
      const entry = listed[index] as Dirent;
      view.setBigInt64(at, BigInt(entry.ino), true);
      view.setBigInt64(at + 8, BigInt((index + 1) * DIRENT_BYTES), true);
      view.setUint16(at + 16, DIRENT_BYTES, true);
      view.setUint8(at + 18, (entry.type & S_IFMT) >> 12);
      memory.setText(at + 19, entry.name, 256);
      at += DIRENT_BYTES;
    }
    stream.position = index * DIRENT_BYTES;
    return at - buffer;
  }

  /** Read anew at the start of a folder; one listing holds until its end, whatever happens meanwhile. */
  readonly #listings = new WeakMap<Opened, Dirent[]>();
  #entries(opened: OpenedFile): Dirent[] | number {
    const known = this.#listings.get(opened);
    if (known !== undefined) return known;
    const { fs } = this.#system.host;
    const entries = fs.readdir(fs.pathOf(opened.handle));
    if (typeof entries === 'number') return entries;
    const itself = { ino: 1, type: 0o040000 };
    const listed = [{ ...itself, name: '.' }, { ...itself, name: '..' }, ...entries];
    this.#listings.set(opened, listed);
    return listed;
  }

  #fcntl(original: SystemCalls): NumberCall {
    return (fd = -1, command = 0, varargs = 0) => {
      const stream = this.#system.stream(fd);
      if (stream === null) return guest.EBADF;
      const argument = (): number => this.#system.memory.int(varargs);
      switch (command) {
        case FCNTL.dup:
        case FCNTL.dupCloexec: {
          let free = argument();
          while (this.#system.stream(free)) free++;
          const copy = this.#system.fs.dupStream(stream, free).fd ?? guest.EBADF;
          this.#setCloseOnExec(copy, command === FCNTL.dupCloexec);
          return copy;
        }
        case FCNTL.getFd:
          return this.#closeOnExec.has(fd) ? FD_CLOEXEC : 0;
        case FCNTL.setFd:
          this.#setCloseOnExec(fd, (argument() & FD_CLOEXEC) !== 0);
          return 0;
        case FCNTL.getFlags:
          return stream.flags;
        case FCNTL.setFlags: {
          const changeable = O_NONBLOCK | O_APPEND;
          stream.flags = (stream.flags & ~changeable) | (argument() & changeable);
          return 0;
        }
        default:
          return (original['__syscall_fcntl64'] as NumberCall)(fd, command, varargs);
      }
    };
  }

  #setCloseOnExec(fd: number, isClosed: boolean): void {
    if (isClosed) this.#closeOnExec.add(fd);
    else this.#closeOnExec.delete(fd);
  }

  #ioctl(opened: Opened, stream: Stream, fd: number, request: number, varargs: number): number {
    const { memory } = this.#system;
    const argument = (): number => memory.int(varargs);
    if (IOCTL_CLOEXEC.includes(request)) {
      this.#setCloseOnExec(fd, request === IOCTL_CLOEXEC[1]);
      return 0;
    }
    if (request === IOCTL.nonBlocking) {
      const wanted = memory.int(argument());
      stream.flags = wanted ? stream.flags | O_NONBLOCK : stream.flags & ~O_NONBLOCK;
      return 0;
    }
    if (request === IOCTL.readable) {
      memory.setInt(argument(), opened instanceof OpenedPipe ? (opened.receive?.readableBytes ?? 0) : 0);
      return 0;
    }
    const { terminal } = opened;
    if (terminal === undefined) return guest.ENOTTY;
    if (request === IOCTL.windowSize) {
      const pointer = argument();
      memory.view.setUint16(pointer, terminal.rows, true);
      memory.view.setUint16(pointer + 2, terminal.columns, true);
      return 0;
    }
    if (request === IOCTL.getAttributes) return this.#getAttributes(argument(), terminal);
    if (IOCTL.setAttributes.includes(request)) {
      const localModes = memory.int(argument() + 12);
      terminal.isRaw = (localModes & ICANON) === 0;
      // In cooked mode it always is one: programs that know raw mode only must find this off again.
      terminal.keepsSignals = terminal.isRaw && (localModes & ISIG) !== 0;
      terminal.isSilent = !terminal.isRaw && (localModes & ECHO) === 0;
      return 0;
    }
    return 0;
  }

  /** `struct termios` of a Linux terminal: cooked as it starts, or raw. */
  #getAttributes(pointer: number, { isRaw, keepsSignals }: TerminalControl): number {
    const { memory } = this.#system;
    const localModes = isRaw ? (COOKED_LOCAL_MODES & ~(ICANON | ECHO | ISIG)) | (keepsSignals ? ISIG : 0) : COOKED_LOCAL_MODES;
    for (const [index, word] of [0o2400, 0o5, 0o277, localModes].entries()) memory.setInt(pointer + index * 4, word);
    const characters = [3, 28, 127, 21, 4, 0, 1, 0, 17, 19, 26, 0, 18, 15, 23, 22];
    memory.bytes.set(characters, (pointer >>> 0) + 17);
    return 0;
  }

  #pipe(pointer: number): number {
    const { host, memory } = this.#system;
    const shared = host.createPipe();
    const pipe: Pipe = host.openPipe(shared);
    const reader = new OpenedPipe({ kind: 'pipe', memory: shared, direction: 'read' }, { receive: pipe, send: null });
    const writer = new OpenedPipe({ kind: 'pipe', memory: shared, direction: 'write' }, { receive: null, send: pipe });
    memory.setInt(pointer, this.#system.open(reader, O_RDONLY).fd ?? guest.EBADF);
    memory.setInt(pointer + 4, this.#system.open(writer, O_WRONLY).fd ?? guest.EBADF);
    return 0;
  }
}
