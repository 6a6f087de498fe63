// A pipe end, a child's duplex stream, a terminal, or nothing at all. Python worker.
import type { Stdio } from '#protocol';
import type { Stat } from '../../fs/file-system.ts';
import { EAGAIN, EPIPE, type Pipe } from '../../kernel/ipc/pipe.ts';
import type { TerminalControl } from '../../process/host.ts';
import { guest } from './errno.ts';
import { fillStreamStat, S_IFCHR, S_IFIFO, type Opened } from './opened.ts';

const TERMINAL_MODE = S_IFCHR | 0o620;
const PIPE_MODE = S_IFIFO | 0o600;

/** Counts descriptors: the pipe holds are given back with the last one. */
export class OpenedPipe implements Opened {
  readonly mode: number;
  readonly isSeekable = false;
  readonly path = 'pipe:';
  readonly receive: Pipe | null;
  readonly send: Pipe | null;
  /** How a child inherits this. */
  readonly stdio: Stdio;
  readonly terminal?: TerminalControl;
  #descriptors = 1;

  constructor(stdio: Stdio, ends: { readonly receive: Pipe | null; readonly send: Pipe | null }, terminal?: TerminalControl) {
    this.stdio = stdio;
    this.receive = ends.receive;
    this.send = ends.send;
    this.mode = terminal ? TERMINAL_MODE : PIPE_MODE;
    if (terminal) this.terminal = terminal;
  }

  get isReadable(): boolean {
    return this.receive?.isReadable ?? false;
  }

  get isWritable(): boolean {
    return this.send !== null && (this.send.writableBytes > 0 || !this.send.hasReaders);
  }

  get isHungUp(): boolean {
    return this.receive ? !this.receive.hasWriters && this.receive.readableBytes === 0 : this.send !== null && !this.send.hasReaders;
  }

  read(into: Uint8Array): number {
    if (this.receive === null) return guest.EBADF;
    const count = this.receive.read(into);
    return count === EAGAIN ? guest.EAGAIN : count;
  }

  write(from: Uint8Array): number {
    if (this.send === null) return guest.EBADF;
    const count = this.send.write(from);
    return count === EAGAIN ? guest.EAGAIN : count === EPIPE ? guest.EPIPE : count;
  }

  watch(isInterested: boolean): void {
    this.receive?.watch('read', isInterested);
    this.send?.watch('write', isInterested);
  }

  retain(): void {
    this.#descriptors++;
  }

  release(): void {
    if (--this.#descriptors > 0) return;
    this.receive?.release('read');
    this.send?.release('write');
  }

  stat(out: Stat): number {
    return fillStreamStat(out, this.mode);
  }
}

/** `/dev/null` as an inherited descriptor. */
export class OpenedNothing implements Opened {
  readonly mode = S_IFCHR | 0o666;
  readonly isSeekable = false;
  readonly path = '/dev/null';
  readonly isReadable = true;
  readonly isWritable = true;
  readonly isHungUp = false;

  read(): number {
    return 0;
  }

  write(from: Uint8Array): number {
    return from.length;
  }

  watch(): void {
    // Nothing ever changes here.
  }

  retain(): void {
    // Nothing is held.
  }

  release(): void {
    // Nothing is held.
  }

  stat(out: Stat): number {
    return fillStreamStat(out, this.mode);
  }
}
