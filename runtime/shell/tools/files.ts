// cat cp ln ls mkdir mv pwd readlink realpath rm rmdir touch chmod: files, as POSIX has them. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { absolutePath, complain, inputs, parseOptions, type Tool, type ToolContext } from '../tool.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFLNK = 0o120000;
const ENOENT = -2;
const ENOTDIR = -20;
const EISDIR = -21;
const TYPE_LETTER: Readonly<Record<number, string>> = { [S_IFDIR]: 'd', [S_IFLNK]: 'l', 0o020000: 'c' };
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const cat: Tool = (context) => {
  const files = inputs(context, parseOptions(context.args).operands);
  let next = files.next();
  for (; next.done !== true; next = files.next()) context.write(next.value.bytes);
  return next.value;
};

export const pwd: Tool = (context) => {
  context.write(`${context.cwd}\n`);
  return 0;
};

export const ls: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const paths = operands.length === 0 ? ['.'] : operands;
  let status = 0;
  for (const [index, path] of paths.entries()) {
    const stat = statOf(context, path);
    if (typeof stat === 'number') {
      status = complain(context, path, stat, 'cannot access ');
      continue;
    }
    const isFolder = (stat.mode & S_IFMT) === S_IFDIR && !flags.has('d');
    if (isFolder && paths.length > 1) context.write(`${index > 0 ? '\n' : ''}${path}:\n`);
    list(context, isFolder ? namesIn(context, path, flags) : [path], isFolder ? path : '', flags);
  }
  return status;
};

function namesIn(context: ToolContext, path: string, flags: Set<string>): string[] {
  const entries = context.fs.readdir(absolutePath(context.cwd, path));
  if (typeof entries === 'number') return [];
  const names = entries
    .map(({ name }) => name)
    .filter((name) => flags.has('a') || flags.has('A') || !name.startsWith('.'))
    .sort();
  return flags.has('a') ? ['.', '..', ...names] : names;
}

function list(context: ToolContext, names: readonly string[], folder: string, flags: Set<string>): void {
  const full = (name: string): string => (folder === '' ? name : `${folder}/${name}`);
  if (flags.has('l')) {
    for (const name of names) context.write(longLine(context, full(name), name));
    return;
  }
  const shown = names.map((name) => decorate(context, full(name), name, flags));
  if (!context.isTerminal || flags.has('1')) context.write(shown.map((name) => `${name}\n`).join(''));
  else if (shown.length > 0) context.write(`${shown.join('  ')}\n`);
}

function decorate(context: ToolContext, path: string, name: string, flags: Set<string>): string {
  const stat = statOf(context, path, false);
  if (typeof stat === 'number') return name;
  const type = stat.mode & S_IFMT;
  const suffix = flags.has('F') || flags.has('p') ? (type === S_IFDIR ? '/' : '') : '';
  if (!context.isTerminal) return `${name}${suffix}`;
  const color = type === S_IFDIR ? '1;34' : type === S_IFLNK ? '1;36' : (stat.mode & 0o111) !== 0 ? '1;32' : '';
  return color === '' ? `${name}${suffix}` : `\u001b[${color}m${name}\u001b[0m${suffix}`;
}

function longLine(context: ToolContext, path: string, name: string): string {
  const stat = statOf(context, path, false);
  if (typeof stat === 'number') return `?????????? ${name}\n`;
  const type = stat.mode & S_IFMT;
  const date = new Date(stat.mtimeSec * 1000);
  const pad = (value: number): string => String(value).padStart(2, '0');
  const when = `${MONTHS[date.getMonth()] ?? ''} ${String(date.getDate()).padStart(2)} ${pad(date.getHours())}:${pad(date.getMinutes())}`;
  const target = type === S_IFLNK ? ` -> ${String(context.fs.readlink(absolutePath(context.cwd, path)))}` : '';
  const owner = stat.uid === 0 ? 'root root' : 'user user';
  return `${modeText(stat.mode)} ${stat.nlink} ${owner} ${String(stat.size).padStart(8)} ${when} ${name}${target}\n`;
}

function modeText(mode: number): string {
  const letters = 'rwxrwxrwx';
  const bits = [...letters].map((letter, index) => ((mode & (0o400 >> index)) === 0 ? '-' : letter)).join('');
  return `${TYPE_LETTER[mode & S_IFMT] ?? '-'}${bits}`;
}

export const mkdir: Tool = (context) =>
  each(
    context,
    parseOptions(context.args, 'm').operands,
    (path) => {
      const { flags } = parseOptions(context.args, 'm');
      const made = flags.has('p') || flags.has('--parents') ? context.fs.mkdirAll(path, 0o755) : context.fs.mkdir(path, 0o755);
      return typeof made === 'string' ? 0 : made;
    },
    'cannot create directory ',
  );

export const rmdir: Tool = (context) =>
  each(context, parseOptions(context.args).operands, (path) => context.fs.rmdir(path), 'failed to remove ');

export const rm: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const isRecursive = flags.has('r') || flags.has('R') || flags.has('--recursive');
  const isForced = flags.has('f') || flags.has('--force');
  return each(
    context,
    operands,
    (path, name) => {
      if (/(?:^|\/)\.\.?\/?$/.test(name) || path === '/') return -22;
      const result = isRecursive && statOf(context, name, false) !== ENOENT ? context.fs.removeAll(path) : context.fs.unlink(path);
      return isForced && result === ENOENT ? 0 : result;
    },
    'cannot remove ',
  );
};

