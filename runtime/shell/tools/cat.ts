// cat head tail tee wc: bytes in, bytes out, as they come. Runs in the tools worker.
import { absolutePath, complain, openInputs, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { collected } from '../sh/streams.ts';
import { decodeText, linesOf } from '../text.ts';
import type { Stat } from '../../fs/file-system.ts';

const LINE_FEED = 0x0a;

export const cat: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', {
    number: 'n',
    'number-nonblank': 'b',
    'squeeze-blank': 's',
    'show-all': 'A',
    'show-ends': 'E',
    'show-tabs': 'T',
  });
  const isPlain = ![...'nbsAETve'].some((flag) => flags.has(flag));
  const inputs = openInputs(context, operands);
  const printer = new LinePrinter(context, flags);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) {
    if (isPlain) for (const chunk of next.value.chunks) context.write(chunk);
    else for (const { line, hasBreak } of linesOf(next.value.chunks)) printer.print(line, hasBreak);
  }
  return next.value;
};

class LinePrinter {
  readonly #context: ToolContext;
  readonly #flags: ReadonlySet<string>;
  #number = 0;
  #wasBlank = false;
  #isInLine = false;

  constructor(context: ToolContext, flags: ReadonlySet<string>) {
    this.#context = context;
    this.#flags = flags;
  }

