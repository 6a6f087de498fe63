// grep egrep fgrep: lines that match. Runs in the tools worker.
import {
  absolutePath,
  complain,
  openFile,
  openInputs,
  parseOptions,
  type Options,
  type Tool,
  type ToolContext,
  ToolFailure,
} from '../tool.ts';
import { linesOf } from '../text.ts';
import { globExpression } from '../sh/glob.ts';
import { translate } from '../regular-expression.ts';
import { isFolder, isLink, namesIn, statOf } from './file-types.ts';
import { wholeText } from './cat.ts';

const LONG = {
  'extended-regexp': 'E',
  'fixed-strings': 'F',
  'basic-regexp': 'G',
  'perl-regexp': 'P',
  'ignore-case': 'i',
  'invert-match': 'v',
  'word-regexp': 'w',
  'line-regexp': 'x',
  count: 'c',
  'files-with-matches': 'l',
  'files-without-match': 'L',
  'line-number': 'n',
  'only-matching': 'o',
  quiet: 'q',
  silent: 'q',
  'no-messages': 's',
  'with-filename': 'H',
  'no-filename': 'h',
  recursive: 'r',
  'dereference-recursive': 'R',
  'after-context': 'A',
  'before-context': 'B',
  context: 'C',
  regexp: 'e',
  file: 'f',
  'max-count': 'm',
  null: 'Z',
  include: 'include=',
  exclude: 'exclude=',
  'exclude-dir': 'exclude-dir=',
};
const RED = '\u001b[1;31m';
const RESET = '\u001b[0m';

export const grep: Tool = (context) => {
  const args = context.args.map((arg) => (/^-\d+$/.test(arg) ? `-C${arg.slice(1)}` : arg));
  const options = parseOptions(args, 'efmABCd', LONG);
  const patterns = patternsOf(context, options);
  const { flags, operands } = options;
  const isRecursive = flags.has('r') || flags.has('R');
  const search = new Search(context, options, expressionOf(context, options, patterns));
  let status = 0;
  if (!isRecursive) {
    const isNamed = (operands.length > 1 || flags.has('H')) && !flags.has('h');
    const files = operands.length === 0 ? ['-'] : operands;
    for (const file of files) {
      const stat = file === '-' ? 0 : statOf(context, file);
      if (isFolder(stat)) {
        context.writeError(`grep: ${file}: Is a directory\n`);
        continue;
      }
      if (!search.file(file, isNamed)) status = 2;
      if (search.isDone) return 0;
    }
  } else {
    const isNamed = !flags.has('h');
    for (const root of operands.length === 0 ? ['.'] : operands) {
      if (!walk(context, root, operands.length === 0 ? '' : root, options, (file) => search.file(file, isNamed))) status = 2;
      if (search.isDone) return 0;
    }
  }
  return status !== 0 ? status : search.hasFound ? 0 : 1;
};

function patternsOf(context: ToolContext, { all, operands }: Options): string[] {
  const given = [...(all.get('e') ?? [])];
  for (const file of all.get('f') ?? []) {
    const inputs = openInputs(context, [file]);
    const first = inputs.next();
    if (first.done === true) throw new ToolFailure(`${file}: cannot read patterns`, 2);
    const text = wholeText(first.value.chunks);
    if (text !== '') given.push(text.replace(/\n$/, ''));
  }
  if (all.has('e') || all.has('f')) return given.flatMap((text) => text.split('\n'));
  const first = operands.shift();
  if (first === undefined) throw new ToolFailure('usage: grep [OPTION]... PATTERNS [FILE]...', 2);
  return first.split('\n');
}

function expressionOf({ name }: ToolContext, { flags }: Options, patterns: readonly string[]): RegExp | null {
  if (patterns.length === 0) return null;
  const isExtended = flags.has('E') || name === 'egrep';
  const isFixed = flags.has('F') || name === 'fgrep';
  try {
    const sources = patterns.map((pattern) =>
      isFixed ? pattern.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&') : flags.has('P') ? pattern : translate(pattern, isExtended),
    );
    // Back-references count groups: alternatives only get a group where there are several.
    let source = sources.length === 1 ? (sources[0] ?? '') : sources.map((one) => `(?:${one})`).join('|');
    if (flags.has('x')) source = `^(?:${source})$`;
    else if (flags.has('w')) source = `(?<!\\w)(?:${source})(?!\\w)`;
    return new RegExp(source, `g${flags.has('i') || flags.has('y') ? 'i' : ''}u`);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ToolFailure(error.message.replace(/^Invalid regular expression: /, ''), 2);
    throw error;
  }
}

/** Calls `visit` for each file below; false when something could not be read. */
function walk(context: ToolContext, path: string, shown: string, { flags, all }: Options, visit: (file: string) => boolean): boolean {
  const stat = statOf(context, path, false);
  if (typeof stat === 'number') {
    if (!flags.has('s')) complain(context, path, stat);
    return false;
  }
  const follows = flags.has('R') || path === shown;
  if (isLink(stat) && !follows) return true;
  if (!isFolder(isLink(stat) ? statOf(context, path) : stat)) {
    const base = path.slice(path.lastIndexOf('/') + 1);
    const included = all.get('include');
    if (included !== undefined && !included.some((glob) => globExpression(glob).test(base))) return true;
    if (all.get('exclude')?.some((glob) => globExpression(glob).test(base)) === true) return true;
    return visit(shown);
  }
  const names = namesIn(context.fs, absolutePath(context.cwd, path));
  if (typeof names === 'number') return complain(context, path, names) === 0;
  let isFine = true;
  for (const name of names) {
    const inner = `${path.replace(/\/+$/, '')}/${name}`;
    const innerShown = shown === '' ? name : `${shown.replace(/\/+$/, '')}/${name}`;
    if (isFolder(statOf(context, inner, false)) && all.get('exclude-dir')?.some((glob) => globExpression(glob).test(name)) === true)
      continue;
    if (isLink(statOf(context, inner, false)) && !flags.has('R')) continue;
    isFine = walk(context, inner, innerShown, { flags, all } as Options, visit) && isFine;
  }
  return isFine;
}

