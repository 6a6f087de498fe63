// tac rev nl fold expand paste comm join split shuf column: lines rearranged. Runs in the tools worker.
import { absolutePath, openInputs, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { encodeText, linesOf } from '../text.ts';
import { compareText } from './sort-keys.ts';
import { displayWidth } from '../sh/line-editor.ts';

/** Runs `work` over each line of each input; the exit code is 1 where one could not be read. */
export function overLines(
  context: ToolContext,
  files: readonly string[],
  work: (line: string, hasBreak: boolean, name: string) => void,
): number {
  const inputs = openInputs(context, files);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next())
    for (const { line, hasBreak } of linesOf(next.value.chunks)) work(line, hasBreak, next.value.name);
  return next.value;
}

function fileLines(context: ToolContext, name: string): string[] {
  const inputs = openInputs(context, [name]);
  const first = inputs.next();
  if (first.done === true) throw new ToolFailure('cannot go on');
  const lines = [...linesOf(first.value.chunks)].map(({ line }) => line);
  inputs.next();
  return lines;
}

export const tac: Tool = (context) => {
  const lines: string[] = [];
  const status = overLines(context, parseOptions(context.args).operands, (line) => lines.push(line));
  for (const line of lines.toReversed()) context.write(`${line}\n`);
  return status;
};

export const rev: Tool = (context) =>
  overLines(context, parseOptions(context.args).operands, (line, hasBreak) =>
    context.write(`${[...line].toReversed().join('')}${hasBreak ? '\n' : ''}`),
  );

export const nl: Tool = (context) => {
  const { values, operands } = parseOptions(context.args, 'bwsvin');
  const isAll = values.get('b') === 'a';
  let number = Number(values.get('v') ?? 1);
  const width = Number(values.get('w') ?? 6);
  const separator = values.get('s') ?? '\t';
  return overLines(context, operands, (line) => {
    const isNumbered = isAll || line !== '';
    const text =
      values.get('n') === 'rz'
        ? String(number).padStart(width, '0')
        : values.get('n') === 'ln'
          ? String(number).padEnd(width)
          : String(number).padStart(width);
    context.write(isNumbered ? `${text}${separator}${line}\n` : `${' '.repeat(width + separator.length)}${line}\n`);
    if (isNumbered) number += Number(values.get('i') ?? 1);
  });
};

export const fold: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'w', { width: 'w', spaces: 's' });
  const width = Number(values.get('w') ?? 80);
  return overLines(context, operands, (line, hasBreak) => {
    let rest = [...line];
    while (rest.length > width) {
      const blank = flags.has('s') ? rest.slice(0, width).lastIndexOf(' ') : -1;
      const end = blank > 0 ? blank + 1 : width;
      context.write(`${rest.slice(0, end).join('')}\n`);
      rest = rest.slice(end);
    }
    context.write(`${rest.join('')}${hasBreak ? '\n' : ''}`);
  });
};

export const expand: Tool = (context) => {
  const { values, operands } = parseOptions(context.args, 't', { tabs: 't' });
  const stop = Number(values.get('t') ?? 8);
  return overLines(context, operands, (line, hasBreak) => {
    let column = 0;
    let text = '';
    for (const character of line) {
      const piece = character === '\t' ? ' '.repeat(stop - (column % stop)) : character;
      text += piece;
      column += piece.length;
    }
    context.write(`${text}${hasBreak ? '\n' : ''}`);
  });
};

export const paste: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'd', { delimiters: 'd', serial: 's' });
  const delimiters = [...(values.get('d') ?? '\t').replaceAll('\\n', '\n').replaceAll('\\t', '\t').replaceAll('\\0', '\0')];
  const joinAll = (parts: readonly string[]): string =>
    parts
      .map((part, index) => (index === 0 ? part : (delimiters[(index - 1) % delimiters.length] ?? '').replace('\0', '') + part))
      .join('');
  const files = operands.length === 0 ? ['-'] : operands;
  if (flags.has('s')) {
    for (const file of files) context.write(`${joinAll(fileLines(context, file))}\n`);
    return 0;
  }
  // The same standard input may be named several times: its lines are dealt out in turn.
  const readers = files.map((file) => (file === '-' ? null : fileLines(context, file).values()));
  const shared = files.includes('-') ? linesOf(standardChunks(context)) : null;
  for (;;) {
    const parts = readers.map((reader) => (reader === null ? shared?.next().value?.line : reader.next().value));
    if (parts.every((part) => part === undefined)) return 0;
    context.write(`${joinAll(parts.map((part) => part ?? ''))}\n`);
  }
};

function* standardChunks(context: ToolContext): Generator<Uint8Array> {
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) yield chunk;
}

export const comm: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const [left, right] = [fileLines(context, operands[0] ?? '-'), fileLines(context, operands[1] ?? '-')];
  const columns = ['1', '2', '3'].filter((column) => !flags.has(column));
  const show = (column: string, line: string): void => {
    const at = columns.indexOf(column);
    if (at !== -1) context.write(`${'\t'.repeat(at)}${line}\n`);
  };
  let [a, b] = [0, 0];
  while (a < left.length || b < right.length) {
    const [one, other] = [left[a], right[b]];
    const order = one === undefined ? 1 : other === undefined ? -1 : compareText(one, other);
    if (order <= 0) a++;
    if (order >= 0) b++;
    if (order < 0) show('1', one ?? '');
    else if (order > 0) show('2', other ?? '');
    else show('3', one ?? '');
  }
  return 0;
};