  print(line: string, hasBreak: boolean): void {
    const isBlank = line === '' && hasBreak;
    if (isBlank && this.#wasBlank && this.#flags.has('s')) return;
    this.#wasBlank = isBlank;
    const isNumbered = this.#flags.has('b') ? !isBlank : this.#flags.has('n');
    const number = isNumbered && !this.#isInLine ? `${String(++this.#number).padStart(6)}\t` : '';
    let text = line;
    if (this.#flags.has('A') || this.#flags.has('v') || this.#flags.has('e')) text = visible(text);
    if (this.#flags.has('A') || this.#flags.has('T')) text = text.replaceAll('\t', '^I');
    const end = this.#flags.has('A') || this.#flags.has('E') || this.#flags.has('e') ? '$' : '';
    this.#context.write(`${number}${text}${hasBreak ? `${end}\n` : ''}`);
    this.#isInLine = !hasBreak;
  }
}

function visible(text: string): string {
  return text.replaceAll(
    // oxlint-disable-next-line no-control-regex -- control characters are what is shown
    /[\u0000-\u0008\u000b-\u001f\u007f]/g,
    (character) => `^${character === '\u007f' ? '?' : String.fromCharCode(character.charCodeAt(0) + 64)}`,
  );
}

interface Amount {
  readonly count: number;
  readonly isBytes: boolean;
  /** `+` for tail, `-` for head. */
  readonly sign: string;
}

function amountOf(context: ToolContext): {
  amount: Amount;
  flags: ReadonlySet<string>;
  values: ReadonlyMap<string, string>;
  operands: string[];
} {
  const args = context.args.map((arg, index) =>
    /^-\d+$/.test(arg) && context.args[index - 1] !== '-n' && context.args[index - 1] !== '-c' ? `-n${arg.slice(1)}` : arg,
  );
  const { flags, values, operands } = parseOptions(args, 'ncs', {
    lines: 'n',
    bytes: 'c',
    quiet: 'q',
    silent: 'q',
    verbose: 'v',
    follow: 'f',
  });
  const text = values.get('c') ?? values.get('n') ?? '10';
  const match = /^([-+]?)(\d+)([kKMG]?)B?$/.exec(text);
  if (match === null) throw new ToolFailure(`invalid number of ${values.has('c') ? 'bytes' : 'lines'}: '${text}'`);
  const count = Number(match[2]) * 1024 ** ' KMG'.indexOf((match[3] ?? '').toUpperCase() || ' ');
  return { amount: { count, isBytes: values.has('c'), sign: match[1] ?? '' }, flags, values, operands };
}

/** Runs over the inputs with `==> name <==` between them where there are several. */
function withHeaders(
  context: ToolContext,
  operands: readonly string[],
  flags: ReadonlySet<string>,
  work: (chunks: Iterable<Uint8Array>) => void,
): number {
  const isNamed = (operands.length > 1 || flags.has('v')) && !flags.has('q');
  let isFirst = true;
  const inputs = openInputs(context, operands);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) {
    if (isNamed)
      context.write(
        `${isFirst ? '' : '\n'}==> ${next.value.name === '' || next.value.name === '-' ? 'standard input' : next.value.name} <==\n`,
      );
    isFirst = false;
    work(next.value.chunks);
  }
  return next.value;
}

export const head: Tool = (context) => {
  const { amount, flags, operands } = amountOf(context);
  return withHeaders(context, operands, flags, (chunks) =>
    amount.sign === '-' ? allBut(context, chunks, amount) : firstOf(context, chunks, amount),
  );
};

function firstOf({ write }: ToolContext, chunks: Iterable<Uint8Array>, { count, isBytes }: Amount): void {
  let left = count;
  if (left === 0) return;
  for (const chunk of chunks) {
    let end = 0;
    if (isBytes) end = Math.min(left, chunk.length);
    else for (let lines = 0; lines < left && end < chunk.length; lines++) end = after(chunk, end);
    write(end === chunk.length ? chunk : chunk.subarray(0, end));
    left -= isBytes ? end : countBreaks(chunk.subarray(0, end));
    if (left <= 0) return;
  }
}

function after(chunk: Uint8Array, from: number): number {
  const at = chunk.indexOf(LINE_FEED, from);
  return at === -1 ? chunk.length : at + 1;
}

function countBreaks(chunk: Uint8Array): number {
  let count = 0;
  for (let at = chunk.indexOf(LINE_FEED); at !== -1; at = chunk.indexOf(LINE_FEED, at + 1)) count++;
  return count;
}

function allBut({ write }: ToolContext, chunks: Iterable<Uint8Array>, { count, isBytes }: Amount): void {
  const whole = collected([...chunks].map((chunk) => chunk.slice()));
  write(whole.subarray(0, isBytes ? Math.max(0, whole.length - count) : startOfLast(whole, count)));
}

/** Where the last `count` lines begin. */
function startOfLast(bytes: Uint8Array, count: number): number {
  if (count === 0) return bytes.length;
  let at = bytes.length - 1;
  for (let lines = 0; at > 0;) {
    at = bytes.lastIndexOf(LINE_FEED, at - 1);
    if (at === -1) return 0;
    if (++lines === count) return at + 1;
  }
  return 0;
}

export const tail: Tool = async (context) => {
  const { amount, flags, operands } = amountOf(context);
  const status = withHeaders(context, operands, flags, (chunks) =>
    amount.sign === '+' ? from(context, chunks, amount) : lastOf(context, chunks, amount),
  );
  if ((flags.has('f') || flags.has('F')) && operands.length > 0) await follow(context, operands);
  return status;
};

function from({ write }: ToolContext, chunks: Iterable<Uint8Array>, { count, isBytes }: Amount): void {
  let left = Math.max(0, count - 1);
  for (const chunk of chunks) {
    let start = 0;
    if (isBytes) start = Math.min(left, chunk.length);
    else for (let lines = 0; lines < left && start < chunk.length; lines++) start = after(chunk, start);
    left -= isBytes ? start : countBreaks(chunk.subarray(0, start));
    if (start < chunk.length) write(chunk.subarray(start));
  }
}

/** Keeps no more than the chunks that hold what is wanted. */
function lastOf({ write }: ToolContext, chunks: Iterable<Uint8Array>, { count, isBytes }: Amount): void {
  const kept: Uint8Array[] = [];
  const sizes: number[] = [];
  let total = 0;
  for (const chunk of chunks) {
    kept.push(chunk.slice());
    sizes.push(isBytes ? chunk.length : countBreaks(chunk));
    total += sizes.at(-1) ?? 0;
    while (kept.length > 1 && total - (sizes[0] ?? 0) > count) {
      total -= sizes.shift() ?? 0;
      kept.shift();
    }
  }
  const whole = collected(kept);
  write(whole.subarray(isBytes ? Math.max(0, whole.length - count) : startOfLast(whole, count)));
}

/** `tail -f`: until something ends the process. */
async function follow(context: ToolContext, files: readonly string[]): Promise<void> {
  const { fs } = context;
  const sizes = new Map(files.map((file) => [file, sizeOf(context, file)]));
  let shown = files.at(-1);
  context.flush();
  for (;;) {
    const cursor = fs.changeCursor();
    for (const file of files) {
      const size = sizeOf(context, file);
      const before = sizes.get(file) ?? 0;
      if (size < before) context.writeError(`${context.name}: ${file}: file truncated\n`);
      if (size > before) {
        if (files.length > 1 && shown !== file) context.write(`\n==> ${file} <==\n`);
        shown = file;
        copyRange(context, file, before, size);
      }
      sizes.set(file, size);
    }
    context.flush();
    await fs.waitForChange(cursor);
  }
}

function sizeOf({ fs, cwd }: ToolContext, file: string): number {
  const stat = {} as Stat;
  return fs.stat(absolutePath(cwd, file), stat) < 0 ? 0 : stat.size;
}

function copyRange({ fs, cwd, write }: ToolContext, file: string, start: number, end: number): void {
  const handle = fs.open(absolutePath(cwd, file), 0, 0);
  if (handle < 0) return;
  const into = new Uint8Array(end - start);
  const count = fs.read(handle, into, start);
  fs.close(handle);
  if (count > 0) write(into.subarray(0, count));
}

export const tee: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', { append: 'a' });
  let status = 0;
  const handles = operands.flatMap((file) => {
    const handle = context.fs.open(absolutePath(context.cwd, file), flags.has('a') ? 0o2101 : 0o1101, 0o666 & ~context.umask);
    if (handle >= 0) return [handle];
    status = complain(context, file, handle);
    return [];
  });
  try {
    for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) {
      for (const handle of handles)
        for (let done = 0; done < chunk.length;) {
          const count = context.fs.write(handle, chunk.subarray(done), -1);
          if (count <= 0) break;
          done += count;
        }
      context.write(chunk);
    }
  } finally {
    for (const handle of handles) context.fs.close(handle);
  }
  return status;
};

