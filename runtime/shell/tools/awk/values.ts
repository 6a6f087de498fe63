// awk's values: numbers, strings, and input that is a number when it looks like one. Pure.
import { formatNumber } from '../number-format.ts';

/** Text from input: compares as a number when all of it is one. */
export class InputText {
  readonly text: string;
  #number: number | null | undefined;

  constructor(text: string) {
    this.text = text;
  }

  /** `null` where the text is no number. */
  get number(): number | null {
    if (this.#number === undefined)
      this.#number = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$/.test(this.text) ? Number(this.text) : null;
    return this.#number;
  }
}

/** `undefined` is what was never assigned: 0 and the empty string at once. */
export type Scalar = number | string | InputText | undefined;
export type AwkArray = Map<string, Scalar>;

export function toNumber(value: Scalar): number {
  if (typeof value === 'number') return value;
  if (value === undefined) return 0;
  const text = typeof value === 'string' ? value : value.text;
  const match = /^\s*[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\.\d+(?:[eE][-+]?\d+)?|inf(?:inity)?|nan)/i.exec(text)?.[0].trim();
  if (match === undefined) return 0;
  const number = Number(match);
  return Number.isNaN(number) ? (/inf/i.test(match) ? (match.startsWith('-') ? -Infinity : Infinity) : Number.NaN) : number;
}

/** Integers as integers, everything else as `format` (CONVFMT or OFMT) says. */
export function toText(value: Scalar, format: string): string {
  if (typeof value === 'string') return value;
  if (value === undefined) return '';
  if (typeof value !== 'number') return value.text;
  if (Number.isInteger(value)) return Math.abs(value) < 1e16 ? String(value === 0 ? 0 : value) : BigInt(value).toString();
  const match = /^%([-+ #0]*)(\d*)(?:\.(\d+))?([a-zA-Z])$/.exec(format);
  return formatNumber(match?.[4] ?? 'g', value, {
    flags: match?.[1] ?? '',
    width: Number(match?.[2] || 0),
    precision: Number(match?.[3] ?? 6),
  });
}

export function isTrue(value: Scalar): boolean {
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'string') return value !== '';
  if (value === undefined) return false;
  return value.number === null ? value.text !== '' : value.number !== 0;
}

/** As numbers when both are, as texts otherwise. */
export function compare(a: Scalar, b: Scalar, format: string): number {
  const [left, right] = [numeric(a), numeric(b)];
  if (left !== null && right !== null) return left - right;
  const [one, other] = [toText(a, format), toText(b, format)];
  return one < other ? -1 : one > other ? 1 : 0;
}

function numeric(value: Scalar): number | null {
  return typeof value === 'number' ? value : value === undefined ? 0 : typeof value === 'string' ? null : value.number;
}
