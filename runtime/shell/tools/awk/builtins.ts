// awk's functions.
import { formatPrintf } from '../printf-format.ts';
import { formatNumber } from '../number-format.ts';
import type { AwkInterpreter } from './interpreter.ts';
import { splitFields } from './record.ts';
import { fieldSplitter } from './regex.ts';
import type { Expression, Target } from './syntax.ts';
import { InputText, type Scalar, toNumber, toText } from './values.ts';

type Builtin = (awk: AwkInterpreter, args: readonly Expression[]) => Scalar;

const NOTHING: Expression = { type: 'string', value: '' };
const WHOLE_RECORD: Target = { type: 'field', index: { type: 'number', value: 0 } };
let randomSeed = 0;
let randomState = 42;

const math =
  (work: (value: number) => number): Builtin =>
  (awk, [value = NOTHING]) =>
    work(awk.number(value));

const builtins: Readonly<Record<string, Builtin>> = {
  length: (awk, [value]) => {
    if (value === undefined) return [...awk.record.text].length;
    if (value.type === 'variable' && awk.variable(value.name) === undefined && awk.array(value.name).size > 0)
      return awk.array(value.name).size;
    return [...awk.string(value)].length;
  },
  substr: (awk, [text = NOTHING, start = NOTHING, length]) => {
    const characters = [...awk.string(text)];
    // Rounded ends, as POSIX has it: `substr("hello", 0, 2)` is one character.
    const from = Math.round(awk.number(start));
    const to = length === undefined ? Infinity : from + Math.round(awk.number(length));
    return characters.slice(Math.max(0, from - 1), Math.max(0, to - 1)).join('');
  },
  index: (awk, [text = NOTHING, part = NOTHING]) => {
    const source = awk.string(text);
    const at = source.indexOf(awk.string(part));
    return at === -1 ? 0 : [...source.slice(0, at)].length + 1;
  },
  split: (awk, [text = NOTHING, array, separator]) => {
    if (array?.type !== 'variable') throw new Error('split needs an array');
    const source = awk.string(text);
    const splitter =
      separator?.type === 'regex'
        ? awk.pattern(separator)
        : fieldSplitter(separator === undefined ? awk.text('FS') : awk.string(separator));
    const parts = splitFields(source, splitter);
    const target = awk.array(array.name);
    target.clear();
    parts.forEach((part, index) => target.set(String(index + 1), new InputText(part)));
    return parts.length;
  },
  sub: (awk, args) => substitute(awk, args, false),
  gsub: (awk, args) => substitute(awk, args, true),
  match: (awk, [text = NOTHING, pattern = NOTHING]) => {
    const source = awk.string(text);
    const found = awk.pattern(pattern).exec(source);
    const start = found === null ? 0 : [...source.slice(0, found.index)].length + 1;
    awk.setVariable('RSTART', start);
    awk.setVariable('RLENGTH', found === null ? -1 : [...found[0]].length);
    return start;
  },
  sprintf: (awk, args) => sprintf(awk, args),
  tolower: (awk, [text = NOTHING]) => awk.string(text).toLowerCase(),
  toupper: (awk, [text = NOTHING]) => awk.string(text).toUpperCase(),
  int: math(Math.trunc),
  sqrt: math(Math.sqrt),
  exp: math(Math.exp),
  log: math(Math.log),
  sin: math(Math.sin),
  cos: math(Math.cos),
  atan2: (awk, [y = NOTHING, x = NOTHING]) => Math.atan2(awk.number(y), awk.number(x)),
  rand: () => {
    // A small generator of our own: `srand` must make a sequence repeat.
    randomState = (Math.imul(randomState, 1_664_525) + 1_013_904_223) >>> 0;
    return randomState / 2 ** 32;
  },
  srand: (awk, [seed]) => {
    const before = randomSeed;
    randomSeed = seed === undefined ? Math.floor(Date.now() / 1000) : awk.number(seed);
    randomState = (Math.imul(Math.trunc(randomSeed), 2_654_435_761) + 1) >>> 0;
    return before;
  },
  system: (awk, [command = NOTHING]) => awk.io.system(awk.string(command)),
  close: (awk, [name = NOTHING]) => awk.io.close(awk.string(name)),
  fflush: (awk) => {
    awk.context.flush();
    return 0;
  },
  systime: () => Math.floor(Date.now() / 1000),
  and: (awk, [a = NOTHING, b = NOTHING]) => Number(BigInt(Math.trunc(awk.number(a))) & BigInt(Math.trunc(awk.number(b)))),
  or: (awk, [a = NOTHING, b = NOTHING]) => Number(BigInt(Math.trunc(awk.number(a))) | BigInt(Math.trunc(awk.number(b)))),
  xor: (awk, [a = NOTHING, b = NOTHING]) => Number(BigInt(Math.trunc(awk.number(a))) ^ BigInt(Math.trunc(awk.number(b)))),
};

