// sed: runs a script over lines. Runs in the tools worker.
import { absolutePath, complain, openFile, openInputs, parseOptions, type Tool, type ToolContext, ToolFailure } from '../../tool.ts';
import { runCommand } from '../../tool-context.ts';
import { decodeText, encodeText, linesOf } from '../../text.ts';
import { newCollector } from '../../sh/streams.ts';
import { statOf } from '../file-types.ts';
import { type Address, parseSed, type ReplacementPart, type SedCommand, type Substitution } from './script.ts';

interface Line {
  readonly line: string;
  readonly hasBreak: boolean;
}

export const sed: Tool = async (context) => {
  // `-i` may carry a suffix, never a value of its own.
  const inPlace = context.args.find((arg) => /^-[nErsz]*i|^--in-place/.test(arg));
  const suffix = inPlace === undefined ? null : inPlace.replace(/^-[nErsz]*i|^--in-place=?/, '');
  const args = context.args
    .map((arg) => (arg === inPlace ? (/^-([nErsz]+)i/.exec(arg)?.[1] ?? '') : arg))
    .map((arg, index) => (context.args[index] === inPlace ? (arg === '' ? null : `-${arg}`) : arg))
    .filter((arg) => arg !== null);
  const { flags, all, operands } = parseOptions(args, 'efl', {
    expression: 'e',
    file: 'f',
    quiet: 'n',
    silent: 'n',
    'regexp-extended': 'E',
    separate: 's',
    'null-data': 'z',
  });
  const sources = [...(all.get('e') ?? []), ...(all.get('f') ?? []).map((file) => scriptFile(context, file))];
  const source = sources.length > 0 ? sources.join('\n') : operands.shift();
  if (source === undefined) throw new ToolFailure('usage: sed [OPTION]... {script-only-if-no-other-script} [input-file]...');
  const commands = parseSed(source, flags.has('E') || flags.has('r'));
  const isQuiet = flags.has('n') || source.startsWith('#n\n');
  if (suffix !== null) return editInPlace(context, commands, { isQuiet, suffix, files: operands });
  const failures = { status: 0 };
  const editor = new Editor(context, commands, isQuiet, (text) => context.write(text));
  const status = await editor.run(allLines(context, operands, failures));
  return status === 0 ? failures.status : status;
};

function scriptFile(context: ToolContext, file: string): string {
  const bytes = context.fs.readFile(absolutePath(context.cwd, file));
  if (typeof bytes === 'number') throw new ToolFailure(`couldn't open file ${file}`);
  return decodeText(bytes).replace(/\n$/, '');
}

function* allLines(context: ToolContext, files: readonly string[], failures: { status: number }): Generator<Line> {
  const inputs = openInputs(context, files);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) yield* linesOf(next.value.chunks);
  if (next.value !== 0) failures.status = 2;
}

async function editInPlace(
  context: ToolContext,
  commands: readonly SedCommand[],
  { isQuiet, suffix, files }: { isQuiet: boolean; suffix: string; files: readonly string[] },
): Promise<number> {
  let status = 0;
  for (const file of files) {
    const opened = openFile(context, file);
    if (typeof opened === 'number') {
      status = complain(context, file, opened, "can't read ");
      continue;
    }
    const path = absolutePath(context.cwd, file);
    const stat = statOf(context, file);
    const texts: string[] = [];
    const code = await new Editor(context, commands, isQuiet, (text) => texts.push(text)).run(linesOf(opened.chunks));
    context.fs.close(opened.handle);
    if (suffix !== '')
      context.fs.rename(path, absolutePath(context.cwd, suffix.includes('*') ? suffix.replaceAll('*', file) : `${file}${suffix}`));
    const result = context.fs.writeFile(path, encodeText(texts.join('')), typeof stat === 'number' ? 0o644 : stat.mode & 0o7777);
    if (result < 0) status = complain(context, file, result);
    if (code !== 0) return code;
  }
  return status;
}

class Editor {
  readonly #context: ToolContext;
  readonly #commands: readonly SedCommand[];
  readonly #isQuiet: boolean;
  readonly #write: (text: string) => void;
  readonly #ranges = new Map<SedCommand, number>();
  readonly #files = new Map<string, string[]>();
  #lines: Iterator<Line> = [][Symbol.iterator]();
  /** Read ahead only when asked for: a line must not wait for the next one. */
  #ahead: Line | null | undefined = undefined;
  #pattern = '';
  #hold = '';
  #number = 0;
  #hasBreak = true;
  #appended: string[] = [];
  #hasSubstituted = false;
  #lastExpression: RegExp = /(?:)/u;

  constructor(context: ToolContext, commands: readonly SedCommand[], isQuiet: boolean, write: (text: string) => void) {
    this.#context = context;
    this.#commands = commands;
    this.#isQuiet = isQuiet;
    this.#write = write;
  }

