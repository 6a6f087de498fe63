// grep head tail wc sort uniq cut tr tee find: text by lines. Runs in the tools worker.
import { absolutePath, complain, inputs, linesOf, parseOptions, readAll, text, type Tool, type ToolContext } from '../tool.ts';

const S_IFDIR = 0o040000;

/** Runs `work` over each input; the exit code is 1 where one could not be read. */
function overInputs(context: ToolContext, files: readonly string[], work: (bytes: Uint8Array, name: string) => void): number {
  const source = inputs(context, files);
  let next = source.next();
  for (; next.done !== true; next = source.next()) work(next.value.bytes, next.value.name);
  return next.value;
}

export const head: Tool = (context) => endOf(context, (lines, count) => lines.slice(0, count));
export const tail: Tool = (context) => endOf(context, (lines, count) => lines.slice(Math.max(0, lines.length - count)));

function endOf(context: ToolContext, pick: (lines: string[], count: number) => string[]): number {
  const args = context.args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg));
  const { values, operands } = parseOptions(args, 'n');
  return overInputs(context, operands, (bytes) =>
    context.write(
      pick(linesOf(bytes), Number(values.get('n') ?? 10))
        .map((line) => `${line}\n`)
        .join(''),
    ),
  );
}

export const wc: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const wanted = ['l', 'w', 'c'].filter((flag) => flags.size === 0 || flags.has(flag));
  const totals = [0, 0, 0];
  const show = (counts: readonly number[], name: string): void => {
    const shown = ['l', 'w', 'c'].flatMap((flag, index) => (wanted.includes(flag) ? [String(counts[index] ?? 0)] : []));
    context.write(`${shown.length === 1 ? shown[0] : shown.map((count) => count.padStart(7)).join(' ')}${name === '' ? '' : ` ${name}`}\n`);
  };
  const status = overInputs(context, operands, (bytes, name) => {
    const content = text(bytes);
    const counts = [content.split('\n').length - 1, content.split(/\s+/).filter((word) => word !== '').length, bytes.length];
    counts.forEach((count, index) => (totals[index] = (totals[index] ?? 0) + count));
    show(counts, name);
  });
  if (operands.length > 1) show(totals, 'total');
  return status;
};

export const sort: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const lines: string[] = [];
  const status = overInputs(context, operands, (bytes) => void lines.push(...linesOf(bytes)));
  lines.sort((a, b) => (flags.has('n') ? (Number.parseFloat(a) || 0) - (Number.parseFloat(b) || 0) : 0) || (a < b ? -1 : a > b ? 1 : 0));
  if (flags.has('r')) lines.reverse();
  context.write((flags.has('u') ? [...new Set(lines)] : lines).map((line) => `${line}\n`).join(''));
  return status;
};

export const uniq: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  return overInputs(context, operands, (bytes) => {
    const groups: { line: string; count: number }[] = [];
    for (const line of linesOf(bytes)) {
      const last = groups.at(-1);
      if (last?.line === line) last.count++;
      else groups.push({ line, count: 1 });
    }
    for (const { line, count } of groups) context.write(flags.has('c') ? `${String(count).padStart(7)} ${line}\n` : `${line}\n`);
  });
};

export const cut: Tool = (context) => {
  const { values, operands } = parseOptions(context.args, 'dfc');
  const delimiter = values.get('d') ?? '\t';
  const isWanted = positions(values.get('f') ?? values.get('c') ?? '1');
  return overInputs(context, operands, (bytes) => {
    for (const line of linesOf(bytes)) {
      const parts = values.has('c') ? [...line] : line.split(delimiter);
      context.write(
        `${parts.length === 1 ? line : parts.filter((_part, index) => isWanted(index + 1)).join(values.has('c') ? '' : delimiter)}\n`,
      );
    }
  });
};

/** `1,3-5,7-` as a test. */
function positions(list: string): (position: number) => boolean {
  const ranges = list.split(',').map((part): [number, number] => {
    const [from = '', to] = part.split('-');
    return [Number(from || 1), to === undefined ? Number(from) : to === '' ? Infinity : Number(to)];
  });
  return (position) => ranges.some(([from, to]) => position >= from && position <= to);
}

export const tr: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const [from = '', to = ''] = operands.map(expandSet);
  const content = text(readAll(context));
  let result = '';
  for (const character of content) {
    const index = from.indexOf(character);
    if (index === -1) result += character;
    else if (!flags.has('d')) result += to[Math.min(index, to.length - 1)] ?? '';
  }
  context.write(result);
  return 0;
};

