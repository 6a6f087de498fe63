// date: shows a moment in a format; reads the usual forms and relative times. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { absolutePath, complain, parseOptions, type Tool, ToolFailure } from '../tool.ts';

const DAYS = ['Sunday', 'Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday'];
const MONTHS = ['January', 'February', 'March', 'April', 'May', 'June', 'July', 'August', 'September', 'October', 'November', 'December'];
const DAY_MS = 86_400_000;
const UNITS_MS: Readonly<Record<string, number>> = {
  sec: 1000,
  second: 1000,
  min: 60_000,
  minute: 60_000,
  hour: 3_600_000,
  day: DAY_MS,
  week: 7 * DAY_MS,
  fortnight: 14 * DAY_MS,
};

export const date: Tool = (context) => {
  const { flags, values, operands } = parseOptions(
    context.args.filter((arg) => !/^-I|^--iso-8601/.test(arg)),
    'dr',
    {
      date: 'd',
      reference: 'r',
      utc: 'u',
      universal: 'u',
      'rfc-email': 'R',
    },
  );
  const isUtc = flags.has('u') || (context.env['TZ'] ?? 'UTC') === 'UTC';
  const moment = momentOf(context, values, isUtc);
  if (typeof moment === 'number') return moment;
  const iso = context.args.find((arg) => /^-I|^--iso-8601/.test(arg));
  const format =
    operands.find((arg) => arg.startsWith('+'))?.slice(1) ??
    (iso !== undefined ? isoFormat(iso) : flags.has('R') ? '%a, %d %b %Y %H:%M:%S %z' : '%a %b %e %H:%M:%S %Z %Y');
  context.write(`${formatDate(moment, format, isUtc)}\n`);
  return 0;
};

function momentOf(context: Parameters<Tool>[0], values: ReadonlyMap<string, string>, isUtc: boolean): Date | number {
  const file = values.get('r');
  if (file !== undefined) {
    const stat = {} as Stat;
    const error = context.fs.stat(absolutePath(context.cwd, file), stat);
    return error < 0 ? complain(context, file, error) : new Date(stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6);
  }
  const text = values.get('d');
  if (text === undefined) return new Date();
  const parsed = parseDate(text, isUtc);
  if (parsed === null) throw new ToolFailure(`invalid date '${text}'`);
  return parsed;
}

function isoFormat(option: string): string {
  const precision = option.replace(/^-I|^--iso-8601=?/, '');
  return precision.startsWith('s')
    ? '%Y-%m-%dT%H:%M:%S%:z'
    : precision.startsWith('m')
      ? '%Y-%m-%dT%H:%M%:z'
      : precision.startsWith('h')
        ? '%Y-%m-%dT%H%:z'
        : '%Y-%m-%d';
}

/** `@seconds`, ISO and the forms JavaScript knows, `now`, `yesterday`, each with `+3 days` and the like. */
export function parseDate(text: string, isUtc: boolean): Date | null {
  let rest = text.trim();
  const seconds = /^@(-?\d+(?:\.\d+)?)$/.exec(rest);
  if (seconds !== null) return new Date(Number(seconds[1]) * 1000);
  let offsetMs = 0;
  let months = 0;
  rest = rest.replaceAll(
    /(?:^|\s)([-+]?\s*\d+|next|last)\s*(sec(?:ond)?|min(?:ute)?|hour|day|week|fortnight|month|year)s?(\s+ago)?(?=\s|$)/gi,
    (_whole, amount: string, unit: string, ago?: string) => {
      const size = amount === 'next' ? 1 : amount === 'last' ? -1 : Number(amount.replaceAll(/\s/g, ''));
      const signed = ago === undefined ? size : -size;
      if (/month/i.test(unit)) months += signed;
      else if (/year/i.test(unit)) months += 12 * signed;
      else offsetMs += signed * (UNITS_MS[unit.toLowerCase()] ?? 0);
      return ' ';
    },
  );
  const base = baseDate(rest.trim(), isUtc);
  if (base === null) return null;
  if (months !== 0) base.setUTCMonth(base.getUTCMonth() + months);
  return new Date(base.getTime() + offsetMs);
}

function baseDate(text: string, isUtc: boolean): Date | null {
  const midnight = (days: number): Date => {
    const now = new Date();
    return new Date(now.getTime() + days * DAY_MS);
  };
  if (text === '' || text === 'now' || text === 'today') return new Date();
  if (text === 'yesterday') return midnight(-1);
  if (text === 'tomorrow') return midnight(1);
  const iso = /^(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]+(\d{1,2}):(\d{2})(?::(\d{2})(\.\d+)?)?)?\s*(Z|UTC|[-+]\d{2}:?\d{2})?$/i.exec(text);
  if (iso !== null) {
    const [, year, month, day, hour = 0, minute = 0, second = 0, fraction = 0, zone] = iso;
    const parts = [year, Number(month) - 1, day, hour, minute, second].map(Number) as [number, number, number, number, number, number];
    if (parts[1] > 11 || parts[2] > 31 || parts[3] > 24 || parts[4] > 59) return null;
    if (!isUtc && zone === undefined) return new Date(...parts);
    const shift = /^([-+])(\d{2}):?(\d{2})$/.exec(zone ?? '');
    const zoneMs = shift === null ? 0 : (shift[1] === '-' ? -1 : 1) * (Number(shift[2]) * 60 + Number(shift[3])) * 60_000;
    return new Date(Date.UTC(...parts) + Number(fraction) * 1000 - zoneMs);
  }
  const parsed = new Date(isUtc && !/(?:Z|UTC|GMT|[-+]\d{4})$/i.test(text) ? `${text} UTC` : text);
  return Number.isNaN(parsed.getTime()) ? null : parsed;
}

