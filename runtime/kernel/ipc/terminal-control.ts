// A terminal's size and modes in shared memory: read and set by processes without a message. Any worker.

const COLUMNS = 0;
const ROWS = 1;
const RAW = 2;
const SILENT = 3;
const PASS = 4;
const SIGNALS = 5;

export class SharedTerminalControl {
  readonly #words: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#words = new Int32Array(memory);
  }

  static create(columns: number, rows: number): SharedArrayBuffer {
    const memory = new SharedArrayBuffer(24);
    new SharedTerminalControl(memory).resize(columns, rows);
    return memory;
  }

  get columns(): number {
    return Atomics.load(this.#words, COLUMNS);
  }

  get rows(): number {
    return Atomics.load(this.#words, ROWS);
  }

  get isRaw(): boolean {
    return Atomics.load(this.#words, RAW) === 1;
  }

  set isRaw(value: boolean) {
    Atomics.store(this.#words, RAW, value ? 1 : 0);
  }

  /** What is typed is not shown: passwords. */
  get isSilent(): boolean {
    return Atomics.load(this.#words, SILENT) === 1;
  }

  set isSilent(value: boolean) {
    Atomics.store(this.#words, SILENT, value ? 1 : 0);
  }

  /** In raw mode Ctrl-C is still a signal. */
  get keepsSignals(): boolean {
    return Atomics.load(this.#words, SIGNALS) === 1;
  }

  set keepsSignals(value: boolean) {
    Atomics.store(this.#words, SIGNALS, value ? 1 : 0);
  }

  /** Output goes to the screen as it is: another terminal has translated it already. */
  get passesOutput(): boolean {
    return Atomics.load(this.#words, PASS) === 1;
  }

  set passesOutput(value: boolean) {
    Atomics.store(this.#words, PASS, value ? 1 : 0);
  }

  resize(columns: number, rows: number): void {
    Atomics.store(this.#words, COLUMNS, columns);
    Atomics.store(this.#words, ROWS, rows);
  }
}
