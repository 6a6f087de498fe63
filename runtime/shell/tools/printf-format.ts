// What printf prints, as POSIX and bash have it. Pure.
import { echoEscapes, formatEscapes } from '../sh/ansi-escapes.ts';
import { decodeText, encodeText } from '../text.ts';
import { formatNumber } from './number-format.ts';

const DIRECTIVE = /%(?:%|([-+ #0]*)(\*|\d+)?(?:\.(\*|-?\d+)?)?(?:hh|h|ll|l|L|q|j|z|t)?([a-zA-Z]))/g;

export interface Printed {
  readonly text: string;
  /** Complaints about arguments that are no numbers; the exit code is 1 when there are any. */
  readonly problems: readonly string[];
}

/** The format is used again while there are arguments left. */
export function formatPrintf(format: string, values: readonly string[]): Printed {
  const problems: string[] = [];
  const queue = [...values];
  let text = '';
  do {
    const before = queue.length;
    const round = formatOnce(format, queue, problems);
    text += round.text;
    if (round.isEnded || queue.length === before) break;
  } while (queue.length > 0);
  return { text, problems };
}

function formatOnce(format: string, queue: string[], problems: string[]): { text: string; isEnded: boolean } {
  let text = '';
  let at = 0;
  for (const match of format.matchAll(DIRECTIVE)) {
    text += formatEscapes(format.slice(at, match.index));
    at = match.index + match[0].length;
    const [whole, flags = '', widthText, precisionText, kind = ''] = match;
    if (whole === '%%') {
      text += '%';
      continue;
    }
    const width = widthText === '*' ? integer(queue.shift() ?? '0', problems) : widthText === undefined ? 0 : Number(widthText);
    const hasPrecision = whole.includes('.') && kind !== '';
    const precision = !hasPrecision
      ? undefined
      : precisionText === '*'
        ? integer(queue.shift() ?? '0', problems)
        : Number(precisionText ?? 0);
    const piece = directive(kind, { flags, width, precision }, queue, problems);
    text += piece.text;
    if (piece.isEnded) return { text, isEnded: true };
  }
  return { text: text + formatEscapes(format.slice(at)), isEnded: false };
}

interface Layout {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

function directive(kind: string, layout: Layout, queue: string[], problems: string[]): { text: string; isEnded: boolean } {
  const value = queue.shift() ?? '';
  const plain = (text: string): { text: string; isEnded: boolean } => ({ text: pad(text, layout), isEnded: false });
  switch (kind) {
    case 's':
      return plain(cut(value, layout.precision));
    case 'c':
      return plain(value.slice(0, 1));
    case 'b': {
      const { text, isEnded } = echoEscapes(value);
      return { text: pad(cut(text, layout.precision), layout), isEnded };
    }
    case 'q':
      return plain(quote(value));
    default:
      return plain(formatNumber(kind, 'diouxX'.includes(kind) ? bigInteger(value, problems) : real(value, problems), layout));
  }
}

/** Precision counts bytes, as in C. */
function cut(text: string, precision: number | undefined): string {
  return precision === undefined ? text : decodeText(encodeText(text).slice(0, precision));
}

function pad(text: string, { flags, width }: Layout): string {
  const isLeft = flags.includes('-') || width < 0;
  return isLeft ? text.padEnd(Math.abs(width)) : text.padStart(width);
}

function quote(text: string): string {
  if (text === '') return "''";
  // oxlint-disable-next-line no-control-regex -- these need $'...'
  if (/[\u0000-\u001f\u007f]/.test(text))
    return `$'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t')}'`;
  return text.replaceAll(/[^\w@%+=:,./-]/gu, '\\$&');
}

function integer(text: string, problems: string[]): number {
  return Number(bigInteger(text, problems));
}

function bigInteger(text: string, problems: string[]): bigint {
  const trimmed = text.trimStart();
  if (/^["']/.test(trimmed)) return BigInt(trimmed.codePointAt(1) ?? 0);
  const match = /^([-+]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9]\d*)/.exec(trimmed);
  if (match === null || match[0] !== trimmed)
    if (text !== '') problems.push(match === null ? `${text}: expected numeric value` : `${text}: not completely converted`);
  if (match === null) return 0n;
  const digits = match[2] ?? '0';
  const value = /^0[0-7]+$/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  return match[1] === '-' ? -value : value;
}

function real(text: string, problems: string[]): number {
  if (/^["']/.test(text)) return text.codePointAt(1) ?? 0;
  const value = Number.parseFloat(text);
  if (text !== '' && (Number.isNaN(value) || !/^\s*[-+]?(?:\d|\.\d|inf|nan)/i.test(text))) problems.push(`${text}: expected numeric value`);
  return Number.isNaN(value) ? 0 : value;
}
