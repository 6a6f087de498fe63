// The descriptors of a shell command: what the shell inherited, files it opened, text it collects. Runs in the tools worker.
import type { Stdio } from '#protocol';
import { EPIPE, Pipe } from '../../kernel/ipc/pipe.ts';
import type { ProcessHost } from '../../process/host.ts';

const CHUNK_BYTES = 64 * 1024;

/** Where one descriptor leads. */
export type Stream =
  | { readonly kind: 'inherited'; readonly stdio: Stdio }
  | { readonly kind: 'file'; readonly handle: number }
  /** Output collected in memory, for command substitution and pipelines inside the shell. */
  | { readonly kind: 'collector'; readonly chunks: Uint8Array[] }
  /** Input from memory. */
  | { readonly kind: 'source'; bytes: Uint8Array };

export type Streams = readonly (Stream | undefined)[];

export function inheritedStreams(host: ProcessHost): Stream[] {
  return host.request.stdio.map((stdio) => ({ kind: 'inherited', stdio }));
}

export function withStream(streams: Streams, fd: number, stream: Stream | undefined): Streams {
  const copy = [...streams];
  copy[fd] = stream;
  return copy;
}

export class StreamIo {
  readonly #host: ProcessHost;
  readonly #pipes = new Map<SharedArrayBuffer, Pipe>();

  constructor(host: ProcessHost) {
    this.#host = host;
  }

