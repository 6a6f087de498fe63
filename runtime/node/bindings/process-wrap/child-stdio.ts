// The descriptors a child starts with, made from Node's `stdio` option. Runs in the process worker.
import type { Stdio } from '#protocol';
import type { StreamEnds } from '../../descriptors.ts';
import { openStreamEnds } from '../../descriptors.ts';
import type { Descriptor, Realm } from '../../realm.ts';
import { EBADF } from '../stream-base/errno.ts';
import type { StreamHandle } from '../stream-base/stream-handle.ts';

/** One entry as `child_process` passes it down. */
export interface StdioOption {
  readonly type: 'pipe' | 'overlapped' | 'ignore' | 'inherit' | 'fd' | 'wrap';
  readonly handle?: StreamHandle;
  readonly fd?: number;
  readonly ipc?: boolean;
  readonly input?: ArrayBufferView;
}

/** What a child gets, what stays with us, and how to take it all back when the spawn fails. */
export class ChildStdio {
  readonly #realm: Realm;
  readonly list: Stdio[] = [];
  /** Our ends of the pipes, by descriptor. */
  readonly ours = new Map<number, StreamEnds>();
  readonly #givenBack: (() => void)[] = [];

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  /** Adds the next descriptor; a negative result is an errno. */
  add(option: StdioOption): number {
    switch (option.type) {
      case 'ignore':
        this.list.push({ kind: 'null' });
        return 0;
      case 'pipe':
      case 'overlapped':
        this.addPipe();
        return 0;
      case 'inherit':
      case 'fd':
        return this.#addDescriptor(option.fd ?? this.list.length);
      case 'wrap':
        return (option.handle?.fd ?? -1) < 0 && option.handle?.isConnected === true
          ? this.#addEnds(option.handle.ends)
          : this.#addDescriptor(option.handle?.fd ?? -1);
      default:
        return option.type satisfies never;
    }
  }

  /** A new connection between us and the child. */
  addPipe(): void {
    const { ours, theirs } = this.#realm.host.createConnection();
    this.ours.set(this.list.length, this.#open(ours));
    this.list.push({ kind: 'duplex', connection: theirs });
    this.#givenBack.push(() => releaseEnds(this.#open(theirs)));
  }

  /** The child never came to be: what it would have held is closed, and our ends read end of file. */
  giveBack(): void {
    for (const giveBack of this.#givenBack.splice(0)) giveBack();
  }

  /** The child never came to be: nothing of it may stay open, our own ends included. */
  abandon(): void {
    this.giveBack();
    for (const ends of this.ours.values()) releaseEnds(ends);
  }

  #addDescriptor(fd: number): number {
    const descriptor: Descriptor | undefined = this.#realm.descriptors.get(fd);
    if (descriptor === undefined) return EBADF;
    if (descriptor.kind === 'null') this.list.push({ kind: 'null' });
    else if (descriptor.kind === 'file') this.#addFile(descriptor.handle);
    else this.#addStream(descriptor.stdioIndex);
    return 0;
  }

  // What we hold for the child here and below, the kernel moves to it when it starts.
  #addFile(handle: number): void {
    const { fs } = this.#realm.host;
    fs.retain(handle);
    this.#givenBack.push(() => fs.close(handle));
    this.list.push({ kind: 'file', handle });
  }

  #addStream(stdioIndex: number): void {
    const { host } = this.#realm;
    const stdio = host.request.stdio[stdioIndex] ?? { kind: 'null' };
    const ends = openStreamEnds(host, stdioIndex);
    ends.receive?.retain('read');
    ends.send?.retain('write');
    this.list.push(stdio);
    this.#givenBack.push(() => releaseEnds(ends));
  }

  /** A stream of ours that is no descriptor: a socket, or a pipe to another child. */
  #addEnds(ends: StreamEnds): number {
    const { receive, send } = ends;
    if (receive !== null && send !== null) {
      this.list.push({ kind: 'duplex', connection: { receive: receive.memory, send: send.memory } });
    } else {
      const one = receive ?? send;
      if (one === null) return EBADF;
      this.list.push({ kind: 'pipe', memory: one.memory, direction: receive === null ? 'write' : 'read' });
    }
    receive?.retain('read');
    send?.retain('write');
    this.#givenBack.push(() => releaseEnds(ends));
    return 0;
  }

  #open(connection: { readonly receive: SharedArrayBuffer; readonly send: SharedArrayBuffer }): StreamEnds {
    const { host } = this.#realm;
    return { receive: host.openPipe(connection.receive), send: host.openPipe(connection.send) };
  }
}

export function releaseEnds(ends: StreamEnds): void {
  ends.receive?.release('read');
  ends.send?.release('write');
}