export const join: Tool = (context) => {
  const { values, all, operands } = parseOptions(context.args, '12tajveo');
  const separator = values.get('t');
  const split = (line: string): string[] => (separator === undefined ? line.trim().split(/[ \t]+/) : line.split(separator));
  const keys = [Number(values.get('1') ?? values.get('j') ?? 1), Number(values.get('2') ?? values.get('j') ?? 1)];
  const [left, right] = [0, 1].map((side) => fileLines(context, operands[side] ?? '-').map((line) => split(line)));
  const glue = separator ?? ' ';
  const rest = (fields: readonly string[], key: number): string[] => fields.filter((_field, index) => index !== key - 1);
  const unpaired = new Set(all.get('a') ?? []);
  const matched = new Set<readonly string[]>();
  for (const a of left ?? []) {
    const key = a[(keys[0] ?? 1) - 1] ?? '';
    const partners = (right ?? []).filter((b) => b[(keys[1] ?? 1) - 1] === key);
    for (const b of partners) {
      matched.add(b);
      context.write(`${[key, ...rest(a, keys[0] ?? 1), ...rest(b, keys[1] ?? 1)].join(glue)}\n`);
    }
    if (partners.length === 0 && unpaired.has('1')) context.write(`${[key, ...rest(a, keys[0] ?? 1)].join(glue)}\n`);
  }
  if (unpaired.has('2'))
    for (const b of right ?? [])
      if (!matched.has(b)) context.write(`${[b[(keys[1] ?? 1) - 1] ?? '', ...rest(b, keys[1] ?? 1)].join(glue)}\n`);
  return 0;
};

export const split: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'lbna', { lines: 'l', bytes: 'b', 'numeric-suffixes': 'd' });
  const [input = '-', prefix = 'x'] = operands;
  const inputs = openInputs(context, [input]);
  const first = inputs.next();
  if (first.done === true) return 1;
  const width = Number(values.get('a') ?? 2);
  let part = 0;
  const write = (bytes: Uint8Array): void => {
    const suffix = flags.has('d') ? String(part).padStart(width, '0') : letters(part, width);
    part++;
    context.fs.writeFile(absolutePath(context.cwd, `${prefix}${suffix}`), bytes, 0o666 & ~context.umask);
  };
  const size = /^(\d+)([kKMG]?)$/.exec(values.get('b') ?? '');
  if (size !== null) {
    const limit = Number(size[1]) * 1024 ** ' KMG'.indexOf((size[2] ?? '').toUpperCase() || ' ');
    const whole = [...first.value.chunks].flatMap((chunk) => [...chunk]);
    for (let start = 0; start < whole.length; start += limit) write(Uint8Array.from(whole.slice(start, start + limit)));
    return 0;
  }
  const perPart = Number(values.get('l') ?? 1000);
  let lines: string[] = [];
  for (const { line, hasBreak } of linesOf(first.value.chunks)) {
    lines.push(`${line}${hasBreak ? '\n' : ''}`);
    if (lines.length < perPart) continue;
    write(encodeText(lines.join('')));
    lines = [];
  }
  if (lines.length > 0) write(encodeText(lines.join('')));
  return 0;
};

function letters(part: number, width: number): string {
  let text = '';
  for (let rest = part, index = 0; index < width; index++, rest = Math.floor(rest / 26))
    text = String.fromCharCode(97 + (rest % 26)) + text;
  return text;
}

export const shuf: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'ni', { 'head-count': 'n', 'input-range': 'i', echo: 'e' });
  const lines: string[] = [];
  const range = /^(\d+)-(\d+)$/.exec(values.get('i') ?? '');
  if (range !== null) for (let value = Number(range[1]); value <= Number(range[2]); value++) lines.push(String(value));
  else if (flags.has('e')) lines.push(...operands);
  else overLines(context, operands, (line) => lines.push(line));
  for (let index = lines.length - 1; index > 0; index--) {
    const other = Math.floor(Math.random() * (index + 1));
    [lines[index], lines[other]] = [lines[other] ?? '', lines[index] ?? ''];
  }
  for (const line of lines.slice(0, Number(values.get('n') ?? lines.length))) context.write(`${line}\n`);
  return 0;
};

export const column: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'sco', { table: 't', separator: 's', 'output-separator': 'o' });
  const lines: string[] = [];
  const status = overLines(context, operands, (line) => line !== '' && lines.push(line));
  if (!flags.has('t')) {
    for (const line of lines) context.write(`${line}\n`);
    return status;
  }
  const separator = values.get('s');
  const rows = lines.map((line) => (separator === undefined ? line.trim().split(/\s+/) : line.split(separator)));
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, index) => (widths[index] = Math.max(widths[index] ?? 0, displayWidth(cell))));
  const glue = values.get('o') ?? '  ';
  for (const row of rows)
    context.write(
      `${row.map((cell, index) => (index === row.length - 1 ? cell : cell + ' '.repeat((widths[index] ?? 0) - displayWidth(cell)))).join(glue)}\n`,
    );
  return status;
};
