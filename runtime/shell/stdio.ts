// Standard streams of a built-in program: blocking reads and writes over pipes, terminals and files. Runs in the tools worker.
import type { Stdio as Descriptor } from '#protocol';
import { EPIPE, type Pipe } from '../kernel/ipc/pipe.ts';
import type { ProcessHost } from '../process/host.ts';

const SIGPIPE = 'SIGPIPE';
const CHUNK_BYTES = 64 * 1024;

export class Stdio {
  readonly #host: ProcessHost;
  readonly #encoder = new TextEncoder();
  readonly #pipes = new Map<string, Pipe>();

  constructor(host: ProcessHost) {
    this.#host = host;
  }

  output(content: string | Uint8Array): void {
    this.write(1, content);
  }

  error(content: string | Uint8Array): void {
    this.write(2, content);
  }

  /** Blocks until everything is taken. A reader that is gone ends this process, as SIGPIPE does. */
  write(fd: number, content: string | Uint8Array): void {
    const bytes = typeof content === 'string' ? this.#encoder.encode(content) : content;
    const descriptor = this.#host.request.stdio[fd];
    if (descriptor === undefined || descriptor.kind === 'null') return;
    if (descriptor.kind === 'file') {
      this.#host.fs.write(descriptor.handle, bytes, -1);
      return;
    }
    const pipe = this.#pipe(fd, descriptor, 'write');
    if (pipe !== null && pipe.writeAll(bytes) === EPIPE) this.#host.exit({ code: null, signal: SIGPIPE });
  }

  /** The next bytes; empty at the end of the stream. Blocks. */
  read(fd = 0): Uint8Array {
    const into = new Uint8Array(CHUNK_BYTES);
    const descriptor = this.#host.request.stdio[fd];
    if (descriptor === undefined || descriptor.kind === 'null') return into.subarray(0, 0);
    if (descriptor.kind === 'file') return into.subarray(0, Math.max(0, this.#host.fs.read(descriptor.handle, into, -1)));
    const pipe = this.#pipe(fd, descriptor, 'read');
    return into.subarray(0, pipe === null ? 0 : Math.max(0, pipe.readBlocking(into)));
  }

  /** Everything up to the end of the stream. */
  readAll(fd = 0): Uint8Array {
    const chunks: Uint8Array[] = [];
    let sizeBytes = 0;
    for (let chunk = this.read(fd); chunk.length > 0; chunk = this.read(fd)) {
      chunks.push(chunk);
      sizeBytes += chunk.length;
    }
    const whole = new Uint8Array(sizeBytes);
    let offset = 0;
    for (const chunk of chunks) {
      whole.set(chunk, offset);
      offset += chunk.length;
    }
    return whole;
  }

  isTerminal(fd: number): boolean {
    return this.#host.request.stdio[fd]?.kind === 'terminal';
  }

  #pipe(fd: number, descriptor: Exclude<Descriptor, { kind: 'null' | 'file' }>, end: 'read' | 'write'): Pipe | null {
    const key = `${fd}${end}`;
    const known = this.#pipes.get(key);
    if (known !== undefined) return known;
    const memory =
      descriptor.kind === 'pipe'
        ? descriptor.direction === end
          ? descriptor.memory
          : null
        : end === 'read'
          ? descriptor.connection.receive
          : descriptor.connection.send;
    if (memory === null) return null;
    const pipe = this.#host.openPipe(memory);
    this.#pipes.set(key, pipe);
    return pipe;
  }
}