  /** The next bytes; empty at the end. Blocks. */
  read(stream: Stream | undefined, sizeBytes = CHUNK_BYTES): Uint8Array {
    if (stream === undefined || stream.kind === 'collector') return new Uint8Array();
    if (stream.kind === 'source') {
      const taken = stream.bytes.subarray(0, sizeBytes);
      stream.bytes = stream.bytes.subarray(taken.length);
      return taken;
    }
    const into = new Uint8Array(sizeBytes);
    if (stream.kind === 'file') return into.subarray(0, Math.max(0, this.#host.fs.read(stream.handle, into, -1)));
    const { stdio } = stream;
    if (stdio.kind === 'file') return into.subarray(0, Math.max(0, this.#host.fs.read(stdio.handle, into, -1)));
    const memory = stdio.kind === 'pipe' ? stdio.memory : stdio.kind === 'null' ? null : stdio.connection.receive;
    return memory === null ? into.subarray(0, 0) : into.subarray(0, Math.max(0, this.#pipe(memory).readBlocking(into)));
  }

  /** Blocks until everything is taken; false when nobody reads any more. */
  write(stream: Stream | undefined, bytes: Uint8Array): boolean {
    if (stream === undefined || stream.kind === 'source') return true;
    if (stream.kind === 'collector') {
      stream.chunks.push(bytes.slice());
      return true;
    }
    if (stream.kind === 'file') return this.#host.fs.write(stream.handle, bytes, -1) >= 0;
    const { stdio } = stream;
    if (stdio.kind === 'null') return true;
    if (stdio.kind === 'file') return this.#host.fs.write(stdio.handle, bytes, -1) >= 0;
    const memory = stdio.kind === 'pipe' ? stdio.memory : stdio.connection.send;
    return this.#pipe(memory).writeAll(bytes) !== EPIPE;
  }

  #pipe(memory: SharedArrayBuffer): Pipe {
    const known = this.#pipes.get(memory);
    if (known !== undefined) return known;
    const pipe = this.#host.openPipe(memory);
    this.#pipes.set(memory, pipe);
    return pipe;
  }
}

/** The descriptors that a child gets, and what moves between it and the shell's memory. */
export class ChildStreams {
  readonly stdio: Stdio[] = [];
  readonly #host: ProcessHost;
  readonly #feeds: { readonly pipe: Pipe; readonly bytes: Uint8Array }[] = [];
  readonly #collections: { readonly pipe: Pipe; readonly chunks: Uint8Array[] }[] = [];
  readonly #givenBack: (() => void)[] = [];

  constructor(host: ProcessHost, streams: Streams) {
    this.#host = host;
    for (let fd = 0; fd < Math.max(3, streams.length); fd++) this.stdio.push(this.#descriptor(streams[fd]));
  }

  /** The child never came to be. */
  abandon(): void {
    for (const giveBack of this.#givenBack) giveBack();
    this.#closeOurs();
  }

  /** Feeds and collects until the child has closed its ends. Blocks. */
  exchange(): void {
    for (const { pipe, bytes } of this.#feeds) {
      pipe.writeAll(bytes);
      pipe.release('write');
    }
    this.#feeds.length = 0;
    for (const { pipe, chunks } of this.#collections) {
      const into = new Uint8Array(CHUNK_BYTES);
      for (let count = pipe.readBlocking(into); count > 0; count = pipe.readBlocking(into)) chunks.push(into.slice(0, count));
      pipe.release('read');
    }
    this.#collections.length = 0;
  }

  #closeOurs(): void {
    for (const { pipe } of this.#feeds) pipe.release('write');
    for (const { pipe } of this.#collections) pipe.release('read');
  }

  /** What the child inherits is held under our slot until the kernel moves it. */
  #descriptor(stream: Stream | undefined): Stdio {
    if (stream === undefined) return { kind: 'null' };
    switch (stream.kind) {
      case 'inherited':
        return this.#inherit(stream.stdio);
      case 'file':
        return this.#file(stream.handle);
      case 'collector': {
        const { receive, send, child } = this.#connect();
        send.release('write');
        this.#collections.push({ pipe: receive, chunks: stream.chunks });
        return child;
      }
      case 'source': {
        const { receive, send, child } = this.#connect();
        receive.release('read');
        this.#feeds.push({ pipe: send, bytes: stream.bytes });
        return child;
      }
      default:
        return stream satisfies never;
    }
  }

  #connect(): { receive: Pipe; send: Pipe; child: Stdio } {
    const { ours, theirs } = this.#host.createConnection();
    const [theirReceive, theirSend] = [this.#host.openPipe(theirs.receive), this.#host.openPipe(theirs.send)];
    this.#givenBack.push(() => {
      theirReceive.release('read');
      theirSend.release('write');
    });
    return {
      receive: this.#host.openPipe(ours.receive),
      send: this.#host.openPipe(ours.send),
      child: { kind: 'duplex', connection: theirs },
    };
  }

  #file(handle: number): Stdio {
    this.#host.fs.retain(handle);
    this.#givenBack.push(() => void this.#host.fs.close(handle));
    return { kind: 'file', handle };
  }

  #inherit(stdio: Stdio): Stdio {
    if (stdio.kind === 'null') return stdio;
    if (stdio.kind === 'file') return this.#file(stdio.handle);
    if (stdio.kind === 'pipe') {
      const pipe = this.#host.openPipe(stdio.memory);
      pipe.retain(stdio.direction);
      this.#givenBack.push(() => pipe.release(stdio.direction));
      return stdio;
    }
    const [receive, send] = [this.#host.openPipe(stdio.connection.receive), this.#host.openPipe(stdio.connection.send)];
    receive.retain('read');
    send.retain('write');
    this.#givenBack.push(() => {
      receive.release('read');
      send.release('write');
    });
    return stdio;
  }
}

/** A pipe between two children of the shell. The shell holds the read end until `release`: a writer may start before its reader. */
export function pipeBetween(host: ProcessHost): { readonly write: Stream; readonly read: Stream; readonly release: () => void } {
  const memory = Pipe.create();
  const pipe = host.openPipe(memory);
  pipe.retain('read');
  return {
    write: { kind: 'inherited', stdio: { kind: 'pipe', memory, direction: 'write' } },
    read: { kind: 'inherited', stdio: { kind: 'pipe', memory, direction: 'read' } },
    release: () => pipe.release('read'),
  };
}

export function collected(chunks: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
