// The file descriptors of one Node process: numbers over shared file handles and inherited stdio. Runs in the process worker.
import type { Stdio } from '#protocol';
import type { Pipe } from '../kernel/ipc/pipe.ts';
import type { ProcessHost } from '../process/host.ts';
import type { Descriptor, DescriptorTable, Realm } from './realm.ts';

/** What Node calls the thing behind a descriptor (`guessHandleType`). */
export type HandleType = 'FILE' | 'PIPE' | 'TTY' | 'UNKNOWN' | 'INVALID';

/** Both directions of an inherited stream; the absent one is `null`. */
export interface StreamEnds {
  readonly receive: Pipe | null;
  readonly send: Pipe | null;
}

/** Fills the table on first use: a pooled process learns its stdio only when it starts. */
export class ProcessDescriptors implements DescriptorTable {
  readonly #host: ProcessHost;
  #entries: (Descriptor | undefined)[] | null = null;

  constructor(host: ProcessHost) {
    this.#host = host;
  }

  get(fd: number): Descriptor | undefined {
    return this.#table()[fd];
  }

  add(descriptor: Descriptor): number {
    const table = this.#table();
    let fd = 0;
    while (table[fd] !== undefined) fd++;
    table[fd] = descriptor;
    return fd;
  }

  remove(fd: number): Descriptor | undefined {
    const table = this.#table();
    const removed = table[fd];
    table[fd] = undefined;
    return removed;
  }

  #table(): (Descriptor | undefined)[] {
    return (this.#entries ??= this.#host.request.stdio.map(descriptorFor));
  }
}

function descriptorFor(stdio: Stdio, index: number): Descriptor {
  switch (stdio.kind) {
    case 'null':
      return { kind: 'null' };
    case 'file':
      return { kind: 'file', handle: stdio.handle };
    case 'pipe':
    case 'duplex':
    case 'terminal':
      return { kind: 'stream', stdioIndex: index };
    default:
      return stdio satisfies never;
  }
}

/** The answer for Node's `guessHandleType`. Character devices count as files, as libuv has it. */
export function handleTypeOf(realm: Realm, fd: number): HandleType {
  const descriptor = realm.descriptors.get(fd);
  if (descriptor === undefined) return 'INVALID';
  if (descriptor.kind !== 'stream') return 'FILE';
  return terminalOf(realm, fd) === null ? 'PIPE' : 'TTY';
}

export function terminalOf(realm: Realm, fd: number): Extract<Stdio, { kind: 'terminal' }> | null {
  const descriptor = realm.descriptors.get(fd);
  if (descriptor?.kind !== 'stream') return null;
  const stdio = realm.host.request.stdio[descriptor.stdioIndex];
  return stdio?.kind === 'terminal' ? stdio : null;
}

/** Opens the pipes behind an inherited stream. The holder counts were taken by whoever spawned this process. */
export function openStreamEnds(host: ProcessHost, stdioIndex: number): StreamEnds {
  const stdio = host.request.stdio[stdioIndex];
  switch (stdio?.kind) {
    case 'pipe': {
      const pipe = host.openPipe(stdio.memory);
      return stdio.direction === 'read' ? { receive: pipe, send: null } : { receive: null, send: pipe };
    }
    case 'duplex':
    case 'terminal':
      return { receive: host.openPipe(stdio.connection.receive), send: host.openPipe(stdio.connection.send) };
    default:
      return { receive: null, send: null };
  }
}