export const touch: Tool = (context) =>
  each(
    context,
    parseOptions(context.args).operands,
    (path) => {
      const now = Date.now();
      const result = context.fs.utimes(path, now, now, true);
      return result === ENOENT ? context.fs.writeFile(path, new Uint8Array(), 0o644) : result;
    },
    'cannot touch ',
  );

export const chmod: Tool = (context) => {
  const [mode = '', ...files] = context.args.filter((arg) => arg !== '-R');
  return each(
    context,
    files,
    (path, name) => {
      const stat = statOf(context, name);
      return typeof stat === 'number' ? stat : context.fs.chmod(path, newMode(mode, stat.mode & 0o7777));
    },
    'cannot access ',
  );
};

/** Octal, or symbolic as `u+x,go-w`. */
function newMode(text: string, mode: number): number {
  if (/^[0-7]+$/.test(text)) return Number.parseInt(text, 8);
  let result = mode;
  for (const [, who = '', operator = '', what = ''] of text.matchAll(/([ugoa]*)([+=-])([rwx]*)/g)) {
    let bits = 0;
    for (const letter of what) bits |= letter === 'r' ? 0o444 : letter === 'w' ? 0o222 : 0o111;
    const mask =
      who === '' || who.includes('a') ? 0o777 : [...who].reduce((sum, one) => sum | (one === 'u' ? 0o700 : one === 'g' ? 0o070 : 0o007), 0);
    result = operator === '+' ? result | (bits & mask) : operator === '-' ? result & ~(bits & mask) : (result & ~mask) | (bits & mask);
  }
  return result;
}

export const ln: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  const [target = '', name = ''] = operands;
  const wanted = name === '' ? target.slice(target.lastIndexOf('/') + 1) : name;
  const path = intoFolder(context, wanted, target);
  if (flags.has('f')) context.fs.unlink(path);
  const result = flags.has('s') ? context.fs.symlink(target, path) : context.fs.link(absolutePath(context.cwd, target), path);
  return result < 0 ? complain(context, wanted, result, 'failed to create link ') : 0;
};

export const mv: Tool = (context) => transfer(context, (from, to) => context.fs.rename(from, to));

export const cp: Tool = (context) => {
  const { flags } = parseOptions(context.args);
  const isRecursive = ['r', 'R', 'a'].some((flag) => flags.has(flag)) || flags.has('--recursive');
  return transfer(context, (from, to) => copy(context, from, to, isRecursive));
};

function transfer(context: ToolContext, move: (from: string, to: string) => number): number {
  const { operands } = parseOptions(context.args);
  const target = operands.pop() ?? '';
  if (operands.length === 0) {
    context.writeError(`${context.name}: missing destination file operand\n`);
    return 1;
  }
  const stat = statOf(context, target);
  if (operands.length > 1 && (typeof stat === 'number' || (stat.mode & S_IFMT) !== S_IFDIR))
    return complain(context, target, ENOTDIR, 'target ');
  return each(context, operands, (path, name) => move(path, intoFolder(context, target, name)), 'cannot transfer ');
}

/** `target/name` where target is a folder, else target. */
function intoFolder(context: ToolContext, target: string, source: string): string {
  const path = absolutePath(context.cwd, target);
  const stat = statOf(context, target);
  const base = source.replace(/\/+$/, '');
  return typeof stat !== 'number' && (stat.mode & S_IFMT) === S_IFDIR ? `${path}/${base.slice(base.lastIndexOf('/') + 1)}` : path;
}

function copy(context: ToolContext, from: string, to: string, isRecursive: boolean): number {
  const stat = {} as Stat;
  const error = isRecursive ? context.fs.lstat(from, stat) : context.fs.stat(from, stat);
  if (error < 0) return error;
  const type = stat.mode & S_IFMT;
  if (type === S_IFLNK) {
    const target = context.fs.readlink(from);
    return typeof target === 'number' ? target : context.fs.symlink(target, to);
  }
  if (type !== S_IFDIR) {
    const bytes = context.fs.readFile(from);
    return typeof bytes === 'number' ? bytes : context.fs.writeFile(to, bytes, stat.mode & 0o777);
  }
  if (!isRecursive) return EISDIR;
  const entries = context.fs.readdir(from);
  if (typeof entries === 'number') return entries;
  const made = context.fs.mkdirAll(to, 0o755);
  if (typeof made === 'number' && made < 0) return made;
  for (const { name } of entries) {
    const result = copy(context, `${from}/${name}`, `${to}/${name}`, true);
    if (result < 0) return result;
  }
  return 0;
}

export const readlink: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args);
  return each(context, operands, (path) => print(context, flags.has('f') ? context.fs.realpath(path) : context.fs.readlink(path)));
};

export const realpath: Tool = (context) =>
  each(context, parseOptions(context.args).operands, (path) => print(context, context.fs.realpath(path)));

function print(context: ToolContext, result: string | number): number {
  if (typeof result === 'number') return result;
  context.write(`${result}\n`);
  return 0;
}

/** Applies `work` to each operand; complains about each that fails. */
function each(context: ToolContext, names: readonly string[], work: (path: string, name: string) => number, prefix = ''): number {
  if (names.length === 0) {
    context.writeError(`${context.name}: missing operand\n`);
    return 1;
  }
  let status = 0;
  for (const name of names) {
    const result = work(absolutePath(context.cwd, name), name);
    if (result < 0) status = complain(context, `'${name}'`, result, prefix);
  }
  return status;
}

function statOf(context: ToolContext, path: string, follow = true): Stat | number {
  const stat = {} as Stat;
  const full = absolutePath(context.cwd, path);
  const error = follow ? context.fs.stat(full, stat) : context.fs.lstat(full, stat);
  return error < 0 ? error : stat;
}