function expandSet(set: string): string {
  return set
    .replaceAll('\\n', '\n')
    .replaceAll('\\t', '\t')
    .replaceAll('[:lower:]', 'a-z')
    .replaceAll('[:upper:]', 'A-Z')
    .replaceAll('[:digit:]', '0-9')
    .replaceAll(/(.)-(.)/gs, (_whole, first: string, last: string) => {
      let run = '';
      for (let code = first.charCodeAt(0); code <= last.charCodeAt(0); code++) run += String.fromCharCode(code);
      return run;
    });
}

export const tee: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const bytes = readAll(context);
  context.write(bytes);
  let status = 0;
  for (const file of operands) {
    const path = absolutePath(context.cwd, file);
    const before = flags.has('a') ? context.fs.readFile(path) : 0;
    const content = before instanceof Uint8Array ? new Uint8Array([...before, ...bytes]) : bytes;
    const result = context.fs.writeFile(path, content, 0o644);
    if (result < 0) status = complain(context, file, result);
  }
  return status;
};

export const grep: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'e');
  const pattern = values.get('e') ?? operands.shift() ?? '';
  const expression = new RegExp(
    flags.has('F') ? pattern.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : flags.has('E') ? pattern : fromBasic(pattern),
    flags.has('i') ? 'iu' : 'u',
  );
  const files = flags.has('r') || flags.has('R') ? operands.flatMap((path) => filesBelow(context, path)) : operands;
  const isNamed = (files.length > 1 || flags.has('r')) && !flags.has('h');
  let found = 0;
  const status = overInputs(context, files, (bytes, name) => {
    const matches = linesOf(bytes)
      .map((line, index) => ({ line, number: index + 1 }))
      .filter(({ line }) => expression.test(line) !== flags.has('v'));
    found += matches.length;
    if (flags.has('q')) return;
    if (flags.has('l')) context.write(matches.length > 0 ? `${name}\n` : '');
    else if (flags.has('c')) context.write(`${isNamed ? `${name}:` : ''}${matches.length}\n`);
    else
      for (const { line, number } of matches) context.write(`${isNamed ? `${name}:` : ''}${flags.has('n') ? `${number}:` : ''}${line}\n`);
  });
  return status !== 0 ? 2 : found > 0 ? 0 : 1;
};

/** A basic regular expression as JavaScript's: `\(`, `\|`, `\+`, `\?`, `\{` are operators, their bare forms are not. */
function fromBasic(pattern: string): string {
  return pattern.replaceAll(/\\?[(){}|+?]/g, (operator) => (operator.length === 2 ? operator.slice(1) : `\\${operator}`));
}

function filesBelow(context: ToolContext, path: string): string[] {
  const entries = context.fs.readdir(absolutePath(context.cwd, path));
  if (typeof entries === 'number') return [path];
  return entries.flatMap(({ name, type }) => (type === S_IFDIR ? filesBelow(context, `${path}/${name}`) : [`${path}/${name}`]));
}

export const find: Tool = (context) => {
  const firstTest = context.args.findIndex((arg) => arg.startsWith('-'));
  const paths = context.args.slice(0, firstTest === -1 ? undefined : firstTest);
  const tests = firstTest === -1 ? [] : context.args.slice(firstTest);
  const value = (name: string): string | undefined => (tests.includes(name) ? tests[tests.indexOf(name) + 1] : undefined);
  const glob = value('-name');
  const name =
    glob === undefined
      ? null
      : new RegExp(
          `^${glob
            .replaceAll(/[.+^${}()|\\]/g, '\\$&')
            .replaceAll('*', '.*')
            .replaceAll('?', '.')}$`,
          'u',
        );
  const type = value('-type');
  const depthLimit = Number(value('-maxdepth') ?? Infinity);
  const visit = (path: string, depth: number, isFolder: boolean): void => {
    const base = path.slice(path.lastIndexOf('/') + 1);
    if ((name === null || name.test(base)) && (type === undefined || type === (isFolder ? 'd' : 'f'))) context.write(`${path}\n`);
    if (!isFolder || depth >= depthLimit) return;
    const entries = context.fs.readdir(absolutePath(context.cwd, path));
    if (typeof entries !== 'number') for (const entry of entries) visit(`${path}/${entry.name}`, depth + 1, entry.type === S_IFDIR);
  };
  let status = 0;
  for (const path of paths.length === 0 ? ['.'] : paths) {
    const entries = context.fs.readdir(absolutePath(context.cwd, path));
    if (entries === -2) status = complain(context, path, entries);
    else visit(path, 0, typeof entries !== 'number');
  }
  return status;
};
