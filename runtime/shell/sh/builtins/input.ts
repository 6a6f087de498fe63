// read mapfile: lines from a descriptor into variables.
import { decodeText } from '../../text.ts';
import type { Interpreter } from '../interpreter.ts';
import { isTerminal, type Stream } from '../streams.ts';
import { parseOptions } from '../../tool.ts';
import type { Builtin } from './call.ts';

const TIMED_OUT = 142;

export const read: Builtin = ({ shell, args }) => {
  const { flags, values, operands } = parseOptions(args, 'dnNptua');
  const stream = shell.streams[Number(values.get('u') ?? 0)];
  if (values.has('p') && isTerminal(stream)) shell.printError(values.get('p') ?? '');
  const isRaw = flags.has('r');
  const exact = values.get('N');
  const { characters, isEnded, isTimedOut } = readRecord(shell, stream, {
    delimiter: exact === undefined ? (values.get('d') ?? '\n').charCodeAt(0) || 0 : -1,
    limit: Number(exact ?? values.get('n') ?? Infinity),
    isRaw,
    timeoutMs: values.has('t') ? Number(values.get('t')) * 1000 : Infinity,
    isSilent: flags.has('s'),
  });
  const array = values.get('a');
  const separators = exact === undefined ? (shell.state.get('IFS') ?? ' \t\n') : '';
  if (array !== undefined) {
    const fields = splitLine(characters, separators, Infinity);
    shell.state.setValue(array, { kind: 'indexed', items: new Map(fields.map((text, index) => [index, text])) });
  } else {
    const names = operands.length === 0 ? ['REPLY'] : operands;
    const fields =
      operands.length === 0 && shell.state.isBash
        ? [characters.map(({ text }) => text).join('')]
        : splitLine(characters, separators, names.length);
    names.forEach((name, index) => shell.state.set(name, fields[index] ?? ''));
  }
  return isTimedOut ? TIMED_OUT : isEnded ? 1 : 0;
};

interface Character {
  readonly text: string;
  /** Escaped by a backslash: never a separator. */
  readonly isLiteral: boolean;
}

interface RecordOptions {
  readonly delimiter: number;
  readonly limit: number;
  readonly isRaw: boolean;
  readonly timeoutMs: number;
  readonly isSilent: boolean;
}

/** Byte by byte: what follows the record belongs to the next reader. */
function readRecord(
  shell: Interpreter,
  stream: Stream | undefined,
  options: RecordOptions,
): { characters: Character[]; isEnded: boolean; isTimedOut: boolean } {
  const { delimiter, limit, isRaw, isSilent } = options;
  const endsAt = performance.now() + options.timeoutMs;
  const bytes: number[] = [];
  const literal = new Set<number>();
  const terminal = stream?.kind === 'inherited' && stream.stdio.kind === 'terminal' ? shell.host.terminalControl(stream.stdio) : null;
  const isCharacterwise = terminal !== null && limit !== Infinity;
  if (terminal !== null && isSilent) terminal.isSilent = true;
  if (terminal !== null && isCharacterwise) terminal.isRaw = true;
  try {
    while (bytes.length < limit) {
      const [byte] = shell.io.read(stream, 1, endsAt - performance.now());
      if (byte === undefined) {
        const isTimedOut = performance.now() >= endsAt;
        return { characters: toCharacters(bytes, literal), isEnded: !isTimedOut, isTimedOut };
      }
      if (byte === delimiter || (isCharacterwise && byte === 0x0d)) break;
      if (byte !== 0x5c || isRaw) {
        bytes.push(byte);
        continue;
      }
      const [escaped] = shell.io.read(stream, 1);
      if (escaped === undefined || escaped === 0x0a) continue;
      literal.add(bytes.length);
      bytes.push(escaped);
    }
    return { characters: toCharacters(bytes, literal), isEnded: false, isTimedOut: false };
  } finally {
    if (terminal !== null && isSilent) terminal.isSilent = false;
    if (terminal !== null && isCharacterwise) terminal.isRaw = false;
  }
}

function toCharacters(bytes: readonly number[], literal: ReadonlySet<number>): Character[] {
  const characters: Character[] = [];
  for (let start = 0; start < bytes.length;) {
    let end = start + 1;
    while (end < bytes.length && ((bytes[end] ?? 0) & 0xc0) === 0x80) end++;
    characters.push({ text: decodeText(Uint8Array.from(bytes.slice(start, end))), isLiteral: literal.has(start) });
    start = end;
  }
  return characters;
}

/** At most `count` fields; the last one takes the rest, without the blanks around it. */
function splitLine(characters: readonly Character[], separators: string, count: number): string[] {
  const isBlank = (one: Character | undefined): boolean =>
    one !== undefined && !one.isLiteral && ' \t\n'.includes(one.text) && separators.includes(one.text);
  const isSeparator = (one: Character | undefined): boolean => one !== undefined && !one.isLiteral && separators.includes(one.text);
  let at = 0;
  let end = characters.length;
  while (isBlank(characters[at])) at++;
  while (end > at && isBlank(characters[end - 1])) end--;
  const fields: string[] = [];
  while (at < end) {
    if (fields.length === count - 1) {
      fields.push(lastField(characters.slice(at, end), isSeparator));
      break;
    }
    let field = '';
    while (at < end && !isSeparator(characters[at])) field += characters[at++]?.text ?? '';
    fields.push(field);
    while (at < end && isBlank(characters[at])) at++;
    if (at < end && isSeparator(characters[at]) && !isBlank(characters[at])) at++;
    while (at < end && isBlank(characters[at])) at++;
  }
  return fields;
}

/** A single separator at its end is dropped when nothing else would remain to split. */
function lastField(rest: readonly Character[], isSeparator: (one: Character | undefined) => boolean): string {
  const first = rest.findIndex(isSeparator);
  const kept = first !== -1 && first === rest.length - 1 ? rest.slice(0, -1) : rest;
  return kept.map(({ text }) => text).join('');
}

export const mapfile: Builtin = ({ shell, args }) => {
  const { flags, values, operands } = parseOptions(args, 'dnsu');
  const stream = shell.streams[Number(values.get('u') ?? 0)];
  const delimiter = values.get('d') ?? '\n';
  let content = '';
  const chunks: Uint8Array[] = [];
  for (let chunk = shell.io.read(stream); chunk.length > 0; chunk = shell.io.read(stream)) chunks.push(chunk.slice());
  content = chunks.map((chunk) => decodeText(chunk)).join('');
  const lines = content.split(delimiter === '' ? '\0' : delimiter);
  if (lines.at(-1) === '') lines.pop();
  const wanted = lines.slice(Number(values.get('s') ?? 0)).slice(0, Number(values.get('n') ?? 0) || undefined);
  const items = new Map(wanted.map((line, index) => [index, flags.has('t') ? line : `${line}${delimiter}`]));
  shell.state.setValue(operands[0] ?? 'MAPFILE', { kind: 'indexed', items });
  return 0;
};
