// A terminal: the master side between an SDK terminal and the processes attached to it. Kernel worker.
import type { Stdio } from '#protocol';
import { AsyncPipeReader, AsyncPipeWriter } from './ipc/async-pipe.ts';
import type { Doorbell } from './ipc/doorbell.ts';
import { Pipe } from './ipc/pipe.ts';
import { SharedTerminalControl } from './ipc/terminal-control.ts';
import { LineDiscipline, translateNewlines } from './line-discipline.ts';
import { signalNumbers } from './signals.ts';

export interface TerminalEvents {
  /** Bytes for the screen. */
  show(bytes: Uint8Array): void;
  signalGroup(group: number, signal: number): void;
}

export class Terminal {
  readonly id: number;
  foreground = 0;
  readonly #control: SharedArrayBuffer;
  readonly #input = Pipe.create();
  readonly #output = Pipe.create();
  readonly #doorbell: Doorbell;
  readonly #events: TerminalEvents;
  readonly #discipline: LineDiscipline;
  readonly reader: AsyncPipeReader;
  #writer: AsyncPipeWriter | null;
  #writes: Promise<unknown> = Promise.resolve();

  constructor(id: number, size: { columns: number; rows: number }, doorbell: Doorbell, events: TerminalEvents) {
    this.id = id;
    this.#control = SharedTerminalControl.create(size.columns, size.rows);
    this.#doorbell = doorbell;
    this.#events = events;
    const output = new Pipe(this.#output, doorbell.slots);
    // One hold of the program's ends is the kernel's: between two programs the terminal does not break.
    output.retain('write');
    output.retain('read');
    new Pipe(this.#input, doorbell.slots).retain('read');
    this.reader = new AsyncPipeReader(this.#output, doorbell);
    this.#writer = this.#openWriter();
    this.#discipline = new LineDiscipline({
      deliver: (bytes) => this.#deliver(bytes),
      endOfFile: () => this.#endOfFile(),
      echo: (bytes) => events.show(bytes),
      signal: (name) => events.signalGroup(this.foreground, signalNumbers[name]),
    });
  }

  /** Standard input, output and error of a process on this terminal, each retained once under the kernel's slot. */
  stdio(): Stdio[] {
    const entry = (): Stdio => {
      new Pipe(this.#input, this.#doorbell.slots).retain('read');
      new Pipe(this.#output, this.#doorbell.slots).retain('write');
      return { kind: 'terminal', terminalId: this.id, connection: { receive: this.#input, send: this.#output }, control: this.#control };
    };
    return [entry(), entry(), entry()];
  }

  type(bytes: Uint8Array): void {
    this.#reopen();
    this.#discipline.type(bytes, new SharedTerminalControl(this.#control));
  }

  resize(columns: number, rows: number): void {
    new SharedTerminalControl(this.#control).resize(columns, rows);
    this.#events.signalGroup(this.foreground, signalNumbers.SIGWINCH);
  }

  setForeground(group: number): void {
    this.foreground = group;
    this.#reopen();
  }

  /** What the program wrote, as the screen wants it; null when the terminal is closed. */
  async nextOutput(into: Uint8Array): Promise<Uint8Array | null> {
    const count = await this.reader.read(into);
    if (count <= 0) return null;
    const bytes = into.slice(0, count);
    return new SharedTerminalControl(this.#control).passesOutput ? bytes : translateNewlines(bytes);
  }

  hasOutput(): boolean {
    return this.reader.pipe.readableBytes > 0;
  }

  close(): void {
    this.reader.close();
    this.#writer?.close();
    this.#writer = null;
  }

  // Typing faster than the program reads waits here, in order.
  #deliver(bytes: Uint8Array): void {
    const writer = this.#writer;
    this.#writes = this.#writes.then(() => writer?.write(bytes));
  }

  /** The one reader that waits now sees end of file; the next keystroke or the next program opens the input again. */
  #endOfFile(): void {
    const writer = this.#writer;
    this.#writer = null;
    void this.#writes.then(() => writer?.close());
  }

  #reopen(): void {
    if (this.#writer === null && !this.reader.isClosed) this.#writer = this.#openWriter();
  }

  #openWriter(): AsyncPipeWriter {
    new Pipe(this.#input, this.#doorbell.slots).retain('write');
    return new AsyncPipeWriter(this.#input, this.#doorbell);
  }
}