export function isBuiltin(name: string): boolean {
  return Object.hasOwn(builtins, name);
}

export function callBuiltin(awk: AwkInterpreter, name: string, args: readonly Expression[]): Scalar {
  return builtins[name]?.(awk, args);
}

/** `&` in the replacement is what matched; `\\&` a plain `&`. */
function substitute(
  awk: AwkInterpreter,
  [pattern = NOTHING, replacement = NOTHING, target = WHOLE_RECORD]: readonly Expression[],
  isGlobal: boolean,
): number {
  const text = awk.string(target);
  const base = awk.pattern(pattern);
  const expression = isGlobal ? new RegExp(base.source, 'gu') : base;
  const source = awk.string(replacement);
  let count = 0;
  const result = text.replace(expression, (match) => {
    count++;
    return source.replaceAll(/\\([\\&])|&/g, (whole, escaped?: string) => escaped ?? (whole === '&' ? match : whole));
  });
  if (count > 0 && (target.type === 'variable' || target.type === 'field' || target.type === 'element')) awk.store(target, result);
  return count;
}

function sprintf(awk: AwkInterpreter, [format = NOTHING, ...args]: readonly Expression[]): string {
  const values = args.map((arg) => awk.evaluate(arg));
  let used = 0;
  return awk
    .string(format)
    .replaceAll(
      /%(?:%|([-+ #0]*)(\*|\d+)?(?:\.(\*|\d+)?)?([a-zA-Z]))/g,
      (whole, flags: string, width: string | undefined, precision: string | undefined, kind: string) => {
        if (whole === '%%') return '%';
        const wide = width === '*' ? toNumber(values[used++]) : Number(width ?? 0);
        const exact = !whole.includes('.') ? undefined : precision === '*' ? toNumber(values[used++]) : Number(precision ?? 0);
        const value = values[used++];
        const layout = { flags, width: wide, precision: exact };
        const plain = directive(kind, value, layout, awk.text('CONVFMT'));
        return flags.includes('-') ? plain.padEnd(wide) : plain.padStart(wide);
      },
    );
}

function directive(
  kind: string,
  value: Scalar,
  layout: { flags: string; width: number; precision: number | undefined },
  format: string,
): string {
  switch (kind) {
    case 's': {
      const text = toText(value, format);
      return layout.precision === undefined ? text : [...text].slice(0, layout.precision).join('');
    }
    case 'c':
      return typeof value === 'number' ? String.fromCodePoint(Math.trunc(value) & 0x1f_ffff) : toText(value, format).slice(0, 1);
    case 'd':
    case 'i':
    case 'o':
    case 'x':
    case 'X':
    case 'u': {
      const number = toNumber(value);
      return Number.isFinite(number) ? formatNumber(kind, BigInt(Math.trunc(number)), layout) : formatPrintf('%s', [String(number)]).text;
    }
    default:
      return formatNumber(kind, toNumber(value), layout);
  }
}
