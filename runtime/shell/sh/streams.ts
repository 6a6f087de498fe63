// The descriptors of a command: what its process inherited, files it opened, text it collects. Runs in the tools worker.
import type { Stdio } from '#protocol';
import { EAGAIN, EPIPE, PIPE_CAPACITY_BYTES, Pipe } from '../../kernel/ipc/pipe.ts';
import type { ProcessHost } from '../../process/host.ts';

const CHUNK_BYTES = 64 * 1024;
const O_RDWR_CREATE_EXCLUSIVE = 0o302;
const O_APPEND = 0o2000;
let lastTemporary = 0;

/** Where one descriptor leads. */
export type Stream =
  | { readonly kind: 'inherited'; readonly stdio: Stdio }
  | { readonly kind: 'file'; readonly handle: number }
  /** Output for the shell itself. A child writes it into `handle`, a file without a name, so nothing has to be pumped. */
  | { readonly kind: 'collector'; readonly chunks: Uint8Array[]; handle: number | null }
  /** Input from memory. */
  | { readonly kind: 'source'; bytes: Uint8Array };

export type Streams = readonly (Stream | undefined)[];

/** What a signal handler wants of a blocking read or write. */
export type OnWake = () => void;

export function inheritedStreams(host: ProcessHost): Stream[] {
  return host.request.stdio.map((stdio) => ({ kind: 'inherited', stdio }));
}

export function withStream(streams: Streams, fd: number, stream: Stream | undefined): Streams {
  const copy = [...streams];
  copy[fd] = stream;
  return copy;
}

export function isTerminal(stream: Stream | undefined): boolean {
  return stream?.kind === 'inherited' && stream.stdio.kind === 'terminal';
}

export function newCollector(): Extract<Stream, { kind: 'collector' }> {
  return { kind: 'collector', chunks: [], handle: null };
}

export class StreamIo {
  readonly #host: ProcessHost;
  readonly #pipes = new Map<SharedArrayBuffer, Pipe>();
  /** Runs after each wake of a blocking call; it may throw to end the call. */
  onWake: OnWake | null = null;

  constructor(host: ProcessHost) {
    this.#host = host;
  }

