// What Tab offers in the shell: commands for the first word, paths for the others.
import type { FileSystem } from '../../fs/file-system.ts';
import { absolutePath } from '../tool.ts';
import { commandNames } from './builtins.ts';
import type { Complete } from './line-editor.ts';

const S_IFDIR = 0o040000;

export function completer(fs: FileSystem, cwd: () => string): Complete {
  return (line) => {
    const start = /[^\s;&|<>()]*$/.exec(line)?.index ?? line.length;
    const word = line.slice(start);
    const isCommand = /(?:^|[;&|(])\s*$/.test(line.slice(0, start)) && !word.includes('/');
    const candidates = isCommand ? [...new Set(commandNames)].filter((name) => name.startsWith(word)).sort() : paths(fs, cwd(), word);
    return { start, candidates };
  };
}

function paths(fs: FileSystem, cwd: string, word: string): string[] {
  const slash = word.lastIndexOf('/');
  const folder = word.slice(0, slash + 1);
  const prefix = word.slice(slash + 1);
  const entries = fs.readdir(absolutePath(cwd, folder === '' ? '.' : folder));
  if (typeof entries === 'number') return [];
  return entries
    .filter(({ name }) => name.startsWith(prefix) && (prefix.startsWith('.') || !name.startsWith('.')))
    .map(({ name, type }) => `${folder}${name}${type === S_IFDIR ? '/' : ''}`)
    .sort();
}
