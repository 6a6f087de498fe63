// What a descriptor of a Python process leads to: a file, a pipe, a terminal, a socket, nothing. Python worker.
import type { Stat } from '../../fs/file-system.ts';
import type { TerminalControl } from '../../process/host.ts';

/**
 * Reads and writes return byte counts, or a negative errno of Emscripten's; `-EAGAIN` (guest number) means that nothing can be
 * done now, and the caller waits or not.
 */
export interface Opened {
  /** Type and permission bits. */
  readonly mode: number;
  readonly isSeekable: boolean;
  readonly path: string;
  readonly terminal?: TerminalControl;
  read(into: Uint8Array, position: number): number;
  write(from: Uint8Array, position: number): number;
  /** For `poll`: a read, a write would not wait. */
  readonly isReadable: boolean;
  readonly isWritable: boolean;
  /** The other side is gone: `POLLHUP`. */
  readonly isHungUp: boolean;
  /** Whether changes ring this worker's doorbell. */
  watch(isInterested: boolean): void;
  /** One more descriptor, one fewer. */
  retain(): void;
  release(): void;
  /** Fills `out`; a negative Linux errno when that fails. */
  stat(out: Stat): number;
}

export const S_IFIFO = 0o010000;
export const S_IFCHR = 0o020000;
export const S_IFSOCK = 0o140000;

/** The attributes of something that is no file: now, owned by the user. */
export function fillStreamStat(out: Stat, mode: number): number {
  const seconds = Math.floor(Date.now() / 1000);
  Object.assign(out, { ino: 1, mode, nlink: 1, uid: 1000, gid: 1000, size: 0, rdev: 0 });
  Object.assign(out, { atimeSec: seconds, atimeNsec: 0, mtimeSec: seconds, mtimeNsec: 0, ctimeSec: seconds, ctimeNsec: 0 });
  return 0;
}
