// less and more: a pager in the terminal. Runs in the tools worker, as a process of its own.
import type { Stdio } from '#protocol';
import { openInputs, parseOptions, type Tool, type ToolContext } from '../tool.ts';
import { displayWidth } from '../sh/line-editor.ts';
import type { Stream } from '../sh/streams.ts';
import { decodeText, encodeText, linesOf } from '../text.ts';

const ALTERNATE_SCREEN = '\u001b[?1049h\u001b[?1h';
const NORMAL_SCREEN = '\u001b[?1l\u001b[?1049l';
const INVERSE = '\u001b[7m';
const RESET = '\u001b[0m';
const HELP = 'q quit  space/b page  j/k line  g/G ends  /text search  n/N next  -N numbers';

type TerminalStdio = Extract<Stdio, { kind: 'terminal' }>;

export const less: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, 'pPxjhz', {
    'RAW-CONTROL-CHARS': 'R',
    'LINE-NUMBERS': 'N',
    'chop-long-lines': 'S',
    'quit-if-one-screen': 'F',
    'no-init': 'X',
  });
  const terminal = context.host.request.stdio.find((stdio): stdio is TerminalStdio => stdio.kind === 'terminal');
  const inputs = openInputs(context, operands);
  if (!context.isTerminal || terminal === undefined) {
    let next = inputs.next();
    for (; next.done !== true; next = inputs.next()) for (const chunk of next.value.chunks) context.write(chunk);
    return next.value;
  }
  const lines = readLines(inputs);
  const pager = new Pager(context, terminal, lines, { name: operands[0] ?? '', hasNumbers: flags.has('N'), chops: flags.has('S') });
  if (flags.has('F') && pager.fitsOnScreen()) {
    for (let line = lines.at(0), index = 0; line !== undefined; line = lines.at(++index)) context.write(`${line}\n`);
    return 0;
  }
  pager.run();
  return 0;
};

/** Lines as far as they were asked for: the input of a pager may be long, or never end. */
interface LazyLines {
  at(index: number): string | undefined;
  /** Reads everything; the count. */
  all(): number;
  readonly known: number;
}

function readLines(inputs: ReturnType<typeof openInputs>): LazyLines {
  const lines: string[] = [];
  const source = (function* read(): Generator<string> {
    let next = inputs.next();
    for (; next.done !== true; next = inputs.next()) for (const { line } of linesOf(next.value.chunks)) yield line;
  })();
  const fill = (count: number): void => {
    while (lines.length < count) {
      const next = source.next();
      if (next.done === true) return;
      lines.push(next.value);
    }
  };
  return {
    at(index) {
      fill(index + 1);
      return lines[index];
    },
    all() {
      fill(Infinity);
      return lines.length;
    },
    get known() {
      return lines.length;
    },
  };
}

interface PagerOptions {
  readonly name: string;
  hasNumbers: boolean;
  readonly chops: boolean;
}

class Pager {
  readonly #context: ToolContext;
  readonly #keyboard: Stream;
  readonly #control: ReturnType<ToolContext['host']['terminalControl']>;
  readonly #lines: LazyLines;
  readonly #options: PagerOptions;
  #top = 0;
  #search: RegExp | null = null;
  #message = '';
  #pending = '';

  constructor(context: ToolContext, terminal: TerminalStdio, lines: LazyLines, options: PagerOptions) {
    this.#context = context;
    this.#keyboard = { kind: 'inherited', stdio: terminal };
    this.#control = context.host.terminalControl(terminal);
    this.#lines = lines;
    this.#options = options;
  }

  fitsOnScreen(): boolean {
    return this.#lines.at(this.#rows) === undefined;
  }

  run(): void {
    this.#control.isRaw = true;
    // A resize redraws at the next key; the screen is never left half drawn.
    this.#write(ALTERNATE_SCREEN);
    try {
      this.#message = this.#options.name;
      do this.#draw();
      while (this.#key(this.#readKey()));
    } finally {
      this.#write(NORMAL_SCREEN);
      this.#control.isRaw = false;
    }
  }

  get #rows(): number {
    return Math.max(1, this.#control.rows - 1);
  }

  #write(text: string): void {
    this.#context.io.write(this.#context.streams[1], encodeText(text));
  }

