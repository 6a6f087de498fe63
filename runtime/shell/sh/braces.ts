// Brace expansion: `{a,b}`, `{1..5}`, `{a..e..2}`. Pure.
import type { Word, WordPart } from './syntax.ts';

/** One character of plain text, or a part that braces do not look into. */
type Item = string | WordPart;
const RANGE = /^(-?\d+|[a-zA-Z])\.\.(-?\d+|[a-zA-Z])(?:\.\.(-?\d+))?$/;
const MAX_RANGE = 100_000;

export function expandBraces(word: Word): Word[] {
  if (!word.some((part) => part.type === 'text' && !part.isQuoted && part.text.includes('{'))) return [word];
  const items = word.flatMap((part): Item[] => (part.type === 'text' && !part.isQuoted ? [...part.text] : [part]));
  return expand(items).map(toWord);
}

function expand(items: readonly Item[]): Item[][] {
  for (let start = items.indexOf('{'); start !== -1; start = items.indexOf('{', start + 1)) {
    const end = closing(items, start);
    if (end === -1) continue;
    const alternatives = split(items.slice(start + 1, end));
    const inner = alternatives.length > 1 ? alternatives.flatMap(expand) : range(alternatives[0] ?? []);
    if (inner === null) continue;
    const before = items.slice(0, start);
    return expand(items.slice(end + 1)).length === 0
      ? []
      : inner.flatMap((middle) => expand(items.slice(end + 1)).map((after) => [...before, ...middle, ...after]));
  }
  return [[...items]];
}

function closing(items: readonly Item[], start: number): number {
  let depth = 0;
  for (let index = start; index < items.length; index++) {
    if (items[index] === '{') depth++;
    else if (items[index] === '}' && --depth === 0) return index;
  }
  return -1;
}

function split(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [[]];
  let depth = 0;
  for (const item of items) {
    if (item === '{') depth++;
    if (item === '}') depth--;
    if (item === ',' && depth === 0) parts.push([]);
    else parts.at(-1)?.push(item);
  }
  return parts;
}

function range(items: readonly Item[]): Item[][] | null {
  if (!items.every((item) => typeof item === 'string')) return null;
  const match = RANGE.exec(items.join(''));
  if (match === null) return null;
  const [, first = '', last = '', by] = match;
  const isNumeric = /\d/.test(first) && /\d/.test(last);
  if (!isNumeric && (/\d/.test(first) || /\d/.test(last))) return null;
  const [from, to] = isNumeric ? [Number(first), Number(last)] : [first.charCodeAt(0), last.charCodeAt(0)];
  const step = Math.max(1, Math.abs(Number(by ?? 1)));
  const isPadded = /^-?0\d/.test(first) || /^-?0\d/.test(last);
  const width = isPadded ? Math.max(first.length, last.length) : 0;
  const values: Item[][] = [];
  for (let offset = 0; offset <= Math.abs(to - from) && values.length < MAX_RANGE; offset += step) {
    const value = from + (to >= from ? offset : -offset);
    values.push([...(isNumeric ? pad(value, width) : String.fromCharCode(value))]);
  }
  return values;
}

function pad(value: number, width: number): string {
  return value < 0 ? `-${String(-value).padStart(width - 1, '0')}` : String(value).padStart(width, '0');
}

function toWord(items: readonly Item[]): Word {
  const parts: WordPart[] = [];
  for (const item of items) {
    const last = parts.at(-1);
    if (typeof item !== 'string') parts.push(item);
    else if (last?.type === 'text' && !last.isQuoted) parts[parts.length - 1] = { ...last, text: last.text + item };
    else parts.push({ type: 'text', text: item, isQuoted: false });
  }
  return parts;
}