interface Counts {
  lines: number;
  words: number;
  characters: number;
  bytes: number;
  widest: number;
}

export const wc: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', { lines: 'l', words: 'w', chars: 'm', bytes: 'c', 'max-line-length': 'L' });
  const order = [
    ['l', 'lines'],
    ['w', 'words'],
    ['m', 'characters'],
    ['c', 'bytes'],
    ['L', 'widest'],
  ] as const;
  const wanted = order.filter(([flag]) => (flags.size === 0 ? 'lwc'.includes(flag) : flags.has(flag))).map(([, key]) => key);
  const rows: { counts: Counts; name: string }[] = [];
  const total: Counts = { lines: 0, words: 0, characters: 0, bytes: 0, widest: 0 };
  const needsText = flags.has('m') || flags.has('L');
  const inputs = openInputs(context, operands);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) {
    const counts = countOf(next.value.chunks, needsText);
    for (const key of ['lines', 'words', 'characters', 'bytes'] as const) total[key] += counts[key];
    total.widest = Math.max(total.widest, counts.widest);
    rows.push({ counts, name: next.value.name });
  }
  if (operands.length > 1) rows.push({ counts: total, name: 'total' });
  const isSingle = wanted.length === 1 && rows.length === 1;
  const hasPipe = operands.length === 0 || operands.includes('-');
  const width = isSingle ? 1 : Math.max(hasPipe ? 7 : 1, String(total.bytes).length);
  for (const { counts, name } of rows)
    context.write(`${wanted.map((key) => String(counts[key]).padStart(width)).join(' ')}${name === '' ? '' : ` ${name}`}\n`);
  return next.value;
};

function countOf(chunks: Iterable<Uint8Array>, needsText: boolean): Counts {
  const counts: Counts = { lines: 0, words: 0, characters: 0, bytes: 0, widest: 0 };
  let isInWord = false;
  let column = 0;
  for (const chunk of chunks) {
    counts.bytes += chunk.length;
    for (const byte of chunk) {
      if (byte === LINE_FEED) counts.lines++;
      const isBlank = byte === 0x20 || (byte >= 0x09 && byte <= 0x0d);
      if (!isBlank && !isInWord) counts.words++;
      isInWord = !isBlank;
      // Continuation bytes belong to the character before them.
      if (needsText && (byte & 0xc0) !== 0x80) {
        counts.characters++;
        column = byte === LINE_FEED ? 0 : byte === 0x09 ? (column | 7) + 1 : column + 1;
        counts.widest = Math.max(counts.widest, column);
      }
    }
  }
  return counts;
}

/** Text of a whole input. */
export function wholeText(chunks: Iterable<Uint8Array>): string {
  return decodeText(collected([...chunks].map((chunk) => chunk.slice())));
}
