// One process as the SDK sees it: its stdio between shared-memory pipes and messages with credit. Kernel worker.
import { OUTPUT_CREDIT_BYTES, type ExitStatus, type FromKernel, type Stdio } from '#protocol';
import { AsyncPipeReader, AsyncPipeWriter } from './ipc/async-pipe.ts';
import type { Doorbell } from './ipc/doorbell.ts';
import { Pipe } from './ipc/pipe.ts';
import type { Terminal } from './terminal.ts';

type Post = (message: FromKernel, transfer?: Transferable[]) => void;
const READ_BYTES = 64 * 1024;

/** The pipes of a process without a terminal; `stdio` is for the child, retained under the kernel's slot. */
export class PipedStdio {
  readonly stdio: Stdio[];
  readonly #input: AsyncPipeWriter;
  readonly #readers: { readonly stream: 'stdout' | 'stderr'; readonly reader: AsyncPipeReader }[];
  #writes: Promise<unknown> = Promise.resolve();

  constructor(doorbell: Doorbell) {
    const [input, output, errors] = [Pipe.create(), Pipe.create(), Pipe.create()];
    for (const memory of [input, output, errors]) {
      const pipe = new Pipe(memory, doorbell.slots);
      pipe.retain('read');
      pipe.retain('write');
    }
    this.stdio = [
      { kind: 'pipe', memory: input, direction: 'read' },
      { kind: 'pipe', memory: output, direction: 'write' },
      { kind: 'pipe', memory: errors, direction: 'write' },
    ];
    this.#input = new AsyncPipeWriter(input, doorbell);
    this.#readers = [
      { stream: 'stdout', reader: new AsyncPipeReader(output, doorbell) },
      { stream: 'stderr', reader: new AsyncPipeReader(errors, doorbell) },
    ];
  }

  write(bytes: Uint8Array, onTaken: () => void): void {
    this.#writes = this.#writes.then(() => this.#input.write(bytes)).then(onTaken);
  }

  end(): void {
    void this.#writes.then(() => this.#input.close());
  }

  /** Reads both streams until end of file, or until `isOver` and nothing is left. */
  pump(credit: Credit, post: (stream: 'stdout' | 'stderr', bytes: Uint8Array<ArrayBuffer>) => void): Promise<unknown> {
    return Promise.all(this.#readers.map(({ stream, reader }) => pumpStream(reader, credit, (bytes) => post(stream, bytes))));
  }

  /** Lets go of output that a background child still holds open, once what is there was read. */
  finish(): void {
    this.#input.close();
    for (const { reader } of this.#readers) if (reader.pipe.readableBytes === 0) reader.close();
  }
}

async function pumpStream(reader: AsyncPipeReader, credit: Credit, post: (bytes: Uint8Array<ArrayBuffer>) => void): Promise<void> {
  for (;;) {
    await credit.available();
    const bytes = new Uint8Array(READ_BYTES);
    const count = await reader.read(bytes);
    if (count <= 0) break;
    credit.use(count);
    post(bytes.slice(0, count));
  }
  reader.close();
}

/** How much may be on its way to a receiver before it asks for more. */
export class Credit {
  #left = OUTPUT_CREDIT_BYTES;
  #waiting: (() => void)[] = [];

  use(sizeBytes: number): void {
    this.#left -= sizeBytes;
  }

  grant(sizeBytes: number): void {
    this.#left += sizeBytes;
    if (this.#left > 0) for (const resolve of this.#waiting.splice(0)) resolve();
  }

  async available(): Promise<void> {
    while (this.#left <= 0) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }
}

/** What the SDK port keeps per process. */
export class SdkProcess {
  readonly credit = new Credit();
  readonly pid: number;
  readonly #post: Post;
  readonly #pipes: PipedStdio | null;
  readonly terminal: Terminal | null;
  readonly #drained: Promise<unknown>;

  constructor(pid: number, attached: PipedStdio | Terminal, post: Post) {
    this.pid = pid;
    this.#post = post;
    this.#pipes = attached instanceof PipedStdio ? attached : null;
    this.terminal = attached instanceof PipedStdio ? null : attached;
    this.#drained = this.#pipes ? this.#pipes.pump(this.credit, (stream, bytes) => this.#output(stream, bytes)) : this.#pumpTerminal();
  }

  write(bytes: Uint8Array): void {
    const sizeBytes = bytes.byteLength;
    const taken = (): void => this.#post({ type: 'stdin-drained', pid: this.pid, sizeBytes });
    if (this.#pipes) this.#pipes.write(bytes, taken);
    else {
      this.terminal?.type(bytes);
      taken();
    }
  }

  endInput(): void {
    this.#pipes?.end();
  }

  /** The process ended: what it wrote arrives first, then its status. */
  async end(status: ExitStatus): Promise<void> {
    if (this.terminal) {
      while (this.terminal.hasOutput()) await new Promise((resolve) => setTimeout(resolve, 1));
      this.terminal.close();
    } else this.#pipes?.finish();
    await this.#drained;
    this.#post({ type: 'process-ended', pid: this.pid, status });
  }

  #output(stream: 'stdout' | 'stderr', bytes: Uint8Array<ArrayBuffer>): void {
    this.#post({ type: 'process-output', pid: this.pid, stream, bytes }, [bytes.buffer]);
  }

  async #pumpTerminal(): Promise<void> {
    const into = new Uint8Array(READ_BYTES);
    for (;;) {
      await this.credit.available();
      const bytes = await this.terminal?.nextOutput(into);
      if (!bytes) return;
      this.credit.use(bytes.length);
      this.#post({ type: 'process-output', pid: this.pid, stream: 'stdout', bytes });
    }
  }
}
