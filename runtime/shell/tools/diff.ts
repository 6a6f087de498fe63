// diff cmp: what differs between files and trees. Runs in the tools worker.
import { diffArrays } from 'diff';
import { absolutePath, errnoText, openInputs, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { decodeText } from '../text.ts';
import { collected } from '../sh/streams.ts';
import { baseName } from '../paths.ts';
import { formatDate } from './date.ts';
import { isFolder, namesIn, statOf } from './file-types.ts';

const TROUBLE = 2;
const NO_NEWLINE = '\\ No newline at end of file';

interface Text {
  readonly lines: readonly string[];
  readonly endsWithNewline: boolean;
}

export interface Hunk {
  /** First line in each, counted from 0, and how many. */
  readonly oldStart: number;
  readonly oldCount: number;
  readonly newStart: number;
  readonly newCount: number;
}

export const diff: Tool = (context) => {
  const { flags, values, all, operands } = parseOptions(context.args, 'UCx', {
    unified: 'u',
    brief: 'q',
    recursive: 'r',
    'new-file': 'N',
    'ignore-all-space': 'w',
    'ignore-space-change': 'b',
    'ignore-case': 'i',
    'ignore-blank-lines': 'B',
    'report-identical-files': 's',
    'side-by-side': 'y',
    exclude: 'x',
  });
  const [left = '', right = ''] = operands;
  if (operands.length !== 2)
    throw new ToolFailure(
      operands.length < 2 ? `missing operand after '${left || 'diff'}'` : `extra operand '${operands[2] ?? ''}'`,
      TROUBLE,
    );
  return new Differ(context, flags, { lines: Number(values.get('U') ?? 3), excluded: all.get('x') ?? [] }).compare(left, right);
};

class Differ {
  readonly #context: ToolContext;
  readonly #flags: ReadonlySet<string>;
  readonly #contextLines: number;
  readonly #excluded: readonly string[];

  constructor(context: ToolContext, flags: ReadonlySet<string>, { lines, excluded }: { lines: number; excluded: readonly string[] }) {
    this.#context = context;
    this.#flags = flags;
    this.#contextLines = lines;
    this.#excluded = excluded;
  }

  compare(left: string, right: string): number {
    const [one, other] = [left, right].map((name) => (name === '-' ? 0 : statOf(this.#context, name)));
    if (isFolder(one ?? 0) && isFolder(other ?? 0)) return this.#folders(left, right);
    if (isFolder(one ?? 0)) return this.#files(`${left}/${baseName(right)}`, right, '');
    if (isFolder(other ?? 0)) return this.#files(left, `${right}/${baseName(left)}`, '');
    return this.#files(left, right, '');
  }

  #folders(left: string, right: string): number {
    const names = [left, right].map((folder) => {
      const found = namesIn(this.#context.fs, absolutePath(this.#context.cwd, folder));
      return typeof found === 'number' ? [] : found.filter((name) => !this.#excluded.includes(name));
    });
    let status = 0;
    for (const name of [...new Set(names.flat())].sort()) {
      const [one, other] = [`${left.replace(/\/$/, '')}/${name}`, `${right.replace(/\/$/, '')}/${name}`];
      const isMissing = [names[0]?.includes(name) !== true, names[1]?.includes(name) !== true];
      let result = 0;
      if (isMissing.includes(true) && !this.#flags.has('N')) {
        this.#context.write(`Only in ${isMissing[0] === true ? right : left}: ${name}\n`);
        result = 1;
      } else if (isFolder(statOf(this.#context, one)) && isFolder(statOf(this.#context, other))) {
        if (this.#flags.has('r')) result = this.#folders(one, other);
        else this.#context.write(`Common subdirectories: ${one} and ${other}\n`);
      } else result = this.#files(one, other, `diff ${this.#flagText()}${one} ${other}\n`);
      status = Math.max(status, result);
    }
    return status;
  }

  #flagText(): string {
    const letters = [...'rubwiN'].filter((letter) => this.#flags.has(letter)).join('');
    return letters === '' ? '' : `-${letters} `;
  }

  #files(left: string, right: string, heading: string): number {
    const [one, other] = [this.#read(left), this.#read(right)];
    if (one === null || other === null) return TROUBLE;
    if (one instanceof Uint8Array && other instanceof Uint8Array && equalBytes(one, other)) return this.#same(left, right);
    if (isBinary(one) || isBinary(other)) {
      this.#context.write(`Binary files ${left} and ${right} differ\n`);
      return TROUBLE - 1;
    }
    const [a, b] = [toLines(one), toLines(other)];
    const hunks = this.#hunks(a, b);
    if (hunks.length === 0) return this.#same(left, right);
    if (this.#flags.has('q')) {
      this.#context.write(`Files ${left} and ${right} differ\n`);
      return 1;
    }
    this.#context.write(heading);
    if (this.#flags.has('u') || this.#flags.has('U')) {
      this.#context.write(`--- ${left}\t${this.#time(left)}\n+++ ${right}\t${this.#time(right)}\n`);
      this.#context.write(unifiedDiff(a, b, hunks, this.#contextLines));
    } else this.#context.write(normalDiff(a, b, hunks));
    return 1;
  }

  #same(left: string, right: string): number {
    if (this.#flags.has('s')) this.#context.write(`Files ${left} and ${right} are identical\n`);
    return 0;
  }

  #hunks(a: Text, b: Text): Hunk[] {
    const key =
      (text: Text) =>
      (line: string, index: number): string => {
        let result = line;
        if (this.#flags.has('w')) result = result.replaceAll(/\s+/g, '');
        else if (this.#flags.has('b')) result = result.replaceAll(/\s+/g, ' ').trimEnd();
        if (this.#flags.has('i')) result = result.toLowerCase();
        // A last line without its break is a line of its own kind.
        return index === text.lines.length - 1 && !text.endsWithNewline && !this.#flags.has('w') ? `${result}\0` : result;
      };
    const hunks = findHunks(a.lines.map(key(a)), b.lines.map(key(b)));
    if (!this.#flags.has('B')) return hunks;
    const isBlank = (lines: readonly string[]): boolean => lines.every((line) => line.trim() === '');
    return hunks.filter(
      ({ oldStart, oldCount, newStart, newCount }) =>
        !isBlank(a.lines.slice(oldStart, oldStart + oldCount)) || !isBlank(b.lines.slice(newStart, newStart + newCount)),
    );
  }

  #read(name: string): Uint8Array | null {
    if (this.#flags.has('N') && typeof statOf(this.#context, name) === 'number') return new Uint8Array();
    const inputs = openInputs(this.#context, [name]);
    const first = inputs.next();
    if (first.done === true) return null;
    const bytes = collected([...first.value.chunks].map((chunk) => chunk.slice()));
    inputs.next();
    return bytes;
  }

  #time(name: string): string {
    const stat = name === '-' ? -2 : statOf(this.#context, name);
    const moment = typeof stat === 'number' ? new Date() : new Date(stat.mtimeSec * 1000);
    return formatDate(moment, `%Y-%m-%d %H:%M:%S.${String(typeof stat === 'number' ? 0 : stat.mtimeNsec).padStart(9, '0')} %z`, true);
  }
}

function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function isBinary(bytes: Uint8Array): boolean {
  return bytes.subarray(0, 8192).includes(0);
}

export function toLines(bytes: Uint8Array): Text {
  const lines = decodeText(bytes).split('\n');
  const endsWithNewline = lines.at(-1) === '';
  if (endsWithNewline) lines.pop();
  return { lines, endsWithNewline };
}

export function findHunks(a: string[], b: string[]): Hunk[] {
  const hunks: Hunk[] = [];
  let [oldAt, newAt] = [0, 0];
  let open: { oldStart: number; oldCount: number; newStart: number; newCount: number } | null = null;
  for (const { added, removed, value } of diffArrays(a, b)) {
    if (!added && !removed) {
      if (open !== null) hunks.push(open);
      open = null;
      oldAt += value.length;
      newAt += value.length;
      continue;
    }
    open ??= { oldStart: oldAt, oldCount: 0, newStart: newAt, newCount: 0 };
    if (removed) {
      open.oldCount += value.length;
      oldAt += value.length;
    } else {
      open.newCount += value.length;
      newAt += value.length;
    }
  }
  if (open !== null) hunks.push(open);
  return hunks;
}

function normalDiff(a: Text, b: Text, hunks: readonly Hunk[]): string {
  const span = (start: number, count: number): string =>
    count === 0 ? String(start) : count === 1 ? String(start + 1) : `${start + 1},${start + count}`;
  let text = '';
  for (const { oldStart, oldCount, newStart, newCount } of hunks) {
    const kind = oldCount === 0 ? 'a' : newCount === 0 ? 'd' : 'c';
    text += `${span(oldStart, oldCount)}${kind}${span(newStart, newCount)}\n`;
    text += marked(a, oldStart, oldCount, '< ');
    if (kind === 'c') text += '---\n';
    text += marked(b, newStart, newCount, '> ');
  }
  return text;
}

function marked({ lines, endsWithNewline }: Text, start: number, count: number, mark: string): string {
  let text = '';
  for (let index = start; index < start + count; index++) {
    text += `${mark}${lines[index] ?? ''}\n`;
    if (index === lines.length - 1 && !endsWithNewline) text += `${NO_NEWLINE}\n`;
  }
  return text;
}

/** The body of a unified diff, without the names. */
export function unifiedDiff(a: Text, b: Text, hunks: readonly Hunk[], contextLines: number): string {
  let text = '';
  for (let index = 0; index < hunks.length;) {
    let last = index;
    // Changes whose context would touch share a section.
    while (
      last + 1 < hunks.length &&
      (hunks[last + 1]?.oldStart ?? 0) - ((hunks[last]?.oldStart ?? 0) + (hunks[last]?.oldCount ?? 0)) <= contextLines * 2
    )
      last++;
    text += section(a, b, hunks.slice(index, last + 1), contextLines);
    index = last + 1;
  }
  return text;
}

function section(a: Text, b: Text, hunks: readonly Hunk[], contextLines: number): string {
  const [first, last] = [hunks[0], hunks.at(-1)];
  if (first === undefined || last === undefined) return '';
  const before = Math.min(contextLines, first.oldStart);
  const after = Math.min(contextLines, a.lines.length - (last.oldStart + last.oldCount));
  const oldStart = first.oldStart - before;
  const oldEnd = last.oldStart + last.oldCount + after;
  const newStart = first.newStart - before;
  const newEnd = last.newStart + last.newCount + after;
  const span = (start: number, count: number): string => `${count === 0 ? start : start + 1}${count === 1 ? '' : `,${count}`}`;
  let text = `@@ -${span(oldStart, oldEnd - oldStart)} +${span(newStart, newEnd - newStart)} @@\n`;
  let at = oldStart;
  for (const hunk of hunks) {
    text += marked(a, at, hunk.oldStart - at, ' ');
    text += marked(a, hunk.oldStart, hunk.oldCount, '-') + marked(b, hunk.newStart, hunk.newCount, '+');
    at = hunk.oldStart + hunk.oldCount;
  }
  return text + marked(a, at, oldEnd - at, ' ');
}

export const cmp: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', { silent: 's', quiet: 's', verbose: 'l' });
  const [left = '', right = '-'] = operands;
  const contents = [left, right].map((name) => {
    if (name === '-') return collected([...readChunks(context)]);
    const bytes = context.fs.readFile(absolutePath(context.cwd, name));
    if (typeof bytes === 'number') throw new ToolFailure(`${name}: ${errnoText(bytes)}`, TROUBLE);
    return bytes;
  });
  const [a = new Uint8Array(), b = new Uint8Array()] = contents;
  const at = a.findIndex((byte, index) => byte !== b[index]);
  if (at === -1 && a.length === b.length) return 0;
  if (flags.has('s')) return 1;
  const shorter = a.length < b.length ? left : right;
  if (at === -1 || at >= b.length) context.writeError(`cmp: EOF on ${shorter} after byte ${Math.min(a.length, b.length)}\n`);
  else {
    const line = a.subarray(0, at).reduce((count, byte) => count + (byte === 0x0a ? 1 : 0), 1);
    context.write(`${left} ${right} differ: byte ${at + 1}, line ${line}\n`);
  }
  return 1;
};

function* readChunks(context: ToolContext): Generator<Uint8Array> {
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) yield chunk.slice();
}
