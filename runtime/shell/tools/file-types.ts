// What a mode means: type letters, permission texts, and walking trees. Pure over the file system.
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import { absolutePath, type ToolContext } from '../tool.ts';

export const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;
const TYPE_LETTER: Readonly<Record<number, string>> = {
  [S_IFDIR]: 'd',
  [S_IFLNK]: 'l',
  0o020000: 'c',
  0o060000: 'b',
  0o010000: 'p',
  0o140000: 's',
};

export function statOf(context: Pick<ToolContext, 'fs' | 'cwd'>, path: string, follow = true): Stat | number {
  const stat = {} as Stat;
  const full = absolutePath(context.cwd, path);
  const error = follow ? context.fs.stat(full, stat) : context.fs.lstat(full, stat);
  return error < 0 ? error : stat;
}

export function isFolder(stat: Stat | number): boolean {
  return typeof stat !== 'number' && (stat.mode & S_IFMT) === S_IFDIR;
}

export function isLink(stat: Stat | number): boolean {
  return typeof stat !== 'number' && (stat.mode & S_IFMT) === S_IFLNK;
}

export function typeLetter(mode: number, plain = '-'): string {
  return TYPE_LETTER[mode & S_IFMT] ?? plain;
}

/** `drwxr-xr-x`. */
export function modeText(mode: number): string {
  const bits = [...'rwxrwxrwx'].map((letter, index) => ((mode & (0o400 >> index)) === 0 ? '-' : letter));
  if ((mode & 0o4000) !== 0) bits[2] = bits[2] === 'x' ? 's' : 'S';
  if ((mode & 0o2000) !== 0) bits[5] = bits[5] === 'x' ? 's' : 'S';
  if ((mode & 0o1000) !== 0) bits[8] = bits[8] === 'x' ? 't' : 'T';
  return `${typeLetter(mode)}${bits.join('')}`;
}

export function ownerName(uid: number): string {
  return uid === 0 ? 'root' : uid === 1000 ? 'user' : String(uid);
}

/** Names in a folder, sorted by code point as in the C locale. */
export function namesIn(fs: FileSystem, path: string): string[] | number {
  const entries = fs.readdir(path);
  return typeof entries === 'number' ? entries : entries.map(({ name }) => name).sort();
}

/** `1536` as `1.5K`. */
export function humanSize(sizeBytes: number): string {
  let size = sizeBytes;
  let unit = 0;
  while (size >= 1024 && unit < 5) {
    size /= 1024;
    unit++;
  }
  if (unit === 0) return String(size);
  const rounded = size < 10 ? Math.ceil(size * 10) / 10 : Math.ceil(size);
  return `${size < 10 && rounded < 10 ? rounded.toFixed(1) : Math.ceil(rounded)}${'KMGTP'[unit - 1] ?? ''}`;
}

/** What the file takes in blocks of 1 KiB. */
export function blocksOf(stat: Stat): number {
  return Math.ceil(stat.size / 4096) * 4;
}

/** Octal, or symbolic as `u+x,go-w`. `null` for what is no mode. */
export function newMode(text: string, mode: number, { isFolder: folder = false, umask = 0 } = {}): number | null {
  if (/^[0-7]{1,5}$/.test(text)) return Number.parseInt(text, 8);
  let result = mode;
  for (const clause of text.split(',')) {
    const match = /^([ugoa]*)((?:[+=-](?:[rwxXst]*|[ugo]))+)$/.exec(clause);
    if (match === null) return null;
    const [, who = '', actions = ''] = match;
    const mask =
      who === ''
        ? 0o777 & ~umask
        : [...who].reduce((sum, one) => sum | (one === 'u' ? 0o700 : one === 'g' ? 0o070 : one === 'o' ? 0o007 : 0o777), 0);
    for (const [, operator = '', what = ''] of actions.matchAll(/([+=-])([rwxXstugo]*)/g)) {
      const bits = permissionBits(what, result, folder);
      const special =
        (what.includes('s') ? ((mask & 0o700) !== 0 ? 0o4000 : 0) | ((mask & 0o070) !== 0 ? 0o2000 : 0) : 0) |
        (what.includes('t') ? 0o1000 : 0);
      const change = (bits & mask) | special;
      result = operator === '+' ? result | change : operator === '-' ? result & ~change : (result & ~mask) | change;
    }
  }
  return result;
}

function permissionBits(what: string, mode: number, folder: boolean): number {
  let bits = 0;
  for (const letter of what) {
    if (letter === 'r') bits |= 0o444;
    else if (letter === 'w') bits |= 0o222;
    else if (letter === 'x' || (letter === 'X' && (folder || (mode & 0o111) !== 0))) bits |= 0o111;
    else if ('ugo'.includes(letter)) {
      const own = (mode >> (letter === 'u' ? 6 : letter === 'g' ? 3 : 0)) & 7;
      bits |= own | (own << 3) | (own << 6);
    }
  }
  return bits;
}