  async run(lines: Iterable<Line>): Promise<number> {
    this.#lines = lines[Symbol.iterator]();
    this.#ahead = undefined;
    let keeps = false;
    while (keeps || this.#read()) {
      keeps = false;
      const end = await this.#cycle();
      if (end.kind === 'restart') keeps = true;
      else if (end.kind === 'quit') {
        this.#saveFiles();
        return end.status;
      }
    }
    this.#saveFiles();
    return 0;
  }

  /** The line after this one; null behind the last. */
  get #next(): Line | null {
    if (this.#ahead === undefined) {
      const next = this.#lines.next();
      this.#ahead = next.done === true ? null : next.value;
    }
    return this.#ahead;
  }

  #take(): Line | null {
    const next = this.#next;
    if (next === null) return null;
    this.#ahead = undefined;
    this.#hasBreak = next.hasBreak;
    this.#number++;
    return next;
  }

  #read(): boolean {
    const next = this.#take();
    if (next === null) return false;
    this.#pattern = next.line;
    this.#hasSubstituted = false;
    return true;
  }

  #print(text: string): void {
    // The very last line keeps its missing break.
    this.#write(`${text}${this.#hasBreak || this.#next !== null ? '\n' : ''}`);
  }

  #endCycle(): void {
    if (!this.#isQuiet) this.#print(this.#pattern);
    this.#flushAppended();
  }

  #flushAppended(): void {
    for (const text of this.#appended.splice(0)) this.#write(text);
  }

  async #cycle(): Promise<{ kind: 'next' | 'restart' } | { kind: 'quit'; status: number }> {
    for (let at = 0; at < this.#commands.length; at++) {
      const command = this.#commands[at] as SedCommand;
      if (!this.#isSelected(command)) {
        if (command.name === '{') at = command.target - 1;
        continue;
      }
      switch (command.name) {
        case '{':
        case ':':
          break;
        case '=':
          this.#write(`${this.#number}\n`);
          break;
        case 'a':
          this.#appended.push(`${command.text}\n`);
          break;
        case 'i':
          this.#write(`${command.text}\n`);
          break;
        case 'c':
          if (command.second === null || command.isNegated || !this.#ranges.has(command)) this.#write(`${command.text}\n`);
          this.#flushAppended();
          return { kind: 'next' };
        case 'b':
          at = command.target - 1;
          break;
        case 't':
        case 'T':
          if (this.#hasSubstituted === (command.name === 't')) at = command.target - 1;
          this.#hasSubstituted = false;
          break;
        case 'd':
          this.#flushAppended();
          return { kind: 'next' };
        case 'D': {
          const end = this.#pattern.indexOf('\n');
          this.#flushAppended();
          if (end === -1) return { kind: 'next' };
          this.#pattern = this.#pattern.slice(end + 1);
          return { kind: 'restart' };
        }
        case 'e':
          this.#write(await this.#shell(this.#pattern));
          break;
        case 'g':
          this.#pattern = this.#hold;
          break;
        case 'G':
          this.#pattern += `\n${this.#hold}`;
          break;
        case 'h':
          this.#hold = this.#pattern;
          break;
        case 'H':
          this.#hold += `\n${this.#pattern}`;
          break;
        case 'x':
          [this.#pattern, this.#hold] = [this.#hold, this.#pattern];
          break;
        case 'l':
          this.#write(`${visible(this.#pattern)}$\n`);
          break;
        case 'n':
          if (this.#next === null) {
            this.#endCycle();
            return { kind: 'quit', status: 0 };
          }
          if (!this.#isQuiet) this.#print(this.#pattern);
          this.#flushAppended();
          this.#read();
          break;
        case 'N':
          if (this.#next === null) {
            this.#endCycle();
            return { kind: 'quit', status: 0 };
          }
          this.#flushAppended();
          this.#pattern += `\n${this.#take()?.line ?? ''}`;
          break;
        case 'p':
          this.#print(this.#pattern);
          break;
        case 'P':
          this.#write(`${this.#pattern.split('\n', 1)[0] ?? ''}\n`);
          break;
        case 'q':
          this.#endCycle();
          return { kind: 'quit', status: Number(command.text || 0) };
        case 'Q':
          return { kind: 'quit', status: Number(command.text || 0) };
        case 'r':
          this.#appended.push(this.#readFile(command.text));
          break;
        case 's':
          if (command.substitution !== null) await this.#substitute(command.substitution);
          break;
        case 'w':
          this.#saveLine(command.text, this.#pattern);
          break;
        case 'y':
          this.#pattern = [...this.#pattern].map((character) => command.translation?.get(character) ?? character).join('');
          break;
        case 'z':
          this.#pattern = '';
          break;
        default:
          throw new ToolFailure(`the command '${command.name}' is not supported`);
      }
    }
    this.#endCycle();
    return { kind: 'next' };
  }

  #isSelected(command: SedCommand): boolean {
    const { first, second, isNegated } = command;
    if (first === null) return !isNegated;
    return (second === null ? this.#matches(first) : this.#isInRange(command, first, second)) !== isNegated;
  }

  /** A range that is open is remembered with the line it ends at, 0 where only a match can tell. */
  #isInRange(command: SedCommand, first: Address, second: Address): boolean {
    const open = this.#ranges.get(command);
    if (open === undefined) {
      const startsAtZero = first.type === 'line' && first.number === 0 && this.#number === 1;
      if (!startsAtZero && !this.#matches(first)) return false;
      const end = this.#rangeEnd(second);
      // A line number at or before the first selects one line.
      if (end === null) {
        if (!startsAtZero || !this.#matches(second)) this.#ranges.set(command, 0);
      } else if (end > this.#number) this.#ranges.set(command, end);
      return true;
    }
    const isLast = open === 0 ? this.#matches(second) : this.#number >= open;
    if (isLast) this.#ranges.delete(command);
    // The line of a numeric end may have been skipped by `n` and `N`.
    return open === 0 || this.#number <= open;
  }

  #rangeEnd(second: Address): number | null {
    if (second.type === 'line') return second.number;
    if (second.type === 'offset') return this.#number + second.count;
    if (second.type === 'multiple') return second.of === 0 ? this.#number : Math.ceil(this.#number / second.of) * second.of;
    return null;
  }

  #matches(address: Address): boolean {
    switch (address.type) {
      case 'line':
        return this.#number === address.number;
      case 'last':
        return this.#next === null;
      case 'step':
        return address.step === 0
          ? this.#number === address.first
          : this.#number >= address.first && (this.#number - address.first) % address.step === 0;
      case 'regex':
        return this.#use(address.expression).test(this.#pattern);
      case 'offset':
      case 'multiple':
        return false;
      default:
        return address satisfies never;
    }
  }

  #use(expression: RegExp | null): RegExp {
    if (expression !== null) this.#lastExpression = expression;
    return this.#lastExpression;
  }

  async #substitute({ expression, replacement, isGlobal, occurrence, prints, executes, file }: Substitution): Promise<void> {
    const base = this.#use(expression);
    const global = new RegExp(base.source, `${base.flags.replace('g', '')}g`);
    let seen = 0;
    let count = 0;
    const result = this.#pattern.replaceAll(global, (...parts: unknown[]) => {
      seen++;
      const groups = parts.slice(
        0,
        parts.findIndex((part) => typeof part === 'number'),
      ) as (string | undefined)[];
      if (seen < occurrence || (!isGlobal && seen > occurrence)) return groups[0] ?? '';
      count++;
      return fillReplacement(replacement, groups);
    });
    if (count === 0) return;
    this.#pattern = result;
    this.#hasSubstituted = true;
    if (executes) this.#pattern = (await this.#shell(this.#pattern)).replace(/\n$/, '');
    if (prints) this.#print(this.#pattern);
    if (file !== null) this.#saveLine(file, this.#pattern);
  }

  async #shell(command: string): Promise<string> {
    const collector = newCollector();
    const [input, , ...rest] = this.#context.streams;
    await runCommand(this.#context, ['sh', '-c', command], { streams: [input, collector, ...rest] });
    return decodeText(this.#context.io.collect(collector));
  }

  #readFile(file: string): string {
    const bytes = this.#context.fs.readFile(absolutePath(this.#context.cwd, file));
    return typeof bytes === 'number' ? '' : decodeText(bytes);
  }

  #saveLine(file: string, text: string): void {
    if (file === '/dev/stdout') this.#write(`${text}\n`);
    else if (file === '/dev/stderr') this.#context.writeError(`${text}\n`);
    else this.#files.set(file, [...(this.#files.get(file) ?? []), `${text}\n`]);
  }

  #saveFiles(): void {
    for (const [file, lines] of this.#files) {
      const result = this.#context.fs.writeFile(
        absolutePath(this.#context.cwd, file),
        encodeText(lines.join('')),
        0o666 & ~this.#context.umask,
      );
      if (result < 0) complain(this.#context, file, result, "couldn't open file ");
    }
  }
}

function fillReplacement(parts: readonly ReplacementPart[], groups: readonly (string | undefined)[]): string {
  let result = '';
  let mode = '';
  let once = '';
  const add = (text: string): void => {
    let piece = mode === 'U' ? text.toUpperCase() : mode === 'L' ? text.toLowerCase() : text;
    if (once !== '' && piece !== '') {
      piece = (once === 'u' ? piece.slice(0, 1).toUpperCase() : piece.slice(0, 1).toLowerCase()) + piece.slice(1);
      once = '';
    }
    result += piece;
  };
  for (const part of parts) {
    if (part.type === 'text') add(part.text);
    else if (part.type === 'group') add(groups[part.index] ?? '');
    else if (part.mode === 'u' || part.mode === 'l') once = part.mode;
    else mode = part.mode === 'E' ? '' : part.mode;
  }
  return result;
}

function visible(text: string): string {
  return (
    text
      .replaceAll('\\', '\\\\')
      .replaceAll('\t', '\\t')
      .replaceAll('\n', '\\n')
      // oxlint-disable-next-line no-control-regex -- control characters are what is shown
      .replaceAll(/[\u0000-\u001f\u007f]/g, (character) => `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`)
  );
}