export function formatDate(moment: Date, format: string, isUtc: boolean): string {
  const offsetMinutes = isUtc ? 0 : -moment.getTimezoneOffset();
  const local = new Date(moment.getTime() + offsetMinutes * 60_000);
  return format.replaceAll(/%([-_0^#]?)(:{0,2}[a-zA-Z%])/g, (whole, flag: string, key: string) => {
    const text = part(local, moment, key, offsetMinutes);
    if (text === null) return whole;
    if (flag === '-') return text.replace(/^[0 ]+(?=\d)/, '');
    if (flag === '_') return text.replace(/^0+(?=\d)/, (zeros) => ' '.repeat(zeros.length));
    return flag === '^' ? text.toUpperCase() : text;
  });
}

function part(local: Date, moment: Date, key: string, offsetMinutes: number): string | null {
  const pad = (value: number, width = 2): string => String(value).padStart(width, '0');
  const hour12 = local.getUTCHours() % 12 || 12;
  const sign = offsetMinutes < 0 ? '-' : '+';
  const zone = [pad(Math.floor(Math.abs(offsetMinutes) / 60)), pad(Math.abs(offsetMinutes) % 60)];
  const dayOfYear =
    Math.floor(
      (Date.UTC(local.getUTCFullYear(), local.getUTCMonth(), local.getUTCDate()) - Date.UTC(local.getUTCFullYear(), 0, 1)) / DAY_MS,
    ) + 1;
  const inner = (format: string): string =>
    format.replaceAll(/%([a-zA-Z])/g, (_whole, one: string) => part(local, moment, one, offsetMinutes) ?? '');
  switch (key) {
    case 'Y':
      return String(local.getUTCFullYear());
    case 'y':
      return pad(local.getUTCFullYear() % 100);
    case 'C':
      return pad(Math.floor(local.getUTCFullYear() / 100));
    case 'm':
      return pad(local.getUTCMonth() + 1);
    case 'd':
      return pad(local.getUTCDate());
    case 'e':
      return String(local.getUTCDate()).padStart(2);
    case 'H':
      return pad(local.getUTCHours());
    case 'k':
      return String(local.getUTCHours()).padStart(2);
    case 'I':
      return pad(hour12);
    case 'l':
      return String(hour12).padStart(2);
    case 'M':
      return pad(local.getUTCMinutes());
    case 'S':
      return pad(local.getUTCSeconds());
    case 'N':
      return pad(moment.getTime() % 1000, 3).padEnd(9, '0');
    case 's':
      return String(Math.floor(moment.getTime() / 1000));
    case 'p':
      return local.getUTCHours() < 12 ? 'AM' : 'PM';
    case 'P':
      return local.getUTCHours() < 12 ? 'am' : 'pm';
    case 'a':
      return (DAYS[local.getUTCDay()] ?? '').slice(0, 3);
    case 'A':
      return DAYS[local.getUTCDay()] ?? '';
    case 'b':
    case 'h':
      return (MONTHS[local.getUTCMonth()] ?? '').slice(0, 3);
    case 'B':
      return MONTHS[local.getUTCMonth()] ?? '';
    case 'u':
      return String(local.getUTCDay() || 7);
    case 'w':
      return String(local.getUTCDay());
    case 'j':
      return pad(dayOfYear, 3);
    case 'U':
      return pad(Math.floor((dayOfYear + 6 - local.getUTCDay()) / 7));
    case 'V':
      return pad(isoWeek(local));
    case 'q':
      return String(Math.floor(local.getUTCMonth() / 3) + 1);
    case 'z':
      return `${sign}${zone.join('')}`;
    case ':z':
      return `${sign}${zone.join(':')}`;
    case 'Z':
      return offsetMinutes === 0 ? 'UTC' : `${sign}${zone.join('')}`;
    case 'F':
      return inner('%Y-%m-%d');
    case 'T':
    case 'X':
      return inner('%H:%M:%S');
    case 'R':
      return inner('%H:%M');
    case 'D':
    case 'x':
      return inner('%m/%d/%y');
    case 'r':
      return inner('%I:%M:%S %p');
    case 'c':
      return inner('%a %b %e %H:%M:%S %Y');
    case 'n':
      return '\n';
    case 't':
      return '\t';
    case '%':
      return '%';
    default:
      return null;
  }
}

function isoWeek(date: Date): number {
  const thursday = new Date(Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate() + 4 - (date.getUTCDay() || 7)));
  return Math.ceil(((thursday.getTime() - Date.UTC(thursday.getUTCFullYear(), 0, 1)) / DAY_MS + 1) / 7);
}
