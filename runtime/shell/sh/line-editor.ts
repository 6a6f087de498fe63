// Reads a line from a terminal in raw mode: editing keys, history, completion. Runs in the tools worker.

export interface EditorTerminal {
  /** The next bytes; empty at the end of input. Blocks. */
  read(): Uint8Array;
  write(text: string): void;
  readonly columns: number;
}

/** Candidates for the word before the cursor; `start` is where that word begins. */
export type Complete = (line: string) => { readonly start: number; readonly candidates: readonly string[] };

const CTRL = {
  a: '\u0001',
  b: '\u0002',
  c: '\u0003',
  d: '\u0004',
  e: '\u0005',
  f: '\u0006',
  k: '\u000b',
  l: '\u000c',
  n: '\u000e',
  p: '\u0010',
  u: '\u0015',
  t: '\u0014',
  w: '\u0017',
  y: '\u0019',
};
const CTRL_R = '\u0012';
const ESCAPE = '\u001b';

export class LineEditor {
  /** Oldest first; the shell adds to it. */
  readonly history: readonly string[];
  readonly #terminal: EditorTerminal;
  readonly #complete: Complete;
  readonly #decoder = new TextDecoder();
  #prompt = '';
  #promptWidth = 0;
  #line = '';
  #cursor = 0;
  #historyAt = 0;
  #draft = '';
  #pending = '';
  #row = 0;
  /** What Ctrl-W, Ctrl-U and Ctrl-K took, for Ctrl-Y. */
  #killed = '';

  constructor(terminal: EditorTerminal, complete: Complete, history: readonly string[]) {
    this.history = history;
    this.#terminal = terminal;
    this.#complete = complete;
  }

  /** The line without its break; `null` at the end of input; `''` with `isCancelled` after Ctrl-C. */
  readLine(prompt: string): { readonly line: string; readonly isCancelled: boolean } | null {
    this.#prompt = prompt;
    // Colours and the window's title take no room on the screen.
    // oxlint-disable-next-line no-control-regex -- they are control sequences
    this.#promptWidth = displayWidth(prompt.replaceAll(/\u001b(?:\[[0-9;]*m|\][^\u0007]*\u0007)/g, ''));
    this.#line = '';
    this.#cursor = 0;
    this.#row = 0;
    this.#historyAt = this.history.length;
    this.#terminal.write(prompt);
    for (;;) {
      const key = this.#key();
      if (key === null) return null;
      if (key === '\r' || key === '\n') return this.#accept();
      if (key === CTRL.c) {
        this.#moveToEnd();
        this.#terminal.write('^C\n');
        return { line: '', isCancelled: true };
      }
      if (key === CTRL.d && this.#line === '') {
        this.#terminal.write('\n');
        return null;
      }
      this.#press(key);
    }
  }

  #accept(): { line: string; isCancelled: boolean } {
    this.#moveToEnd();
    this.#terminal.write('\n');
    return { line: this.#line, isCancelled: false };
  }

