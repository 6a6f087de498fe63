// cut tr: columns and characters. Runs in the tools worker.
import { parseOptions, type Tool, ToolFailure } from '../tool.ts';
import { decodeText, encodeText } from '../text.ts';
import { formatEscapes } from '../sh/ansi-escapes.ts';
import { overLines } from './lines.ts';

export const cut: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'dfcb', {
    delimiter: 'd',
    fields: 'f',
    characters: 'c',
    bytes: 'b',
    'only-delimited': 's',
    'output-delimiter': 'output-delimiter=',
  });
  const list = values.get('f') ?? values.get('c') ?? values.get('b');
  if (list === undefined) throw new ToolFailure('you must specify a list of bytes, characters, or fields');
  const selected = positions(list);
  const isWanted = (position: number): boolean => selected(position) !== flags.has('complement');
  const delimiter = values.get('d') ?? '\t';
  const joiner = values.get('output-delimiter');
  return overLines(context, operands, (line) => {
    if (!values.has('f')) {
      // Debian's cut counts bytes for -c as well.
      const kept = encodeText(line).filter((_byte, index) => isWanted(index + 1));
      context.write(`${decodeText(kept)}\n`);
      return;
    }
    const parts = line.split(delimiter);
    if (parts.length === 1) {
      if (!flags.has('s')) context.write(`${line}\n`);
      return;
    }
    context.write(`${parts.filter((_part, index) => isWanted(index + 1)).join(joiner ?? delimiter)}\n`);
  });
};

/** `1,3-5,7-` as a test. */
function positions(list: string): (position: number) => boolean {
  const ranges = list.split(/[, ]/).map((part): [number, number] => {
    const match = /^(\d*)(-?)(\d*)$/.exec(part);
    if (match === null || part === '' || part === '-') throw new ToolFailure(`invalid field value '${part}'`);
    const [, from = '', dash = '', to = ''] = match;
    if (from === '0' || (dash === '' && to === '0')) throw new ToolFailure('fields are numbered from 1');
    return [Number(from || 1), dash === '' ? Number(from) : to === '' ? Infinity : Number(to)];
  });
  return (position) => ranges.some(([from, to]) => position >= from && position <= to);
}

const CLASSES: Readonly<Record<string, () => string>> = {
  lower: () => range('a', 'z'),
  upper: () => range('A', 'Z'),
  digit: () => range('0', '9'),
  alpha: () => range('A', 'Z') + range('a', 'z'),
  alnum: () => range('0', '9') + range('A', 'Z') + range('a', 'z'),
  xdigit: () => `${range('0', '9')}ABCDEFabcdef`,
  space: () => '\t\n\v\f\r ',
  blank: () => '\t ',
  punct: () => range('!', '/') + range(':', '@') + range('[', '`') + range('{', '~'),
  cntrl: () => `${range('\0', '\u001f')}\u007f`,
  print: () => range(' ', '~'),
  graph: () => range('!', '~'),
};

function range(from: string, to: string): string {
  let run = '';
  for (let code = from.codePointAt(0) ?? 0; code <= (to.codePointAt(0) ?? 0); code++) run += String.fromCodePoint(code);
  return run;
}

function expandSet(set: string, length: number): string[] {
  const text = set
    .replaceAll(/\\(?:[0-7]{1,3}|[abfnrtv\\])/g, (escape) => (escape === '\\\\' ? '\u0001\u0001' : formatEscapes(escape)))
    .replaceAll('\u0001\u0001', '\\');
  const result: string[] = [];
  for (let index = 0; index < text.length;) {
    const rest = text.slice(index);
    const named = /^\[:(\w+):\]/.exec(rest);
    const repeat = /^\[([^])\*(\d*)\]/.exec(rest);
    const span = /^([^])-([^])/u.exec(rest);
    if (named !== null) {
      const members = CLASSES[named[1] ?? ''];
      if (members === undefined) throw new ToolFailure(`invalid character class '${named[1] ?? ''}'`);
      result.push(...members());
      index += named[0].length;
    } else if (repeat !== null) {
      const count = repeat[2] === '' ? Math.max(0, length - result.length) : Number(repeat[2]);
      for (let times = 0; times < count; times++) result.push(repeat[1] ?? '');
      index += repeat[0].length;
    } else if (span !== null) {
      if ((span[1] ?? '') > (span[2] ?? ''))
        throw new ToolFailure(`range-endpoints of '${span[0]}' are in reverse collating sequence order`);
      result.push(...range(span[1] ?? '', span[2] ?? ''));
      index += span[0].length;
    } else {
      const character = String.fromCodePoint(rest.codePointAt(0) ?? 0);
      result.push(character);
      index += character.length;
    }
  }
  return result;
}

export const tr: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', {
    delete: 'd',
    'squeeze-repeats': 's',
    complement: 'c',
    'truncate-set1': 't',
  });
  const [first = '', second] = operands;
  if (operands.length === 0) throw new ToolFailure('missing operand');
  if (second === undefined && !flags.has('d') && !flags.has('s')) throw new ToolFailure(`missing operand after '${first}'`);
  const from = expandSet(first, 0);
  const to = second === undefined ? [] : expandSet(second, from.length);
  const isComplement = flags.has('c') || flags.has('C');
  const members = new Set(from);
  const isInFirst = (character: string): boolean => members.has(character) !== isComplement;
  const translation = new Map<string, string>();
  const last = to.at(-1) ?? '';
  if (!flags.has('d') && to.length > 0) from.forEach((character, index) => translation.set(character, to[index] ?? last));
  const squeezed = new Set(flags.has('s') ? (second === undefined ? from : to) : []);
  const squeezes = (character: string): boolean =>
    flags.has('s') && (second === undefined && isComplement ? isInFirst(character) : squeezed.has(character));
  const hasTranslation = to.length > 0 && !flags.has('d');
  let previous: string | null = null;
  let pending: Uint8Array = new Uint8Array();
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) {
    const { text, rest } = splitCharacters(pending, chunk);
    pending = rest;
    let result = '';
    for (const character of text) {
      if (flags.has('d') && isInFirst(character)) continue;
      const mapped = !hasTranslation
        ? character
        : isComplement
          ? isInFirst(character)
            ? last
            : character
          : (translation.get(character) ?? character);
      if (mapped === previous && squeezes(mapped)) continue;
      previous = mapped;
      result += mapped;
    }
    context.write(result);
  }
  return 0;
};

/** Whole characters; the bytes of one that is cut by the end of the chunk wait for the next. */
function splitCharacters(pending: Uint8Array, chunk: Uint8Array): { text: string; rest: Uint8Array } {
  const bytes = new Uint8Array(pending.length + chunk.length);
  bytes.set(pending);
  bytes.set(chunk, pending.length);
  let end = bytes.length;
  for (let back = 1; back <= 3 && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if ((byte & 0xc0) === 0x80) continue;
    const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : byte >= 0xc0 ? 2 : 1;
    if (length > back) end = bytes.length - back;
    break;
  }
  return { text: decodeText(bytes.subarray(0, end)), rest: bytes.slice(end) };
}