class Search {
  readonly #context: ToolContext;
  readonly #flags: ReadonlySet<string>;
  readonly #expression: RegExp | null;
  readonly #before: number;
  readonly #after: number;
  readonly #limit: number;
  readonly #isColoured: boolean;
  #hasPrintedGroup = false;
  hasFound = false;

  constructor(context: ToolContext, { flags, values }: Options, expression: RegExp | null) {
    this.#context = context;
    this.#flags = flags;
    this.#expression = expression;
    this.#before = Number(values.get('B') ?? values.get('C') ?? 0);
    this.#after = Number(values.get('A') ?? values.get('C') ?? 0);
    this.#limit = Number(values.get('m') ?? Infinity);
    const color = values.get('color') ?? values.get('colour') ?? (flags.has('color') ? 'auto' : 'auto');
    this.#isColoured = color === 'always' || (color === 'auto' && context.isTerminal);
  }

  /** `-q` has seen enough. */
  get isDone(): boolean {
    return this.hasFound && this.#flags.has('q');
  }

  /** False when the file cannot be read. */
  file(file: string, isNamed: boolean): boolean {
    const shown = file === '-' ? '(standard input)' : file;
    if (file === '-') {
      this.#lines(shown, isNamed, this.#standardInput());
      return true;
    }
    const opened = openFile(this.#context, file);
    if (typeof opened === 'number') {
      if (!this.#flags.has('s')) complain(this.#context, file, opened);
      return false;
    }
    try {
      this.#lines(shown, isNamed, opened.chunks);
    } finally {
      this.#context.fs.close(opened.handle);
    }
    return true;
  }

  *#standardInput(): Generator<Uint8Array> {
    for (let chunk = this.#context.read(); chunk.length > 0; chunk = this.#context.read()) yield chunk;
  }

  #lines(name: string, isNamed: boolean, chunks: Iterable<Uint8Array>): void {
    const { write } = this.#context;
    const isListing = this.#flags.has('l') || this.#flags.has('L');
    const isSilent = this.#flags.has('q') || isListing || this.#flags.has('c');
    const recent: { line: string; number: number }[] = [];
    let count = 0;
    let number = 0;
    let trailing = 0;
    let lastPrinted = 0;
    const print = (line: string, at: number, mark: string): void => {
      const prefix = `${isNamed ? `${name}${mark}` : ''}${this.#flags.has('n') ? `${at}${mark}` : ''}`;
      if (this.#flags.has('o') && mark === ':') {
        for (const match of this.#matches(line)) write(`${prefix}${this.#isColoured ? `${RED}${match}${RESET}` : match}\n`);
      } else if (!this.#flags.has('o')) write(`${prefix}${mark === ':' ? this.#coloured(line) : line}\n`);
      lastPrinted = at;
    };
    for (const { line } of linesOf(chunks)) {
      number++;
      if (this.#test(line)) {
        count++;
        this.hasFound = true;
        if (this.#flags.has('q') || isListing) break;
        if (!isSilent) {
          const context = this.#before > 0 || this.#after > 0;
          const first = recent[0]?.number ?? number;
          if (context && this.#hasPrintedGroup && first > lastPrinted + 1) write('--\n');
          for (const before of recent.splice(0)) print(before.line, before.number, '-');
          print(line, number, ':');
          this.#hasPrintedGroup = true;
          trailing = this.#after;
        }
        if (count >= this.#limit && trailing === 0) break;
      } else if (!isSilent && trailing > 0) {
        trailing--;
        print(line, number, '-');
        if (count >= this.#limit && trailing === 0) break;
      } else if (this.#before > 0) {
        recent.push({ line, number });
        if (recent.length > this.#before) recent.shift();
      }
    }
    if (this.#flags.has('c') && !isListing && !this.#flags.has('q')) write(`${isNamed ? `${name}:` : ''}${count}\n`);
    if (this.#flags.has('l') && count > 0) write(`${name}${this.#flags.has('Z') ? '\0' : '\n'}`);
    if (this.#flags.has('L') && count === 0) write(`${name}\n`);
  }

  #test(line: string): boolean {
    if (this.#expression === null) return this.#flags.has('v');
    this.#expression.lastIndex = 0;
    return this.#expression.test(line) !== this.#flags.has('v');
  }

  *#matches(line: string): Generator<string> {
    if (this.#expression === null) return;
    this.#expression.lastIndex = 0;
    for (const [match] of line.matchAll(this.#expression)) if (match !== '') yield match;
  }

  #coloured(line: string): string {
    if (!this.#isColoured || this.#expression === null || this.#flags.has('v')) return line;
    return line.replace(this.#expression, (match) => (match === '' ? '' : `${RED}${match}${RESET}`));
  }
}