  /** One key: a character, a control character, or a whole escape sequence. */
  #key(): string | null {
    while (this.#pending === '') {
      const bytes = this.#terminal.read();
      if (bytes.length === 0) return null;
      this.#pending += this.#decoder.decode(bytes.slice(), { stream: true });
    }
    // oxlint-disable-next-line no-control-regex -- keys are control sequences
    const key = /^(?:\u001b(?:\[[0-9;]*[~A-Za-z]|O[A-Za-z]|.)|[^])/u.exec(this.#pending)?.[0] ?? '';
    this.#pending = this.#pending.slice(key.length);
    return key;
  }

  #press(key: string): void {
    switch (key) {
      case '\u007f':
      case '\b':
        return this.#erase(this.#cursor - 1, this.#cursor);
      case CTRL.d:
      case '\u001b[3~':
        return this.#erase(this.#cursor, this.#cursor + 1);
      case CTRL.a:
      case '\u001b[H':
      case '\u001b[1~':
      case '\u001bOH':
        return this.#moveTo(0);
      case CTRL.e:
      case '\u001b[F':
      case '\u001b[4~':
      case '\u001bOF':
        return this.#moveTo(this.#line.length);
      case CTRL.b:
      case '\u001b[D':
      case '\u001bOD':
        return this.#moveTo(this.#cursor - 1);
      case CTRL.f:
      case '\u001b[C':
      case '\u001bOC':
        return this.#moveTo(this.#cursor + 1);
      case '\u001b[1;5D':
      case '\u001bb':
        return this.#moveTo(this.#wordStart());
      case '\u001b[1;5C':
      case '\u001bf':
        return this.#moveTo(this.#wordEnd());
      case CTRL.p:
      case '\u001b[A':
      case '\u001bOA':
        return this.#recall(-1);
      case CTRL.n:
      case '\u001b[B':
      case '\u001bOB':
        return this.#recall(1);
      case CTRL.u:
        return this.#erase(0, this.#cursor, true);
      case CTRL.k:
        return this.#erase(this.#cursor, this.#line.length, true);
      case CTRL.w:
        return this.#erase(this.#wordStart(), this.#cursor, true);
      case CTRL.y:
        return this.#insert(this.#killed);
      case CTRL.t:
        return this.#swap();
      case `${ESCAPE}d`:
        return this.#erase(this.#cursor, this.#wordEnd(), true);
      case `${ESCAPE}.`:
        return this.#insert(this.history.at(-1)?.split(/\s+/).at(-1) ?? '');
      case CTRL_R:
        return this.#search();
      case CTRL.l:
        this.#terminal.write('\u001b[H\u001b[2J');
        this.#row = 0;
        return this.#draw();
      case '\t':
        return this.#completeWord();
      default:
        if (key >= ' ' && !key.startsWith('\u001b')) this.#insert(key);
    }
  }

  #insert(text: string): void {
    this.#line = this.#line.slice(0, this.#cursor) + text + this.#line.slice(this.#cursor);
    this.#cursor += text.length;
    this.#draw();
  }

  #erase(from: number, to: number, isKilled = false): void {
    if (from < 0 || from === to) return;
    if (isKilled) this.#killed = this.#line.slice(from, to);
    this.#line = this.#line.slice(0, from) + this.#line.slice(to);
    this.#cursor = from;
    this.#draw();
  }

  /** The two characters before the cursor change places. */
  #swap(): void {
    const at = Math.min(this.#line.length, Math.max(2, this.#cursor + 1));
    if (this.#line.length < 2) return;
    this.#line = `${this.#line.slice(0, at - 2)}${this.#line[at - 1] ?? ''}${this.#line[at - 2] ?? ''}${this.#line.slice(at)}`;
    this.#cursor = at;
    this.#draw();
  }

  /** Ctrl-R: each key narrows the search, Ctrl-R goes further back, anything else takes what was found. */
  #search(): void {
    const [prompt, width, line] = [this.#prompt, this.#promptWidth, this.#line];
    let term = '';
    let from = this.history.length - 1;
    for (;;) {
      const at = this.history.findLastIndex((entry, index) => index <= from && entry.includes(term));
      this.#prompt = `(reverse-i-search)'${term}': `;
      this.#promptWidth = displayWidth(this.#prompt);
      this.#line = at === -1 ? this.#line : (this.history[at] ?? '');
      this.#cursor = this.#line.length;
      this.#draw();
      const key = this.#key();
      if (key === CTRL_R) from = Math.max(0, at - 1);
      else if (key === '\u007f' || key === '\b') term = term.slice(0, -1);
      else if (key !== null && key >= ' ' && !key.startsWith(ESCAPE)) {
        term += key;
        from = this.history.length - 1;
      } else {
        [this.#prompt, this.#promptWidth] = [prompt, width];
        if (key === CTRL.c || key === '\u0007') this.#line = line;
        this.#cursor = this.#line.length;
        this.#draw();
        if (key !== null && key !== CTRL.c && key !== '\u0007' && key !== ESCAPE) this.#pending = key + this.#pending;
        return;
      }
    }
  }

  #moveTo(position: number): void {
    this.#cursor = Math.max(0, Math.min(this.#line.length, position));
    this.#draw();
  }

  #moveToEnd(): void {
    this.#moveTo(this.#line.length);
  }

  #wordStart(): number {
    return /\S*\s*$/.exec(this.#line.slice(0, this.#cursor))?.index ?? 0;
  }

  #wordEnd(): number {
    return this.#cursor + (/^\s*\S*/.exec(this.#line.slice(this.#cursor))?.[0].length ?? 0);
  }

  #recall(step: number): void {
    const target = this.#historyAt + step;
    if (target < 0 || target > this.history.length) return;
    if (this.#historyAt === this.history.length) this.#draft = this.#line;
    this.#historyAt = target;
    this.#line = this.history[target] ?? this.#draft;
    this.#cursor = this.#line.length;
    this.#draw();
  }

  #completeWord(): void {
    const { start, candidates } = this.#complete(this.#line.slice(0, this.#cursor));
    const common = commonPrefix(candidates);
    const typed = this.#line.slice(start, this.#cursor);
    if (candidates.length === 1) this.#insert(`${common.slice(typed.length)}${common.endsWith('/') ? '' : ' '}`);
    else if (common.length > typed.length) this.#insert(common.slice(typed.length));
    else if (candidates.length > 1) {
      this.#moveToEnd();
      this.#terminal.write(`\n${inColumns(candidates.map(lastPart), this.#terminal.columns)}`);
      this.#row = 0;
      this.#draw();
    }
  }

  /** Redraws prompt and line over what stands there, and puts the cursor in its place. */
  #draw(): void {
    const columns = Math.max(1, this.#terminal.columns);
    const up = this.#row > 0 ? `\u001b[${this.#row}A` : '';
    const total = this.#promptWidth + displayWidth(this.#line);
    const end = Math.floor(total / columns);
    const at = this.#promptWidth + displayWidth(this.#line.slice(0, this.#cursor));
    const row = Math.floor(at / columns);
    // At the right edge a terminal waits with the wrap: a blank and a return make it happen.
    const wrap = total > 0 && total % columns === 0 ? ' \r' : '';
    const back = end > row ? `\u001b[${end - row}A` : '';
    const column = at % columns;
    this.#terminal.write(`${up}\r\u001b[J${this.#prompt}${this.#line}${wrap}${back}\r${column > 0 ? `\u001b[${column}C` : ''}`);
    this.#row = row;
  }
}