  #readKey(): string {
    if (this.#pending === '') this.#pending = decodeText(this.#context.io.read(this.#keyboard).slice());
    // oxlint-disable-next-line no-control-regex -- keys are control sequences
    const key = /^(?:\u001b(?:\[[0-9;]*[~A-Za-z]|O[A-Za-z])|[^])/u.exec(this.#pending)?.[0] ?? 'q';
    this.#pending = this.#pending.slice(key.length);
    return key;
  }

  /** False to leave. */
  #key(key: string): boolean {
    this.#message = '';
    switch (key) {
      case 'q':
      case 'Q':
      case '\u0003':
        return false;
      case ' ':
      case 'f':
      case '\u0006':
      case '\u001b[6~':
        this.#scroll(this.#rows);
        break;
      case 'b':
      case '\u0002':
      case '\u001b[5~':
        this.#scroll(-this.#rows);
        break;
      case 'd':
      case '\u0004':
        this.#scroll(Math.floor(this.#rows / 2));
        break;
      case 'u':
      case '\u0015':
        this.#scroll(-Math.floor(this.#rows / 2));
        break;
      case 'j':
      case 'e':
      case '\r':
      case '\n':
      case '\u001b[B':
      case '\u001bOB':
        this.#scroll(1);
        break;
      case 'k':
      case 'y':
      case '\u001b[A':
      case '\u001bOA':
        this.#scroll(-1);
        break;
      case 'g':
      case '<':
      case '\u001b[H':
      case '\u001bOH':
        this.#top = 0;
        break;
      case 'G':
      case '>':
      case '\u001b[F':
      case '\u001bOF':
        this.#top = Math.max(0, this.#lines.all() - this.#rows);
        break;
      case '/':
      case '?':
        this.#askSearch(key);
        break;
      case 'n':
        this.#find(1);
        break;
      case 'N':
        this.#find(-1);
        break;
      case '-':
        if (this.#readKey() === 'N') this.#options.hasNumbers = !this.#options.hasNumbers;
        break;
      case 'h':
        this.#message = HELP;
        break;
      default:
    }
    return true;
  }

  #scroll(by: number): void {
    const target = Math.max(0, this.#top + by);
    // The last page stays full.
    if (by > 0 && this.#lines.at(target + this.#rows - 1) === undefined) this.#top = Math.max(0, this.#lines.all() - this.#rows);
    else this.#top = target;
  }

  #askSearch(mark: string): void {
    let text = '';
    for (;;) {
      this.#write(`\r\u001b[K${mark}${text}`);
      const key = this.#readKey();
      if (key === '\r' || key === '\n') break;
      if (key === '\u0003' || key === '\u001b') return;
      if (key === '\u007f' || key === '\b') {
        if (text === '') return;
        text = text.slice(0, -1);
      } else if (key >= ' ' && !key.startsWith('\u001b')) text += key;
    }
    if (text !== '') {
      try {
        this.#search = new RegExp(text, /[A-Z]/.test(text) ? 'u' : 'iu');
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        this.#message = 'Invalid pattern';
        return;
      }
    }
    this.#find(mark === '/' ? 1 : -1);
  }

  #find(direction: 1 | -1): void {
    if (this.#search === null) {
      this.#message = 'No previous search pattern';
      return;
    }
    for (let index = this.#top + direction; index >= 0; index += direction) {
      const line = this.#lines.at(index);
      if (line === undefined) break;
      if (!this.#search.test(line)) continue;
      this.#top = index;
      return;
    }
    this.#message = 'Pattern not found';
  }

  #draw(): void {
    const { columns } = this.#control;
    const rows: string[] = [];
    for (let index = this.#top; rows.length < this.#rows; index++) {
      const line = this.#lines.at(index);
      if (line === undefined) break;
      const number = this.#options.hasNumbers ? `${String(index + 1).padStart(7)} ` : '';
      rows.push(...this.#fit(number + line, columns));
    }
    const shown = rows.slice(0, this.#rows).map((row) => this.#marked(row));
    while (shown.length < this.#rows) shown.push('~');
    const isAtEnd = this.#lines.at(this.#top + this.#rows) === undefined;
    const status = this.#message !== '' ? this.#message : isAtEnd ? '(END)' : ':';
    this.#write(
      `\u001b[H${shown.map((row) => `${row}\u001b[K`).join('\r\n')}\r\n${status === ':' ? ':' : `${INVERSE}${status.slice(0, columns - 1)}${RESET}`}\u001b[K`,
    );
  }

  /** A long line wraps, or is cut with `-S`. */
  #fit(line: string, columns: number): string[] {
    const text = line.replaceAll('\t', '        ');
    // oxlint-disable-next-line no-control-regex -- colours take no room
    if (displayWidth(text.replaceAll(/\u001b\[[0-9;]*m/g, '')) <= columns) return [text];
    const rows: string[] = [];
    for (let rest = text; rest !== '' && rows.length < this.#rows; rest = rest.slice(columns)) {
      rows.push(rest.slice(0, columns));
      if (this.#options.chops) break;
    }
    return rows;
  }

  #marked(row: string): string {
    if (this.#search === null) return row;
    return row.replace(new RegExp(this.#search.source, `${this.#search.flags}g`), (match) =>
      match === '' ? '' : `${INVERSE}${match}${RESET}`,
    );
  }
}
