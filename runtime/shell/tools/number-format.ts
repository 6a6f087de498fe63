// C's number conversions, for printf and awk. Pure.

export interface NumberLayout {
  readonly flags: string;
  readonly width: number;
  readonly precision: number | undefined;
}

/** One of `d i o u x X e E f F g G a A c`; padded with zeros where the flags say so, blanks are the caller's. */
export function formatNumber(kind: string, value: bigint | number, layout: NumberLayout): string {
  const body =
    typeof value === 'bigint' ? integerText(kind, value, layout) : realText(kind, value, layout.precision ?? 6, layout.flags.includes('#'));
  const isNegative = body.startsWith('-');
  const digits = isNegative ? body.slice(1) : body;
  const isSigned = typeof value === 'number' || kind === 'd' || kind === 'i';
  const sign = isNegative ? '-' : isSigned && layout.flags.includes('+') ? '+' : isSigned && layout.flags.includes(' ') ? ' ' : '';
  const fills =
    layout.flags.includes('0') &&
    !layout.flags.includes('-') &&
    (typeof value === 'number' || layout.precision === undefined) &&
    /\d/.test(digits);
  return sign + (fills ? digits.padStart(layout.width - sign.length, '0') : digits);
}

function integerText(kind: string, value: bigint, { flags, precision }: NumberLayout): string {
  const unsigned = BigInt.asUintN(64, value);
  let text: string;
  switch (kind) {
    case 'o':
      text = unsigned.toString(8);
      if (flags.includes('#')) text = `0${text}`;
      break;
    case 'x':
    case 'X':
      text = unsigned.toString(16);
      if (kind === 'X') text = text.toUpperCase();
      if (flags.includes('#') && value !== 0n) return `0${kind}${text.padStart(precision ?? 0, '0')}`;
      break;
    case 'u':
      text = unsigned.toString();
      break;
    default:
      text = (value < 0n ? -value : value).toString();
  }
  if (precision === 0 && value === 0n) return '';
  const padded = text.padStart(precision ?? 0, '0');
  return value < 0n && (kind === 'd' || kind === 'i') ? `-${padded}` : padded;
}

function realText(kind: string, value: number, precision: number, keepsZeros: boolean): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  switch (kind.toLowerCase()) {
    case 'e':
      return upper(kind, sign + exponent(size.toExponential(Math.min(100, precision))));
    case 'g':
      return upper(kind, sign + general(size, precision === 0 ? 1 : precision, keepsZeros));
    default:
      return sign + fixed(size, precision);
  }
}

/** `toFixed` refuses values above 1e21: those are integers, written out whole. */
function fixed(value: number, precision: number): string {
  if (value < 1e21) return value.toFixed(Math.min(100, precision));
  const whole = BigInt(value).toString();
  return precision > 0 ? `${whole}.${'0'.repeat(precision)}` : whole;
}

function exponent(text: string): string {
  return text.replace(/e([-+])(\d)$/, 'e$10$2');
}

function general(value: number, precision: number, keepsZeros: boolean): string {
  if (value === 0) return '0';
  const power = Number(value.toExponential(Math.min(100, precision - 1)).split('e')[1]);
  const isScientific = power < -4 || power >= precision;
  const text = isScientific
    ? value.toExponential(Math.min(100, precision - 1))
    : value.toFixed(Math.min(100, Math.max(0, precision - 1 - power)));
  const trimmed = keepsZeros ? text : text.replace(/(\.\d*?)0+(?=e|$)/, '$1').replace(/\.(?=e|$)/, '');
  return exponent(trimmed);
}

function upper(kind: string, text: string): string {
  return kind === kind.toUpperCase() ? text.toUpperCase() : text;
}
