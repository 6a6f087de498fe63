// How `sort` and `ls -v` compare: numbers, sizes, versions, months. Pure.

const MONTHS = ['JAN', 'FEB', 'MAR', 'APR', 'MAY', 'JUN', 'JUL', 'AUG', 'SEP', 'OCT', 'NOV', 'DEC'];

/** By code points, as in the C locale. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  // Code units differ from code points only above the BMP.
  return /[\ud800-\udfff]/.test(a + b) ? compareCodePoints(a, b) : a < b ? -1 : 1;
}

function compareCodePoints(a: string, b: string): number {
  const [left, right] = [[...a], [...b]];
  for (let index = 0; index < Math.min(left.length, right.length); index++) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0);
    if (difference !== 0) return difference;
  }
  return left.length - right.length;
}

export function compareNumbers(a: string, b: string): number {
  return leadingNumber(a) - leadingNumber(b);
}

function leadingNumber(text: string): number {
  const match = /^\s*-?(?:\d+\.?\d*|\.\d+)/.exec(text);
  return match === null ? 0 : Number(match[0]);
}

export function compareGeneral(a: string, b: string): number {
  const [left, right] = [Number.parseFloat(a), Number.parseFloat(b)];
  if (Number.isNaN(left) || Number.isNaN(right)) return Number(Number.isNaN(right)) - Number(Number.isNaN(left));
  return left - right;
}

/** `2K` below `1M`. */
export function compareSizes(a: string, b: string): number {
  const rank = (text: string): number => ' KMGTPEZY'.indexOf((/^\s*-?[\d.]+([KMGTPEZYk])/.exec(text)?.[1] ?? ' ').toUpperCase());
  const sign = (text: string): number => (/^\s*-/.test(text) ? -1 : 1);
  return sign(a) - sign(b) || sign(a) * (rank(a) - rank(b)) || compareNumbers(a, b);
}

export function compareMonths(a: string, b: string): number {
  const month = (text: string): number => MONTHS.indexOf(text.trim().slice(0, 3).toUpperCase());
  return month(a) - month(b);
}

/** Runs of digits count as numbers. */
export function compareVersions(a: string, b: string): number {
  const [left, right] = [a.match(/\d+|\D+/g) ?? [], b.match(/\d+|\D+/g) ?? []];
  for (let index = 0; index < Math.max(left.length, right.length); index++) {
    const [one, other] = [left[index] ?? '', right[index] ?? ''];
    const bothNumbers = /^\d/.test(one) && /^\d/.test(other);
    const difference = bothNumbers ? Number(one) - Number(other) : compareText(one, other);
    if (difference !== 0) return difference;
  }
  return 0;
}
