// A running process as the page holds it: web streams with credit over the control port. Page side.
import type { ExitStatus } from '#protocol';
import type { Process } from './api.ts';
import type { KernelChannel } from './kernel-channel.ts';

/** Bytes of stdin that may be under way before a write waits. */
const INPUT_WINDOW_BYTES = 256 * 1024;

type StreamName = 'stdout' | 'stderr';

export class RuntimeProcess implements Process {
  readonly pid: number;
  readonly input: WritableStream<Uint8Array>;
  readonly output: ReadableStream<Uint8Array>;
  readonly errors: ReadableStream<Uint8Array>;
  readonly exit: Promise<ExitStatus>;
  readonly #kernel: KernelChannel;
  readonly #exited = Promise.withResolvers<ExitStatus>();
  readonly #controllers = {} as Record<StreamName, ReadableStreamDefaultController<Uint8Array>>;
  readonly #closed = new Set<StreamName>();
  #inFlightBytes = 0;
  #onDrained: (() => void) | null = null;
  #isOver = false;

  constructor(pid: number, kernel: KernelChannel) {
    this.pid = pid;
    this.#kernel = kernel;
    this.exit = this.#exited.promise;
    // A process nobody waits for may still end by disposal.
    this.exit.catch(() => undefined);
    this.output = this.#readable('stdout');
    this.errors = this.#readable('stderr');
    this.input = new WritableStream({
      write: (bytes) => this.#write(bytes),
      close: () => this.#kernel.tell({ type: 'end-stdin', pid }),
      abort: () => this.#kernel.tell({ type: 'end-stdin', pid }),
    });
  }

  kill(signal = 'SIGTERM'): void {
    if (!this.#isOver) this.#kernel.tell({ type: 'kill-process', pid: this.pid, signal });
  }

  resize({ columns, rows }: { readonly columns: number; readonly rows: number }): void {
    if (!this.#isOver) this.#kernel.tell({ type: 'resize-terminal', pid: this.pid, columns, rows });
  }

  /** For the runtime: output arrived. */
  deliver(stream: StreamName, bytes: Uint8Array): void {
    if (this.#closed.has(stream)) this.#grant(bytes.byteLength);
    else this.#controllers[stream].enqueue(bytes);
  }

  /** For the runtime: stdin bytes were taken. */
  drained(sizeBytes: number): void {
    this.#inFlightBytes -= sizeBytes;
    if (this.#inFlightBytes < INPUT_WINDOW_BYTES) this.#wakeWriter();
  }

  /** For the runtime: the process ended and all its output was delivered. */
  end(status: ExitStatus): void {
    this.#finish();
    this.#exited.resolve(status);
  }

  /** For the runtime: it was disposed under the process. */
  fail(error: Error): void {
    this.#finish();
    this.#exited.reject(error);
  }

  #finish(): void {
    this.#isOver = true;
    for (const stream of ['stdout', 'stderr'] as const) {
      if (!this.#closed.has(stream)) this.#controllers[stream].close();
      this.#closed.add(stream);
    }
    this.#wakeWriter();
  }

  /** Credit goes back to the kernel when the reader takes bytes, so a slow reader slows the process. */
  #readable(stream: StreamName): ReadableStream<Uint8Array> {
    const queue = new ReadableStream<Uint8Array>({
      start: (controller) => {
        this.#controllers[stream] = controller;
      },
      cancel: () => {
        this.#closed.add(stream);
      },
    });
    const counted = new TransformStream<Uint8Array, Uint8Array>(
      {
        transform: (bytes, controller) => {
          controller.enqueue(bytes);
          this.#grant(bytes.byteLength);
        },
      },
      { highWaterMark: 1 },
      { highWaterMark: 0 },
    );
    return queue.pipeThrough(counted);
  }

  #grant(sizeBytes: number): void {
    if (sizeBytes > 0 && !this.#isOver) this.#kernel.tell({ type: 'grant-output', pid: this.pid, sizeBytes });
  }

  async #write(bytes: Uint8Array): Promise<void> {
    while (this.#inFlightBytes >= INPUT_WINDOW_BYTES && !this.#isOver) await new Promise<void>((resolve) => (this.#onDrained = resolve));
    if (this.#isOver) return;
    this.#inFlightBytes += bytes.byteLength;
    this.#kernel.tell({ type: 'write-stdin', pid: this.pid, bytes });
  }

  #wakeWriter(): void {
    const wake = this.#onDrained;
    this.#onDrained = null;
    wake?.();
  }
}
