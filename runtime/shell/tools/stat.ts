// stat: everything that is known of a file. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { absolutePath, complain, parseOptions, type Tool, type ToolContext } from '../tool.ts';
import { formatEscapes } from '../sh/ansi-escapes.ts';
import { formatDate } from './date.ts';
import { modeText, ownerName, S_IFLNK, S_IFMT, statOf } from './file-types.ts';

export const TYPE_NAMES: Readonly<Record<number, string>> = {
  0o040000: 'directory',
  0o120000: 'symbolic link',
  0o020000: 'character special file',
  0o060000: 'block special file',
  0o010000: 'fifo',
  0o140000: 'socket',
};

export const stat: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'c', { format: 'c', printf: 'printf=', dereference: 'L', terse: 't' });
  let status = 0;
  for (const name of operands) {
    const found = statOf(context, name, flags.has('L'));
    if (typeof found === 'number') {
      status = complain(context, `'${name}'`, found, 'cannot statx ');
      continue;
    }
    const format = values.get('c');
    const printf = values.get('printf');
    if (printf !== undefined) context.write(formatEscapes(fill(context, printf, name, found)));
    else context.write(`${format === undefined ? describe(context, name, found) : fill(context, format, name, found)}\n`);
  }
  return status;
};

export function typeName(found: Stat): string {
  return TYPE_NAMES[found.mode & S_IFMT] ?? (found.size === 0 ? 'regular empty file' : 'regular file');
}

function when(seconds: number, nanoseconds: number): string {
  return formatDate(new Date(seconds * 1000), `%Y-%m-%d %H:%M:%S.${String(nanoseconds).padStart(9, '0')} %z`, true);
}

function fill(context: ToolContext, format: string, name: string, found: Stat): string {
  const parts: Readonly<Record<string, () => string>> = {
    a: () => (found.mode & 0o7777).toString(8),
    A: () => modeText(found.mode),
    b: () => String(Math.ceil(found.size / 512)),
    B: () => '512',
    d: () => '1',
    f: () => found.mode.toString(16),
    F: () => typeName(found),
    g: () => String(found.gid),
    G: () => ownerName(found.gid),
    h: () => String(found.nlink),
    i: () => String(found.ino),
    n: () => name,
    N: () => quoted(context, name, found),
    o: () => '4096',
    s: () => String(found.size),
    u: () => String(found.uid),
    U: () => ownerName(found.uid),
    x: () => when(found.atimeSec, found.atimeNsec),
    X: () => String(found.atimeSec),
    y: () => when(found.mtimeSec, found.mtimeNsec),
    Y: () => String(found.mtimeSec),
    z: () => when(found.ctimeSec, found.ctimeNsec),
    Z: () => String(found.ctimeSec),
    w: () => when(found.birthtimeSec, found.birthtimeNsec),
    W: () => String(found.birthtimeSec),
    '%': () => '%',
  };
  return format.replaceAll(/%(-?\d*)([a-zA-Z%])/g, (whole, width: string, key: string) => {
    const text = parts[key]?.() ?? whole;
    return width.startsWith('-') ? text.padEnd(Number(width.slice(1))) : text.padStart(Number(width || 0));
  });
}

function quoted(context: ToolContext, name: string, found: Stat): string {
  const target = (found.mode & S_IFMT) === S_IFLNK ? context.fs.readlink(absolutePath(context.cwd, name)) : null;
  return typeof target === 'string' ? `'${name}' -> '${target}'` : `'${name}'`;
}

function describe(context: ToolContext, name: string, found: Stat): string {
  const target = (found.mode & S_IFMT) === S_IFLNK ? ` -> ${String(context.fs.readlink(absolutePath(context.cwd, name)))}` : '';
  return fill(
    context,
    `  File: %n${target}\n  Size: %-10s\tBlocks: %-10b IO Block: %-6o %F\nDevice: 0,1\tInode: %-10i  Links: %h\nAccess: (0${(found.mode & 0o7777).toString(8)}/%A)  Uid: (%5u/%8U)   Gid: (%5g/%8G)\nAccess: %x\nModify: %y\nChange: %z\n Birth: %w`,
    name,
    found,
  );
}
