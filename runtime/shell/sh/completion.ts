// What Tab offers in the shell: commands for the first word, then paths, variables, subcommands and scripts.
import type { FileSystem } from '../../fs/file-system.ts';
import { absolutePath } from '../paths.ts';
import { decodeText } from '../text.ts';
import { builtins } from './builtins/index.ts';
import type { Interpreter } from './interpreter.ts';
import type { Complete } from './line-editor.ts';

const S_IFDIR = 0o040000;
const SUBCOMMANDS: Readonly<Record<string, readonly string[]>> = {
  npm: [
    'install',
    'ci',
    'run',
    'start',
    'test',
    'exec',
    'ls',
    'init',
    'uninstall',
    'update',
    'outdated',
    'view',
    'audit',
    'version',
    'config',
    'pack',
    'link',
  ],
  git: [
    'add',
    'branch',
    'checkout',
    'clone',
    'commit',
    'config',
    'diff',
    'fetch',
    'init',
    'log',
    'merge',
    'mv',
    'pull',
    'push',
    'remote',
    'reset',
    'restore',
    'rm',
    'show',
    'stash',
    'status',
    'switch',
    'tag',
  ],
};

export function completer(shell: Interpreter): Complete {
  const { fs } = shell.host;
  return (line) => {
    const start = /(?:\\.|[^\s;&|<>()\\])*$/.exec(line)?.index ?? line.length;
    const word = line.slice(start).replaceAll(/\\(.)/g, '$1');
    const before = line.slice(0, start);
    return { start, candidates: candidates(shell, fs, word, before).map(escapeWord) };
  };
}

function candidates(shell: Interpreter, fs: FileSystem, word: string, before: string): string[] {
  const { state } = shell;
  const variable = /^(.*)\$(\w*)$/.exec(word);
  if (variable !== null) return sorted([...state.variables.keys()], variable[2] ?? '').map((name) => `${variable[1] ?? ''}$${name}`);
  if (/(?:^|[;&|(])\s*$/.test(before) && !word.includes('/')) return commands(shell, fs, word);
  const words = (/[^;&|(]*$/.exec(before)?.[0] ?? '').trim().split(/\s+/);
  const [command = ''] = words;
  if (words.length === 1 && Object.hasOwn(SUBCOMMANDS, command)) return sorted(SUBCOMMANDS[command] ?? [], word);
  if (/^(?:npm|pnpm|yarn)$/.test(command) && words[1] === 'run' && words.length === 2) return sorted(scripts(fs, state.cwd), word);
  return paths(fs, state.cwd, word, state.get('HOME') ?? '/', /^(?:cd|rmdir|pushd)$/.test(command));
}

function commands({ state }: Interpreter, fs: FileSystem, word: string): string[] {
  const names = new Set([...Object.keys(builtins), ...state.functions.keys(), ...state.aliases.keys()]);
  for (const folder of (state.get('PATH') ?? '').split(':')) {
    const entries = fs.readdir(absolutePath(state.cwd, folder === '' ? '.' : folder));
    if (typeof entries !== 'number') for (const { name } of entries) names.add(name);
  }
  return sorted([...names], word);
}

function scripts(fs: FileSystem, cwd: string): string[] {
  const bytes = fs.readFile(absolutePath(cwd, 'package.json'));
  if (typeof bytes === 'number') return [];
  try {
    return Object.keys((JSON.parse(decodeText(bytes)) as { scripts?: object }).scripts ?? {});
  } catch (error) {
    // A package.json that is being edited has no scripts to offer.
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}

function paths(fs: FileSystem, cwd: string, word: string, home: string, onlyFolders: boolean): string[] {
  const slash = word.lastIndexOf('/');
  const folder = word.slice(0, slash + 1);
  const prefix = word.slice(slash + 1);
  const entries = fs.readdir(absolutePath(cwd, folder === '' ? '.' : folder.replace(/^~(?=\/)/, home)));
  if (typeof entries === 'number') return [];
  return entries
    .filter(
      ({ name, type }) =>
        name.startsWith(prefix) && (prefix.startsWith('.') || !name.startsWith('.')) && (!onlyFolders || type === S_IFDIR),
    )
    .map(({ name, type }) => `${folder}${name}${type === S_IFDIR ? '/' : ''}`)
    .sort();
}

function sorted(names: readonly string[], prefix: string): string[] {
  return names.filter((name) => name.startsWith(prefix)).sort();
}

function escapeWord(word: string): string {
  return word.replaceAll(/[\s'"\\;&|<>()*?[\]#!`]/g, '\\$&');
}
