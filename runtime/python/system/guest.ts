// What all system calls share: the process, the interpreter's memory, its streams, the current folder. Python worker.
import type { ProcessHost } from '../../process/host.ts';
import type { EmscriptenFileSystem, EmscriptenModule, Stream } from '../emscripten.ts';
import { guest, toGuestErrno } from './errno.ts';
import { GuestMemory } from './memory.ts';
import type { Opened } from './opened.ts';
import { operations } from './operations.ts';

const O_NONBLOCK = 0o4000;
const KEPT_FOR_SPEED = /\/__pycache__(?:\/|$)|^\/home\/user\/\.cache\//;
/** A lost wake-up would hang the worker for ever: look again now and then. */
const LOOK_AGAIN_MS = 1000;

export class Guest {
  readonly host: ProcessHost;
  readonly module: EmscriptenModule;
  readonly memory: GuestMemory;
  cwd = '/';
  umask = 0o022;
  /** Whether the program has shown, read or changed nothing yet that anybody could notice: it may then start anew elsewhere. */
  isUntouched = true;

  constructor(module: EmscriptenModule, host: ProcessHost) {
    this.module = module;
    this.host = host;
    this.memory = new GuestMemory(module);
  }

  /** Something was done to a file. What only makes the next start faster does not count. */
  touch(path = ''): void {
    if (this.isUntouched && !KEPT_FOR_SPEED.test(path)) this.isUntouched = false;
  }

  get fs(): EmscriptenFileSystem {
    return this.module.FS;
  }

  stream(fd: number): Stream | null {
    return this.fs.streams[fd] ?? null;
  }

  /** A negative Linux errno as the exception that Emscripten's calls turn into a result. */
  failure(linux: number): Error {
    return new this.fs.ErrnoError(toGuestErrno(linux));
  }

  guestFailure(errno: number): Error {
    return new this.fs.ErrnoError(-errno);
  }

  /** Checks a result of the file system. */
  checked(result: number): number {
    if (result < 0) throw this.failure(result);
    return result;
  }

  isNonBlocking(stream: Stream): boolean {
    return (stream.flags & O_NONBLOCK) !== 0;
  }

  /** A descriptor for something of ours: the lowest free one, or `fd`. */
  open(opened: Opened, flags: number, fd?: number): Stream {
    const stream = {
      node: { mode: opened.mode },
      flags,
      position: 0,
      seekable: opened.isSeekable,
      stream_ops: operations(this),
      path: opened.path,
      opened,
      ...(opened.terminal ? { tty: opened.terminal } : {}),
    };
    return this.fs.createStream(stream, fd);
  }

  /**
   * Runs `attempt` now and after each ring until it gives a value. `undefined` means not yet. Throws EINTR when a signal
   * waits, so that CPython runs its handlers, and EAGAIN when `deadline` (of `performance.now()`) has passed.
   */
  wait<T>(attempt: () => T | undefined, deadline = Infinity): T {
    const { slots } = this.host;
    for (;;) {
      const seen = slots.doorbell();
      const value = attempt();
      if (value !== undefined) return value;
      // A killed worker must not come back to its program.
      if (slots.isDead()) this.host.exit({ code: null, signal: 'SIGKILL' });
      if (slots.hasSignals()) throw this.guestFailure(guest.EINTR);
      const leftMs = deadline - performance.now();
      if (leftMs <= 0) throw this.guestFailure(guest.EAGAIN);
      slots.wait(seen, Math.min(LOOK_AGAIN_MS, leftMs));
    }
  }
}
