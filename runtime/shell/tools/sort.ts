// sort uniq: lines by keys. Runs in the tools worker.
import { absolutePath, complain, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { encodeText } from '../text.ts';
import { overLines } from './lines.ts';
import { compareGeneral, compareMonths, compareNumbers, compareSizes, compareText, compareVersions } from './sort-keys.ts';

interface Key {
  readonly field: number;
  readonly character: number;
  /** `null`: to the end of the line. */
  readonly endField: number | null;
  readonly endCharacter: number;
  readonly flags: string;
}

const LONG = {
  'numeric-sort': 'n',
  reverse: 'r',
  unique: 'u',
  'ignore-case': 'f',
  key: 'k',
  'field-separator': 't',
  output: 'o',
  stable: 's',
  check: 'c',
  'human-numeric-sort': 'h',
  'version-sort': 'V',
  'general-numeric-sort': 'g',
  'month-sort': 'M',
  'ignore-leading-blanks': 'b',
  'dictionary-order': 'd',
  'zero-terminated': 'z',
};

export const sort: Tool = (context) => {
  const { flags, values, all, operands } = parseOptions(context.args, 'ktoST', LONG);
  const globalFlags = [...'nrfhVgMbdi'].filter((flag) => flags.has(flag)).join('');
  const keys = (all.get('k') ?? []).map((text) => readKey(text, globalFlags));
  const compare = comparison(keys, globalFlags, values.get('t')?.replace('\\0', '\0') ?? null);
  // The last resort makes equal keys come in one order, unless the sort is to be stable.
  const isStable = flags.has('s') || flags.has('u');
  const plain = (a: string, b: string): number => (globalFlags.includes('r') ? compareText(b, a) : compareText(a, b));
  const order = (a: string, b: string): number => compare(a, b) || (isStable ? 0 : plain(a, b));
  const lines: string[] = [];
  const status = overLines(context, operands, (line) => lines.push(line));
  if (flags.has('c') || flags.has('C')) return check(context, lines, flags.has('u') ? (a, b) => compare(a, b) || 1 : order, flags.has('c'));
  lines.sort(order);
  const result = flags.has('u') ? lines.filter((line, index) => index === 0 || compare(lines[index - 1] ?? '', line) !== 0) : lines;
  const end = flags.has('z') ? '\0' : '\n';
  const output = values.get('o');
  if (output !== undefined) {
    const written = context.fs.writeFile(
      absolutePath(context.cwd, output),
      encodeText(result.map((line) => `${line}${end}`).join('')),
      0o666 & ~context.umask,
    );
    return written < 0 ? complain(context, output, written) : status === 0 ? 0 : 2;
  }
  for (const line of result) context.write(`${line}${end}`);
  return status === 0 ? 0 : 2;
};

function check(context: ToolContext, lines: readonly string[], order: (a: string, b: string) => number, reports: boolean): number {
  const at = lines.findIndex((line, index) => index > 0 && order(lines[index - 1] ?? '', line) > 0);
  if (at === -1) return 0;
  if (reports) context.writeError(`sort: -:${at + 1}: disorder: ${lines[at] ?? ''}\n`);
  return 1;
}

function readKey(text: string, globalFlags: string): Key {
  const match = /^(\d+)(?:\.(\d+))?([a-zA-Z]*)(?:,(\d+)(?:\.(\d+))?([a-zA-Z]*))?$/.exec(text);
  if (match === null) throw new ToolFailure(`invalid key: '${text}'`, 2);
  const [, field, character, flags = '', endField, endCharacter, endFlags = ''] = match;
  const own = flags + endFlags;
  return {
    field: Number(field),
    character: Number(character ?? 1),
    endField: endField === undefined ? null : Number(endField),
    endCharacter: Number(endCharacter ?? 0),
    flags: own === '' ? globalFlags : own,
  };
}

function comparison(keys: readonly Key[], globalFlags: string, separator: string | null): (a: string, b: string) => number {
  if (keys.length === 0) return withFlags(globalFlags);
  const parts = keys.map((key) => ({ key, compare: withFlags(key.flags) }));
  return (a, b) => {
    for (const { key, compare } of parts) {
      const result = compare(extract(a, key, separator), extract(b, key, separator));
      if (result !== 0) return result;
    }
    return 0;
  };
}

function withFlags(flags: string): (a: string, b: string) => number {
  const base = flags.includes('n')
    ? compareNumbers
    : flags.includes('h')
      ? compareSizes
      : flags.includes('g')
        ? compareGeneral
        : flags.includes('V')
          ? compareVersions
          : flags.includes('M')
            ? compareMonths
            : compareText;
  const prepare = (text: string): string => {
    let result = flags.includes('b') ? text.trimStart() : text;
    if (flags.includes('f')) result = result.toUpperCase();
    if (flags.includes('d')) result = result.replaceAll(/[^A-Za-z0-9\s]/g, '');
    return result;
  };
  const isPlain = !/[bfd]/.test(flags);
  const compare = isPlain ? base : (a: string, b: string): number => base(prepare(a), prepare(b));
  return flags.includes('r') ? (a, b) => compare(b, a) : compare;
}

/** Without a separator a field starts with the blanks before it. */
function extract(line: string, { field, character, endField, endCharacter }: Key, separator: string | null): string {
  const starts = fieldStarts(line, separator);
  const start = (starts[field - 1]?.start ?? line.length) + character - 1;
  if (endField === null) return line.slice(start);
  const last = starts[endField - 1];
  const end = last === undefined ? line.length : endCharacter === 0 ? last.end : Math.min(last.end, last.start + endCharacter);
  return line.slice(start, Math.max(start, end));
}

function fieldStarts(line: string, separator: string | null): { start: number; end: number }[] {
  const fields: { start: number; end: number }[] = [];
  if (separator !== null) {
    for (let start = 0; start <= line.length;) {
      const at = line.indexOf(separator, start);
      const end = at === -1 ? line.length : at;
      fields.push({ start, end });
      start = end + separator.length;
    }
    return fields;
  }
  for (const match of line.matchAll(/[ \t]*[^ \t]*/g))
    if (match[0] !== '') fields.push({ start: match.index, end: match.index + match[0].length });
  return fields;
}

export const uniq: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'fsw', {
    count: 'c',
    repeated: 'd',
    unique: 'u',
    'ignore-case': 'i',
    'skip-fields': 'f',
    'skip-chars': 's',
    'check-chars': 'w',
    'all-repeated': 'D',
  });
  const key = (line: string): string => {
    let text = line;
    for (let fields = Number(values.get('f') ?? 0); fields > 0; fields--) text = text.replace(/^[ \t]*[^ \t]*/, '');
    text = text.slice(Number(values.get('s') ?? 0));
    if (values.has('w')) text = text.slice(0, Number(values.get('w')));
    return flags.has('i') ? text.toLowerCase() : text;
  };
  const [input, output] = operands;
  const lines: string[] = [];
  const print = (line: string, count: number): void => {
    if (flags.has('D') ? count < 2 : (flags.has('d') && count < 2) || (flags.has('u') && count > 1)) return;
    const text = `${flags.has('c') ? `${String(count).padStart(7)} ` : ''}${line}\n`.repeat(flags.has('D') ? count : 1);
    if (output === undefined) context.write(text);
    else lines.push(text);
  };
  let group: { line: string; key: string; count: number } | null = null;
  const status = overLines(context, input === undefined ? [] : [input], (line) => {
    const own = key(line);
    if (group?.key === own) group.count++;
    else {
      if (group !== null) print(group.line, group.count);
      group = { line, key: own, count: 1 };
    }
  });
  const last = group as { line: string; count: number } | null;
  if (last !== null) print(last.line, last.count);
  if (output !== undefined) context.fs.writeFile(absolutePath(context.cwd, output), encodeText(lines.join('')), 0o666 & ~context.umask);
  return status;
};