/** A path is shown by its last name. */
function lastPart(path: string): string {
  return /[^/]*\/?$/.exec(path)?.[0] ?? path;
}

/** As `ls` shows names: as many columns as fit, filled downwards. */
export function inColumns(names: readonly string[], columns: number): string {
  const width = Math.max(...names.map(displayWidth)) + 2;
  const perRow = Math.max(1, Math.floor(columns / width));
  const rows = Math.ceil(names.length / perRow);
  const lines = Array.from({ length: rows }, (_unused, row) =>
    Array.from({ length: perRow }, (_other, column) => names[column * rows + row])
      .filter((name) => name !== undefined)
      .map((name, index, all) => (index === all.length - 1 ? name : name + ' '.repeat(width - displayWidth(name))))
      .join(''),
  );
  return lines.map((line) => `${line}\n`).join('');
}

/** Columns on the screen: wide characters take two, marks none. A line break in a recalled command takes none. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) {
    const code = character.codePointAt(0) ?? 0;
    if (/\p{Mark}/u.test(character) || code < 0x20) continue;
    const isWide =
      (code >= 0x1100 && code <= 0x115f) ||
      (code >= 0x2e80 && code <= 0xa4cf) ||
      (code >= 0xac00 && code <= 0xd7a3) ||
      (code >= 0xf900 && code <= 0xfaff) ||
      (code >= 0xff00 && code <= 0xff60) ||
      code >= 0x1f300;
    width += isWide ? 2 : 1;
  }
  return width;
}

function commonPrefix(words: readonly string[]): string {
  const [first = '', ...rest] = words;
  let length = first.length;
  for (const word of rest) while (!word.startsWith(first.slice(0, length))) length--;
  return first.slice(0, length);
}
