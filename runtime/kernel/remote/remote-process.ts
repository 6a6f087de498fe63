// A process of the tab's process table whose program runs on the server: its stdio is here, its work is there. Kernel worker.
import {
  fromErrorData,
  type ErrorData,
  type ExitStatus,
  type PromotionSignal,
  type SpawnRequest,
  type Stdio,
  type ToPromotion,
} from '#protocol';
import type { Doorbell } from '../ipc/doorbell.ts';
import { Pipe } from '../ipc/pipe.ts';
import { SharedTerminalControl } from '../ipc/terminal-control.ts';
import { Credit } from '../sdk-process.ts';
import { openSink, openSource, releaseStdio, type FileHandles, type Sink, type Source } from './remote-stdio.ts';

const encoder = new TextEncoder();
const DIM = '\x1b[2m';
const RESET = '\x1b[0m';
/** As a shell says that a command could not be run. */
const NOT_RUN = 126;

export interface RemoteProcessOptions {
  readonly pid: number;
  readonly request: SpawnRequest;
  readonly signal: PromotionSignal;
  readonly doorbell: Doorbell;
  readonly files: FileHandles;
  readonly post: (message: ToPromotion, transfer?: Transferable[]) => void;
  readonly onEnd: (status: ExitStatus) => void;
}

type TerminalStdio = Extract<Stdio, { kind: 'terminal' }>;

export class RemoteProcess {
  readonly #options: RemoteProcessOptions;
  readonly #terminal: TerminalStdio | null;
  readonly #input: Source;
  readonly #output: Sink;
  readonly #errors: Sink;
  readonly #credit = new Credit();
  #writes: Promise<unknown> = Promise.resolve();
  #isOver = false;
  #hasForeground = false;

  constructor(options: RemoteProcessOptions) {
    this.#options = options;
    const { pid, request, signal, doorbell, files, post } = options;
    const [input, output, errors, ...rest] = request.stdio;
    this.#terminal = sharedTerminal(request.stdio);
    this.#input = openSource(input, doorbell, files);
    this.#output = openSink(output, doorbell, files);
    this.#errors = openSink(errors, doorbell, files);
    for (const stdio of rest) releaseStdio(stdio, doorbell, files);
    const { argv, cwd, env } = request;
    const size = this.#terminal ? new SharedTerminalControl(this.#terminal.control) : null;
    post({ type: 'start-remote', pid, argv, cwd, env, signal, terminal: size && { columns: size.columns, rows: size.rows } });
    void this.#pumpInput();
  }

  /** The terminal's foreground moved; in it, keys and screen belong to the far terminal. */
  setForeground(terminalId: number, isForeground: boolean): void {
    if (this.#terminal?.terminalId !== terminalId || this.#hasForeground === isForeground || this.#isOver) return;
    this.#hasForeground = isForeground;
    const control = new SharedTerminalControl(this.#terminal.control);
    control.isRaw = isForeground;
    control.passesOutput = isForeground;
  }

  signal(name: string): void {
    if (name === 'SIGWINCH') {
      if (!this.#terminal) return;
      const { columns, rows } = new SharedTerminalControl(this.#terminal.control);
      this.#options.post({ type: 'resize-remote', pid: this.#options.pid, columns, rows });
    } else this.#options.post({ type: 'kill-remote', pid: this.#options.pid, signal: name });
  }

  deliver(stream: 'stdout' | 'stderr', bytes: Uint8Array): void {
    const sink = stream === 'stdout' ? this.#output : this.#errors;
    this.#enqueue(async () => {
      if (!(await sink.write(bytes))) this.signal('SIGPIPE');
      this.#options.post({ type: 'remote-output-taken', pid: this.#options.pid, stream, sizeBytes: bytes.byteLength });
    });
  }

  inputTaken(sizeBytes: number): void {
    this.#credit.grant(sizeBytes);
  }

  /** A line about the promotion; only people want it, so only a terminal gets it. */
  note(text: string): void {
    if (!this.#terminal) return;
    this.#enqueue(() => this.#output.write(encoder.encode(`${DIM}${text}${RESET}\r\n`)));
  }

  fail(error: ErrorData): void {
    const line = encoder.encode(`${this.#options.request.argv[0] ?? ''}: ${fromErrorData(error).message} (${error.code})\r\n`);
    this.#enqueue(() => this.#errors.write(this.#terminal ? line : line.filter((byte) => byte !== 0x0d)));
    this.end({ code: NOT_RUN, signal: null });
  }

  /** What was written arrives first. */
  end(status: ExitStatus): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#input.close();
    this.#enqueue(async () => {
      await this.#restoreTerminal();
      this.#output.close();
      this.#errors.close();
      this.#options.onEnd(status);
    });
  }

  /** The last output leaves as it is; what the shell writes next is translated again. */
  async #restoreTerminal(): Promise<void> {
    if (!this.#terminal || !this.#hasForeground) return;
    const shown = new Pipe(this.#terminal.connection.send, this.#options.doorbell.slots);
    while (shown.readableBytes > 0 && shown.hasReaders) await new Promise((resolve) => setTimeout(resolve, 1));
    const control = new SharedTerminalControl(this.#terminal.control);
    control.isRaw = false;
    control.passesOutput = false;
  }

  #enqueue(work: () => Promise<unknown>): void {
    this.#writes = this.#writes.then(work);
  }

  async #pumpInput(): Promise<void> {
    const { pid, post } = this.#options;
    for (;;) {
      await this.#credit.available();
      const bytes = await this.#input.read();
      if (this.#isOver) return;
      if (bytes === null) break;
      this.#credit.use(bytes.length);
      post({ type: 'write-remote', pid, bytes });
    }
    post({ type: 'end-remote-input', pid });
  }
}

/** The terminal that all three standard streams are; null when one of them is anything else. */
function sharedTerminal([input, output, errors]: readonly Stdio[]): TerminalStdio | null {
  const isTerminal = input?.kind === 'terminal' && output?.kind === 'terminal' && errors?.kind === 'terminal';
  return isTerminal && input.terminalId === output.terminalId && input.terminalId === errors.terminalId ? input : null;
}
