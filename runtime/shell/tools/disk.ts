// du df tree: what takes how much room where. Runs in the tools worker.
import { absolutePath, complain, parseOptions, type Tool, type ToolContext } from '../tool.ts';
import { blocksOf, humanSize, isFolder, isLink, namesIn, S_IFDIR, S_IFMT, statOf } from './file-types.ts';
import { globExpression } from '../sh/glob.ts';

export const du: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'd', {
    'max-depth': 'd',
    'human-readable': 'h',
    summarize: 's',
    all: 'a',
    total: 'c',
    bytes: 'b',
    'apparent-size': 'apparent',
  });
  const deepest = flags.has('s') ? 0 : Number(values.get('d') ?? Infinity);
  const show = (size: number): string =>
    flags.has('h') ? humanSize(size) : flags.has('b') ? String(size) : String(Math.ceil(size / 1024));
  let status = 0;
  let total = 0;
  const visit = (path: string, depth: number): number => {
    const stat = statOf(context, path, false);
    if (typeof stat === 'number') {
      status = complain(context, `'${path}'`, stat, 'cannot access ');
      return 0;
    }
    let size = flags.has('b') || flags.has('apparent') ? stat.size : isFolder(stat) ? 4096 : blocksOf(stat) * 1024;
    if (isFolder(stat)) {
      const names = namesIn(context.fs, absolutePath(context.cwd, path));
      if (typeof names !== 'number') for (const name of names) size += visit(`${path.replace(/\/$/, '')}/${name}`, depth + 1);
    }
    if (depth <= deepest && (isFolder(stat) || flags.has('a') || depth === 0)) context.write(`${show(size)}\t${path}\n`);
    return size;
  };
  for (const path of operands.length === 0 ? ['.'] : operands) total += visit(path, 0);
  if (flags.has('c')) context.write(`${show(total)}\ttotal\n`);
  return status;
};

export const df: Tool = (context) => {
  const { flags } = parseOptions(context.args, '', { 'human-readable': 'h' });
  const { blockSize, blocks, blocksFree } = context.fs.statfs();
  const [size, free] = [blocks * blockSize, blocksFree * blockSize];
  const show = (value: number): string => (flags.has('h') ? humanSize(value) : String(Math.floor(value / 1024)));
  const rows = [
    ['Filesystem', flags.has('h') ? 'Size' : '1K-blocks', 'Used', 'Available', 'Use%', 'Mounted on'],
    ['verklet', show(size), show(size - free), show(free), `${Math.ceil(((size - free) / size) * 100)}%`, '/'],
  ];
  const widths = rows[0]?.map((_cell, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  for (const row of rows)
    context.write(
      `${row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column] ?? 0) : column === 5 ? cell : cell.padStart(widths[column] ?? 0))).join(' ')}\n`,
    );
  return 0;
};

export const tree: Tool = (context) => {
  const { flags, values, all, operands } = parseOptions(context.args, 'LIP');
  const counts = { folders: 0, files: 0 };
  const hidden = (all.get('I') ?? []).flatMap((text) => text.split('|')).map((glob) => globExpression(glob));
  const wanted = values.has('P') ? globExpression(values.get('P') ?? '') : null;
  const deepest = Number(values.get('L') ?? Infinity);
  const visit = (path: string, prefix: string, depth: number): void => {
    if (depth > deepest) return;
    const names = namesIn(context.fs, absolutePath(context.cwd, path));
    if (typeof names === 'number') return;
    const shown = names.filter(
      (name) =>
        (flags.has('a') || !name.startsWith('.')) &&
        !hidden.some((glob) => glob.test(name)) &&
        isShown(context, `${path}/${name}`, name, flags, wanted),
    );
    shown.forEach((name, index) => {
      const inner = `${path}/${name}`;
      const stat = statOf(context, inner, false);
      const isLast = index === shown.length - 1;
      const target = isLink(stat) ? ` -> ${String(context.fs.readlink(absolutePath(context.cwd, inner)))}` : '';
      context.write(
        `${prefix}${isLast ? '└── ' : '├── '}${flags.has('f') ? inner : name}${flags.has('F') && isFolder(stat) ? '/' : ''}${target}\n`,
      );
      if (!isFolder(stat)) return void counts.files++;
      counts.folders++;
      visit(inner, `${prefix}${isLast ? '    ' : '│   '}`, depth + 1);
    });
  };
  let status = 0;
  for (const path of operands.length === 0 ? ['.'] : operands) {
    const stat = statOf(context, path);
    context.write(`${path}${typeof stat === 'number' || (stat.mode & S_IFMT) !== S_IFDIR ? '  [error opening dir]' : ''}\n`);
    if (isFolder(stat)) visit(path.replace(/(?<=.)\/$/, ''), '', 1);
    else status = 2;
  }
  const folders = `${counts.folders} director${counts.folders === 1 ? 'y' : 'ies'}`;
  context.write(`\n${folders}${flags.has('d') ? '' : `, ${counts.files} file${counts.files === 1 ? '' : 's'}`}\n`);
  return status;
};

function isShown(context: ToolContext, path: string, name: string, flags: ReadonlySet<string>, wanted: RegExp | null): boolean {
  const folder = isFolder(statOf(context, path, false));
  return folder || (!flags.has('d') && (wanted === null || wanted.test(name)));
}
