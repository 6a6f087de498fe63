// What a terminal does between keyboard and program: echo, line editing, signals, newline translation. Pure; kernel worker.

const CTRL_C = 0x03;
const CTRL_D = 0x04;
const BACKSPACE = 0x08;
const LINE_FEED = 0x0a;
const RETURN = 0x0d;
const CTRL_U = 0x15;
const CTRL_W = 0x17;
const CTRL_Z = 0x1a;
const CTRL_BACKSLASH = 0x1c;
const DELETE = 0x7f;
const SPACE = 0x20;
/** As Linux: a line longer than this is no longer extended. */
const MAX_LINE_BYTES = 4096;

export interface LineOutput {
  /** To the program. */
  deliver(bytes: Uint8Array): void;
  /** An empty line was ended by Ctrl-D. */
  endOfFile(): void;
  /** To the screen. */
  echo(bytes: Uint8Array): void;
  signal(name: 'SIGINT' | 'SIGQUIT' | 'SIGTSTP'): void;
}

export interface TerminalModes {
  readonly isRaw: boolean;
  readonly isSilent: boolean;
  /** Ctrl-C is a signal in raw mode, too: `ISIG` without `ICANON`. */
  readonly keepsSignals: boolean;
}

export class LineDiscipline {
  readonly #output: LineOutput;
  #line: number[] = [];
  #isSilent = false;

  constructor(output: LineOutput) {
    this.#output = output;
  }

  /** Takes what was typed. In raw mode everything goes straight to the program, but for Ctrl-C where `keepsSignals`. */
  type(bytes: Uint8Array, { isRaw, isSilent, keepsSignals }: TerminalModes): void {
    this.#isSilent = isSilent;
    if (isRaw) {
      this.#flush();
      if (keepsSignals && bytes.includes(CTRL_C)) this.#output.signal('SIGINT');
      const typed = keepsSignals ? bytes.filter((byte) => byte !== CTRL_C) : bytes;
      if (typed.length > 0) this.#output.deliver(typed);
      return;
    }
    for (const byte of bytes) this.#typeByte(byte);
  }

  #typeByte(byte: number): void {
    switch (byte) {
      case CTRL_C:
        return this.#interrupt('SIGINT', '^C');
      case CTRL_BACKSLASH:
        return this.#interrupt('SIGQUIT', '^\\');
      case CTRL_Z:
        return this.#interrupt('SIGTSTP', '^Z');
      case CTRL_D:
        return this.#line.length === 0 ? this.#output.endOfFile() : this.#flush();
      case BACKSPACE:
      case DELETE:
        return this.#eraseCharacter();
      case CTRL_U:
        while (this.#line.length > 0) this.#eraseCharacter();
        return;
      case CTRL_W:
        return this.#eraseWord();
      case RETURN:
      case LINE_FEED:
        this.#line.push(LINE_FEED);
        this.#output.echo(Uint8Array.of(RETURN, LINE_FEED)); // also of a password: the cursor moves on
        return this.#flush();
      default:
        if (this.#line.length >= MAX_LINE_BYTES) return;
        this.#line.push(byte);
        this.#echo(byte < SPACE && byte !== 0x09 ? Uint8Array.of(0x5e, byte + 0x40) : Uint8Array.of(byte));
    }
  }

  #interrupt(signal: 'SIGINT' | 'SIGQUIT' | 'SIGTSTP', shown: string): void {
    this.#line = [];
    this.#output.echo(new TextEncoder().encode(shown));
    this.#output.signal(signal);
  }

  // UTF-8: continuation bytes belong to the character before them.
  #eraseCharacter(): void {
    let byte = this.#line.pop();
    if (byte === undefined) return;
    while (byte !== undefined && (byte & 0xc0) === 0x80) byte = this.#line.pop();
    const width = byte !== undefined && byte < SPACE && byte !== 0x09 ? 2 : 1;
    for (let i = 0; i < width; i++) this.#echo(Uint8Array.of(BACKSPACE, SPACE, BACKSPACE));
  }

  #eraseWord(): void {
    while (this.#line.at(-1) === SPACE) this.#eraseCharacter();
    while (this.#line.length > 0 && this.#line.at(-1) !== SPACE) this.#eraseCharacter();
  }

  #echo(bytes: Uint8Array): void {
    if (!this.#isSilent) this.#output.echo(bytes);
  }

  #flush(): void {
    if (this.#line.length === 0) return;
    this.#output.deliver(Uint8Array.from(this.#line));
    this.#line = [];
  }
}

/** Output as a terminal shows it: each newline returns the carriage too. */
export function translateNewlines(bytes: Uint8Array): Uint8Array {
  let newlines = 0;
  for (const byte of bytes) if (byte === LINE_FEED) newlines++;
  if (newlines === 0) return bytes;
  const translated = new Uint8Array(bytes.length + newlines);
  let at = 0;
  for (const byte of bytes) {
    if (byte === LINE_FEED) translated[at++] = RETURN;
    translated[at++] = byte;
  }
  return translated;
}
