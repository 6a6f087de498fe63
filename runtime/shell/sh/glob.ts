// Shell patterns: matching of names, expansion over folders.
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import { absolutePath } from '../paths.ts';
import { CLASSES } from '../regular-expression.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const MAX_CACHED = 256;
const cache = new Map<string, RegExp>();

export interface GlobOptions {
  readonly isCaseless?: boolean;
}

/** A pattern as a regular expression over the whole text; escaped characters are literal. */
export function globExpression(pattern: string, { isCaseless = false }: GlobOptions = {}): RegExp {
  const key = `${isCaseless ? 'i' : ' '}${pattern}`;
  const known = cache.get(key);
  if (known !== undefined) return known;
  const expression = new RegExp(`^(?:${globSource(pattern)})$`, isCaseless ? 'iu' : 'u');
  if (cache.size >= MAX_CACHED) cache.clear();
  cache.set(key, expression);
  return expression;
}

/** The body of the expression, for use inside another. */
export function globSource(pattern: string): string {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? '';
    if (character === '\\') source += escapeExpression(pattern[++index] ?? '\\');
    else if ('?*+@!'.includes(character) && pattern[index + 1] === '(') {
      const end = closingBracket(pattern, index + 1);
      if (end === -1) {
        source += escapeExpression(character);
        continue;
      }
      const inner = alternatives(pattern.slice(index + 2, end))
        .map(globSource)
        .join('|');
      source += character === '!' ? `(?:(?!(?:${inner})$)[^]*)` : `(?:${inner})${character === '@' ? '' : character}`;
      index = end;
    } else if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else if (character === '[') {
      const set = readSet(pattern, index);
      source += set?.source ?? '\\[';
      index = set?.end ?? index;
    } else source += escapeExpression(character);
  }
  return source;
}

function readSet(pattern: string, start: number): { source: string; end: number } | null {
  let index = start + 1;
  const isNegated = pattern[index] === '!' || pattern[index] === '^';
  if (isNegated) index++;
  let set = '';
  for (let isFirst = true; ; isFirst = false) {
    const character = pattern[index];
    if (character === undefined) return null;
    if (character === ']' && !isFirst) break;
    const named = /^\[:(\w+):\]/.exec(pattern.slice(index));
    if (named !== null) {
      set += CLASSES[named[1] ?? ''] ?? '';
      index += named[0].length;
    } else {
      const plain = character === '\\' ? (pattern[++index] ?? '\\') : character;
      set += plain === '-' && character !== '\\' ? rangeDash(set, pattern[index + 1]) : plain.replace(/[\\\]^[|]|-/, '\\$&');
      index++;
    }
  }
  return { source: set === '' ? (isNegated ? '[^]' : '(?!)') : `[${isNegated ? '^' : ''}${set}]`, end: index };
}

function rangeDash(set: string, next: string | undefined): string {
  return set === '' || next === ']' ? '\\-' : '-';
}

function closingBracket(pattern: string, open: number): number {
  let depth = 0;
  for (let index = open; index < pattern.length; index++) {
    if (pattern[index] === '\\') index++;
    else if (pattern[index] === '(') depth++;
    else if (pattern[index] === ')' && --depth === 0) return index;
  }
  return -1;
}

function alternatives(text: string): string[] {
  const parts = [''];
  let depth = 0;
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? '';
    if (character === '\\') {
      parts[parts.length - 1] += character + (text[++index] ?? '');
      continue;
    }
    if (character === '(') depth++;
    if (character === ')') depth--;
    if (character === '|' && depth === 0) parts.push('');
    else parts[parts.length - 1] += character;
  }
  return parts;
}

export function escapeExpression(text: string): string {
  return text.replaceAll(/[.*+?^${}()|[\]\\/]/g, '\\$&');
}

export function escapeGlob(text: string): string {
  return text.replaceAll(/[*?[\]\\()|!+@^-]/g, '\\$&');
}

export function unescapeGlob(pattern: string): string {
  return pattern.replaceAll(/\\([^])/g, '$1');
}

export function hasGlob(pattern: string): boolean {
  return /(?<!\\)(?:\\\\)*(?:[*?[]|[+@!]\()/.test(pattern);
}

/** The paths that match, sorted; empty when there is none. */
export function expandGlob(fs: FileSystem, cwd: string, pattern: string, options: { isGlobstar: boolean; showsHidden: boolean }): string[] {
  const isAbsolute = pattern.startsWith('/');
  const wantsFolder = pattern.endsWith('/');
  let found = [isAbsolute ? '/' : ''];
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    found = found.flatMap((folder) =>
      part === '**' && options.isGlobstar ? deep(fs, cwd, folder) : children(fs, cwd, folder, part, options.showsHidden),
    );
  }
  const unique = [...new Set(found)].filter((path) => path !== '');
  if (!wantsFolder) return unique.sort();
  return unique
    .filter((path) => isFolder(fs, absolutePath(cwd, path)))
    .map((path) => `${path}/`)
    .sort();
}

function join(folder: string, name: string): string {
  return folder === '' ? name : folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`;
}

function children(fs: FileSystem, cwd: string, folder: string, part: string, showsHidden: boolean): string[] {
  if (!hasGlob(part)) {
    const path = join(folder, unescapeGlob(part));
    return fs.access(absolutePath(cwd, path), 0) === 0 ? [path] : [];
  }
  const entries = fs.readdir(absolutePath(cwd, folder === '' ? '.' : folder));
  if (typeof entries === 'number') return [];
  const expression = globExpression(part);
  return entries
    .map(({ name }) => name)
    .filter((name) => (showsHidden || part.startsWith('.') || !name.startsWith('.')) && expression.test(name))
    .map((name) => join(folder, name));
}

/** The folder itself and all folders and files below: `**`. */
function deep(fs: FileSystem, cwd: string, folder: string): string[] {
  const entries = fs.readdir(absolutePath(cwd, folder === '' ? '.' : folder));
  if (typeof entries === 'number') return [folder];
  const below = entries
    .filter(({ name }) => !name.startsWith('.'))
    .flatMap(({ name, type }) => {
      const path = join(folder, name);
      return type === S_IFDIR ? deep(fs, cwd, path) : [path];
    });
  return [folder, ...below];
}

function isFolder(fs: FileSystem, path: string): boolean {
  const stat = {} as Stat;
  return fs.stat(path, stat) >= 0 && (stat.mode & S_IFMT) === S_IFDIR;
}
