// Shell patterns: matching of names, expansion over folders.
import type { FileSystem } from '../../fs/file-system.ts';
import { absolutePath } from '../tool.ts';

/** A pattern as a regular expression; escaped characters are literal. */
export function globExpression(pattern: string): RegExp {
  let source = '';
  for (let index = 0; index < pattern.length; index++) {
    const character = pattern[index] ?? '';
    if (character === '\\') source += (pattern[++index] ?? '\\').replace(/[.*+?^${}()|[\]\\/]/, '\\$&');
    else if (character === '*') source += '[^]*';
    else if (character === '?') source += '[^]';
    else if (character === '[') {
      const end = pattern.indexOf(']', pattern[index + 1] === '!' || pattern[index + 1] === '^' ? index + 3 : index + 2);
      if (end === -1) source += '\\[';
      else {
        source += `[${pattern
          .slice(index + 1, end)
          .replace(/^!/, '^')
          .replaceAll('\\', '\\\\')}]`;
        index = end;
      }
    } else source += character.replace(/[.+^${}()|\]\\/]/, '\\$&');
  }
  return new RegExp(`^${source}$`, 'u');
}

export function hasGlob(pattern: string): boolean {
  return /(?<!\\)[*?[]/.test(pattern);
}

/** The paths that match, sorted; empty when there is none. */
export function expandGlob(fs: FileSystem, cwd: string, pattern: string): string[] {
  const isAbsolute = pattern.startsWith('/');
  let found = [isAbsolute ? '/' : ''];
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    found = found.flatMap((folder) => children(fs, cwd, folder, part));
  }
  return found.sort();
}

function children(fs: FileSystem, cwd: string, folder: string, part: string): string[] {
  const join = (name: string): string => (folder === '' ? name : folder.endsWith('/') ? `${folder}${name}` : `${folder}/${name}`);
  if (!hasGlob(part)) {
    const plain = part.replaceAll(/\\(.)/g, '$1');
    return fs.access(absolutePath(cwd, join(plain)), 0) === 0 ? [join(plain)] : [];
  }
  const entries = fs.readdir(absolutePath(cwd, folder === '' ? '.' : folder));
  if (typeof entries === 'number') return [];
  const expression = globExpression(part);
  return entries
    .map(({ name }) => name)
    .filter((name) => (part.startsWith('.') || !name.startsWith('.')) && expression.test(name))
    .map(join);
}