  /** The next bytes; empty at the end, or (only with a limit) when the time is up. Blocks. */
  read(stream: Stream | undefined, sizeBytes = CHUNK_BYTES, timeoutMs = Infinity): Uint8Array {
    if (stream === undefined || stream.kind === 'collector') return new Uint8Array();
    if (stream.kind === 'source') {
      const taken = stream.bytes.subarray(0, sizeBytes);
      stream.bytes = stream.bytes.subarray(taken.length);
      return taken;
    }
    const into = new Uint8Array(sizeBytes);
    const handle = stream.kind === 'file' ? stream.handle : stream.stdio.kind === 'file' ? stream.stdio.handle : null;
    if (handle !== null) return into.subarray(0, Math.max(0, this.#host.fs.read(handle, into, -1)));
    const pipe = this.pipe(stream, 'read');
    return pipe === null ? into.subarray(0, 0) : into.subarray(0, this.#readPipe(pipe, into, timeoutMs));
  }

  /** Blocks until everything is taken; false when nobody reads any more. */
  write(stream: Stream | undefined, bytes: Uint8Array): boolean {
    if (stream === undefined || stream.kind === 'source') return true;
    if (stream.kind === 'collector' && stream.handle === null) {
      stream.chunks.push(bytes.slice());
      return true;
    }
    const handle =
      stream.kind === 'file' || stream.kind === 'collector' ? stream.handle : stream.stdio.kind === 'file' ? stream.stdio.handle : null;
    if (handle !== null) return writeFile(this.#host, handle, bytes);
    const pipe = this.pipe(stream, 'write');
    return pipe === null || this.#writePipe(pipe, bytes);
  }

  /** The pipe behind an end of a stream; `null` where there is none. */
  pipe(stream: Stream | undefined, end: 'read' | 'write'): Pipe | null {
    if (stream?.kind !== 'inherited') return null;
    const { stdio } = stream;
    if (stdio.kind === 'null' || stdio.kind === 'file') return null;
    const memory =
      stdio.kind === 'pipe' ? (stdio.direction === end ? stdio.memory : null) : stdio.connection[end === 'read' ? 'receive' : 'send'];
    return memory === null ? null : this.#open(memory);
  }

  /** What a collector took, its file included, which is closed. */
  collect(collector: Extract<Stream, { kind: 'collector' }>): Uint8Array {
    if (collector.handle !== null) {
      collector.chunks.push(readWhole(this.#host, collector.handle));
      this.#host.fs.close(collector.handle);
      collector.handle = null;
    }
    return collected(collector.chunks);
  }

  #readPipe(pipe: Pipe, into: Uint8Array, timeoutMs: number): number {
    const { slots } = this.#host;
    const endsAt = performance.now() + timeoutMs;
    pipe.watch('read', true);
    try {
      for (;;) {
        const seen = slots.doorbell();
        const count = pipe.read(into);
        if (count !== EAGAIN) return Math.max(0, count);
        if (slots.isDead()) return 0;
        this.onWake?.();
        const leftMs = endsAt - performance.now();
        if (leftMs <= 0) return 0;
        slots.wait(seen, Math.min(1000, leftMs));
      }
    } finally {
      pipe.watch('read', false);
    }
  }

  #writePipe(pipe: Pipe, bytes: Uint8Array): boolean {
    const { slots } = this.#host;
    let done = 0;
    pipe.watch('write', true);
    try {
      while (done < bytes.length) {
        const seen = slots.doorbell();
        const count = pipe.write(bytes.subarray(done));
        if (count === EPIPE) return false;
        if (count > 0) {
          done += count;
          continue;
        }
        this.onWake?.();
        slots.wait(seen, 1000);
      }
      return true;
    } finally {
      pipe.watch('write', false);
    }
  }

  #open(memory: SharedArrayBuffer): Pipe {
    const known = this.#pipes.get(memory);
    if (known !== undefined) return known;
    const pipe = this.#host.openPipe(memory);
    this.#pipes.set(memory, pipe);
    return pipe;
  }
}

function writeFile(host: ProcessHost, handle: number, bytes: Uint8Array): boolean {
  for (let done = 0; done < bytes.length;) {
    const count = host.fs.write(handle, bytes.subarray(done), -1);
    if (count <= 0) return false;
    done += count;
  }
  return true;
}

function readWhole(host: ProcessHost, handle: number): Uint8Array {
  const chunks: Uint8Array[] = [];
  for (let offset = 0; ;) {
    const into = new Uint8Array(CHUNK_BYTES);
    const count = host.fs.read(handle, into, offset);
    if (count <= 0) return collected(chunks);
    chunks.push(into.subarray(0, count));
    offset += count;
  }
}

/** A file that only its handle reaches; or a negative errno. */
export function temporaryFile(host: ProcessHost, content: Uint8Array, flags = 0): number {
  const path = `/tmp/.sh-${host.pid}-${++lastTemporary}`;
  const handle = host.fs.open(path, O_RDWR_CREATE_EXCLUSIVE | flags, 0o600);
  if (handle < 0) return handle;
  host.fs.unlink(path);
  for (let done = 0; done < content.length;) {
    const count = host.fs.write(handle, content.subarray(done), (flags & O_APPEND) !== 0 ? -1 : done);
    if (count <= 0) break;
    done += count;
  }
  return handle;
}

/** The descriptors that a child gets. */
export class ChildStreams {
  readonly stdio: Stdio[] = [];
  readonly #host: ProcessHost;
  readonly #givenBack: (() => void)[] = [];

  constructor(host: ProcessHost, streams: Streams) {
    this.#host = host;
    for (let fd = 0; fd < Math.max(3, streams.length); fd++) this.stdio.push(this.#descriptor(streams[fd]));
  }

  /** The child never came to be. */
  abandon(): void {
    for (const giveBack of this.#givenBack) giveBack();
  }

  /** What the child inherits is held under our slot until the kernel moves it. */
  #descriptor(stream: Stream | undefined): Stdio {
    if (stream === undefined) return { kind: 'null' };
    switch (stream.kind) {
      case 'inherited':
        return this.#inherit(stream.stdio);
      case 'file':
        return this.#file(stream.handle);
      case 'collector':
        stream.handle ??= temporaryFile(this.#host, new Uint8Array(), O_APPEND);
        return this.#file(stream.handle);
      case 'source':
        return this.#source(stream);
      default:
        return stream satisfies never;
    }
  }

  /** Text for a child: through a pipe that takes it all at once, or a file, as bash does for here-documents. */
  #source(stream: Extract<Stream, { kind: 'source' }>): Stdio {
    const { bytes } = stream;
    stream.bytes = bytes.subarray(bytes.length);
    if (bytes.length > PIPE_CAPACITY_BYTES) {
      const handle = temporaryFile(this.#host, bytes);
      const stdio = this.#file(handle);
      this.#host.fs.close(handle);
      return stdio;
    }
    return { kind: 'pipe', memory: this.#filledPipe(bytes), direction: 'read' };
  }

  #filledPipe(bytes: Uint8Array): SharedArrayBuffer {
    const memory = Pipe.create();
    const pipe = this.#host.openPipe(memory);
    pipe.retain('read');
    pipe.retain('write');
    pipe.write(bytes);
    pipe.release('write');
    this.#givenBack.push(() => pipe.release('read'));
    return memory;
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

/** A pipe between two children. The caller holds both ends until it releases them: a writer may start before its reader. */
export function pipeBetween(host: ProcessHost): {
  readonly write: Stream;
  readonly read: Stream;
  readonly releaseWrite: () => void;
  readonly releaseRead: () => void;
} {
  const memory = Pipe.create();
  const pipe = host.openPipe(memory);
  pipe.retain('read');
  pipe.retain('write');
  return {
    write: { kind: 'inherited', stdio: { kind: 'pipe', memory, direction: 'write' } },
    read: { kind: 'inherited', stdio: { kind: 'pipe', memory, direction: 'read' } },
    releaseWrite: () => pipe.release('write'),
    releaseRead: () => pipe.release('read'),
  };
}

export function collected(chunks: readonly Uint8Array[]): Uint8Array {
  const [only] = chunks;
  if (chunks.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
