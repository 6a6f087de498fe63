// The standard streams of a program that runs on the server, as the kernel holds them: pipes, a terminal or files of the
// tab, read and written for it. Kernel worker.
import type { PipeMemory, Stdio } from '#protocol';
import { AsyncPipeReader, AsyncPipeWriter } from '../ipc/async-pipe.ts';
import type { Doorbell } from '../ipc/doorbell.ts';
import { Pipe } from '../ipc/pipe.ts';

/** Open files of the file service, which alone may touch the file system. */
export interface FileHandles {
  read(handle: number, maxBytes: number): Promise<Uint8Array>;
  write(handle: number, bytes: Uint8Array): Promise<void>;
  close(handle: number): Promise<void>;
}

export interface Source {
  /** Null at the end, or after close. */
  read(): Promise<Uint8Array | null>;
  close(): void;
}

export interface Sink {
  /** False when nobody reads any more. */
  write(bytes: Uint8Array): Promise<boolean>;
  close(): void;
}

const READ_BYTES = 64 * 1024;

/** What the program reads. The kernel's slot holds the ends already; those that are not used are let go. */
export function openSource(stdio: Stdio | undefined, doorbell: Doorbell, files: FileHandles): Source {
  switch (stdio?.kind) {
    case 'pipe':
      if (stdio.direction !== 'read') {
        release(stdio.memory, 'write', doorbell);
        return emptySource;
      }
      return pipeSource(stdio.memory, doorbell);
    case 'duplex':
      release(stdio.connection.send, 'write', doorbell);
      return pipeSource(stdio.connection.receive, doorbell);
    case 'terminal':
      release(stdio.connection.send, 'write', doorbell);
      return pipeSource(stdio.connection.receive, doorbell);
    case 'file':
      return fileSource(stdio.handle, files);
    case 'null':
    case undefined:
      return emptySource;
    default:
      return stdio satisfies never;
  }
}

/** Where the program writes. */
export function openSink(stdio: Stdio | undefined, doorbell: Doorbell, files: FileHandles): Sink {
  switch (stdio?.kind) {
    case 'pipe':
      if (stdio.direction !== 'write') {
        release(stdio.memory, 'read', doorbell);
        return noSink;
      }
      return new AsyncPipeWriter(stdio.memory, doorbell);
    case 'duplex':
    case 'terminal':
      release(stdio.connection.receive, 'read', doorbell);
      return new AsyncPipeWriter(stdio.connection.send, doorbell);
    case 'file': {
      const { handle } = stdio;
      return { write: (bytes) => files.write(handle, bytes).then(() => true), close: () => void files.close(handle) };
    }
    case 'null':
    case undefined:
      return noSink;
    default:
      return stdio satisfies never;
  }
}

/** Everything beyond the standard streams stays behind: the server has no use for a descriptor of the tab. */
export function releaseStdio(stdio: Stdio, doorbell: Doorbell, files: FileHandles): void {
  openSource(stdio, doorbell, files).close();
}

const emptySource: Source = { read: () => Promise.resolve(null), close: () => undefined };
const noSink: Sink = { write: () => Promise.resolve(true), close: () => undefined };

function pipeSource(memory: PipeMemory, doorbell: Doorbell): Source {
  const reader = new AsyncPipeReader(memory, doorbell);
  return {
    async read() {
      const bytes = new Uint8Array(READ_BYTES);
      const count = await reader.read(bytes);
      return count <= 0 ? null : bytes.slice(0, count);
    },
    close: () => reader.close(),
  };
}

function fileSource(handle: number, files: FileHandles): Source {
  return {
    async read() {
      const bytes = await files.read(handle, READ_BYTES);
      return bytes.length === 0 ? null : bytes;
    },
    close: () => void files.close(handle),
  };
}

function release(memory: PipeMemory, end: 'read' | 'write', doorbell: Doorbell): void {
  new Pipe(memory, doorbell.slots).release(end);
}
