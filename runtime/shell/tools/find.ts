// find: walks trees and acts on what its expression selects. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { absolutePath, errnoText, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { runCommand } from '../tool-context.ts';
import { globExpression } from '../sh/glob.ts';
import { basicExpression, extendedExpression } from '../regular-expression.ts';
import { formatEscapes } from '../sh/ansi-escapes.ts';
import { confirm } from './copy.ts';
import { formatDate, parseDate } from './date.ts';
import { isFolder, isLink, modeText, namesIn, newMode, ownerName, S_IFDIR, statOf, typeLetter } from './file-types.ts';

interface Place {
  readonly path: string;
  readonly depth: number;
  readonly stat: Stat;
  /** The operand it was found below. */
  readonly root: string;
}

type Test = (place: Place) => boolean | Promise<boolean>;

interface Settings {
  minDepth: number;
  maxDepth: number;
  isDepthFirst: boolean;
  followsLinks: boolean;
  hasAction: boolean;
}

class Quit extends Error {}

export const find: Tool = async (context) => {
  const args = [...context.args];
  const settings: Settings = { minDepth: 0, maxDepth: Infinity, isDepthFirst: false, followsLinks: false, hasAction: false };
  while (/^-[LHP]$/.test(args[0] ?? '')) settings.followsLinks = args.shift() === '-L';
  const roots: string[] = [];
  while (args.length > 0 && !/^[-(!,]/.test(args[0] ?? '')) roots.push(args.shift() ?? '');
  const parser = new ExpressionParser(context, args, settings);
  const parsed = parser.parse();
  const test: Test = settings.hasAction ? parsed : async (place) => (await parsed(place)) && print(context, place);
  const walker = new Walker(context, settings, parser, test);
  try {
    for (const root of roots.length === 0 ? ['.'] : roots) await walker.walk(root);
  } catch (jump) {
    if (!(jump instanceof Quit)) throw jump;
  }
  const failed = await parser.finish();
  return walker.status || failed;
};

function print({ write }: ToolContext, { path }: Place): boolean {
  write(`${path}\n`);
  return true;
}

class Walker {
  readonly #context: ToolContext;
  readonly #settings: Settings;
  readonly #parser: ExpressionParser;
  readonly #test: Test;
  status = 0;

  constructor(context: ToolContext, settings: Settings, parser: ExpressionParser, test: Test) {
    this.#context = context;
    this.#settings = settings;
    this.#parser = parser;
    this.#test = test;
  }

  async walk(root: string): Promise<void> {
    const stat = statOf(this.#context, root, this.#settings.followsLinks);
    if (typeof stat === 'number') return this.#complain(root, stat);
    await this.#visit({ path: root, depth: 0, stat, root });
  }

  async #visit(place: Place): Promise<void> {
    const { minDepth, maxDepth, isDepthFirst, followsLinks } = this.#settings;
    const { path, depth, stat, root } = place;
    this.#parser.isPruned = false;
    if (!isDepthFirst && depth >= minDepth) await this.#test(place);
    if (isFolder(stat) && depth < maxDepth && !this.#parser.isPruned) {
      const names = namesIn(this.#context.fs, absolutePath(this.#context.cwd, path));
      if (typeof names === 'number') this.#complain(path, names);
      else
        for (const name of names) {
          const inner = `${path.replace(/(?<=[^/])\/+$/, '')}${path.endsWith('/') ? '' : '/'}${name}`;
          let found = statOf(this.#context, inner, followsLinks);
          if (typeof found === 'number') found = statOf(this.#context, inner, false);
          if (typeof found === 'number') this.#complain(inner, found);
          else await this.#visit({ path: inner, depth: depth + 1, stat: found, root });
        }
    }
    if (isDepthFirst && depth >= minDepth) await this.#test(place);
  }

  #complain(path: string, errno: number): void {
    this.status = 1;
    this.#context.writeError(`find: '${path}': ${errnoText(errno)}\n`);
  }
}

class ExpressionParser {
  readonly #context: ToolContext;
  readonly #args: string[];
  readonly #settings: Settings;
  readonly #batches: { readonly command: string[]; readonly paths: string[] }[] = [];
  isPruned = false;

  constructor(context: ToolContext, args: string[], settings: Settings) {
    this.#context = context;
    this.#args = args;
    this.#settings = settings;
  }

  parse(): Test {
    if (this.#args.length === 0) return () => true;
    const test = this.#or();
    if (this.#args.length > 0) throw new ToolFailure(`paths must precede expression: '${this.#args[0] ?? ''}'`);
    return test;
  }

  /** Runs what `-exec ... +` collected. */
  async finish(): Promise<number> {
    let status = 0;
    for (const { command, paths } of this.#batches)
      if (paths.length > 0 && (await runCommand(this.#context, [...command, ...paths])) !== 0) status = 1;
    return status;
  }

  #or(): Test {
    let left = this.#and();
    while (this.#take('-o') || this.#take('-or')) {
      const [a, b] = [left, this.#and()];
      left = async (place) => (await a(place)) || b(place);
    }
    return left;
  }

  #and(): Test {
    let left = this.#not();
    for (;;) {
      if (!this.#take('-a')) this.#take('-and');
      const next = this.#args[0];
      if (next === undefined || next === ')' || next === '-o' || next === '-or' || next === ',') return left;
      const [a, b] = [left, this.#not()];
      left = async (place) => (await a(place)) && b(place);
    }
  }

  #not(): Test {
    if (this.#take('!') || this.#take('-not')) {
      const inner = this.#not();
      return async (place) => !(await inner(place));
    }
    if (this.#take('(')) {
      const inner = this.#or();
      if (!this.#take(')')) throw new ToolFailure("invalid expression; expected to find a ')' but didn't see one");
      return inner;
    }
    return this.#primary(this.#args.shift() ?? '');
  }

  #primary(name: string): Test {
    const { fs, cwd } = this.#context;
    switch (name) {
      case '-name':
      case '-iname':
        return this.#glob(name, ({ path }) => path.replace(/(?<=.)\/+$/, '').replace(/^.*\/(?=.)/, ''));
      case '-path':
      case '-wholename':
      case '-ipath':
        return this.#glob(name, ({ path }) => path);
      case '-regex':
      case '-iregex': {
        const expression = this.#regex(name === '-iregex');
        return ({ path }) => expression.test(path);
      }
      case '-regextype':
        this.#regexType = this.#value(name);
        return () => true;
      case '-type':
      case '-xtype': {
        const types = this.#value(name).split(',');
        return ({ stat }) => types.includes(typeLetter(stat.mode, 'f'));
      }
      case '-maxdepth':
        this.#settings.maxDepth = Number(this.#value(name));
        return () => true;
      case '-mindepth':
        this.#settings.minDepth = Number(this.#value(name));
        return () => true;
      case '-depth':
        this.#settings.isDepthFirst = true;
        return () => true;
      case '-follow':
        this.#settings.followsLinks = true;
        return () => true;
      case '-mount':
      case '-xdev':
      case '-noleaf':
      case '-daystart':
        return () => true;
      case '-true':
        return () => true;
      case '-false':
        return () => false;
      case '-empty':
        return ({ path, stat }) => {
          if (!isFolder(stat)) return (stat.mode & 0o170000) === 0o100000 && stat.size === 0;
          const names = namesIn(fs, absolutePath(cwd, path));
          return typeof names !== 'number' && names.length === 0;
        };
      case '-size':
        return sizeTest(this.#value(name));
      case '-mtime':
      case '-mmin':
      case '-atime':
      case '-amin':
      case '-ctime':
      case '-cmin':
        return ageTest(name, this.#value(name));
      case '-newer':
      case '-anewer':
      case '-cnewer': {
        const reference = statOf(this.#context, this.#value(name));
        if (typeof reference === 'number') throw new ToolFailure(errnoText(reference));
        return ({ stat }) =>
          stat.mtimeSec > reference.mtimeSec || (stat.mtimeSec === reference.mtimeSec && stat.mtimeNsec > reference.mtimeNsec);
      }
      case '-newermt': {
        const date = parseDate(this.#value(name), true);
        return ({ stat }) => date !== null && stat.mtimeSec * 1000 > date.getTime();
      }
      case '-perm':
        return permissionTest(this.#value(name));
      case '-links': {
        const matches = numberTest(this.#value(name));
        return ({ stat }) => matches(stat.nlink);
      }
      case '-inum': {
        const matches = numberTest(this.#value(name));
        return ({ stat }) => matches(stat.ino);
      }
      case '-user': {
        const user = this.#value(name);
        return ({ stat }) => ownerName(stat.uid) === user || String(stat.uid) === user;
      }
      case '-readable':
      case '-writable':
      case '-executable': {
        const mode = name === '-readable' ? 4 : name === '-writable' ? 2 : 1;
        return ({ path }) => fs.access(absolutePath(cwd, path), mode) === 0;
      }
      case '-lname': {
        const expression = globExpression(this.#value(name));
        return ({ path, stat }) => isLink(stat) && expression.test(String(fs.readlink(absolutePath(cwd, path))));
      }
      case '-prune':
        return () => (this.isPruned = true);
      case '-quit':
        this.#settings.hasAction ||= false;
        return () => {
          throw new Quit();
        };
      default:
        return this.#action(name);
    }
  }

  #regexType = 'emacs';

  #action(name: string): Test {
    this.#settings.hasAction = true;
    const { write, fs, cwd } = this.#context;
    switch (name) {
      case '-print':
        return (place) => print(this.#context, place);
      case '-print0':
        return ({ path }) => (write(`${path}\0`), true);
      case '-ls':
        return ({ path, stat }) => (
          write(
            `${String(stat.ino).padStart(9)} ${String(Math.ceil(stat.size / 1024)).padStart(6)} ${modeText(stat.mode)} ${String(stat.nlink).padStart(3)} ${ownerName(stat.uid).padEnd(8)} ${ownerName(stat.gid).padEnd(8)} ${String(stat.size).padStart(8)} ${formatDate(new Date(stat.mtimeSec * 1000), '%b %e %H:%M', true)} ${path}\n`,
          ),
          true
        );
      case '-printf': {
        const format = this.#value(name);
        return (place) => (write(formatPlace(this.#context, format, place)), true);
      }
      case '-delete':
        this.#settings.isDepthFirst = true;
        return ({ path, stat }) => {
          if (path === '.') return true;
          const full = absolutePath(cwd, path);
          const result = (stat.mode & 0o170000) === S_IFDIR ? fs.rmdir(full) : fs.unlink(full);
          if (result < 0) this.#context.writeError(`find: cannot delete '${path}': ${errnoText(result)}\n`);
          return result >= 0;
        };
      case '-exec':
      case '-execdir':
      case '-ok':
        return this.#exec(name);
      default:
        throw new ToolFailure(`unknown predicate '${name}'`);
    }
  }

  #exec(name: string): Test {
    const end = this.#args.findIndex((arg, index) => arg === ';' || (arg === '+' && this.#args[index - 1] === '{}'));
    if (end === -1) throw new ToolFailure(`missing argument to '${name}'`);
    const command = this.#args.splice(0, end);
    if (this.#args.shift() === '+') {
      const batch = { command: command.slice(0, -1), paths: [] as string[] };
      this.#batches.push(batch);
      return ({ path }) => (batch.paths.push(path), true);
    }
    return async ({ path }) => {
      const argv = command.map((word) => word.replaceAll('{}', path));
      if (name === '-ok' && !confirm(this.#context, `< ${argv.join(' ')} > ? `)) return false;
      return (await runCommand(this.#context, argv)) === 0;
    };
  }

  #glob(name: string, text: (place: Place) => string): Test {
    const expression = globExpression(this.#value(name), { isCaseless: name.startsWith('-i') });
    return (place) => expression.test(text(place));
  }

  #regex(isCaseless: boolean): RegExp {
    const pattern = `^(${this.#value('-regex')})$`;
    const flags = isCaseless ? 'i' : '';
    if (/extended|awk|egrep/.test(this.#regexType)) return extendedExpression(pattern, flags);
    // Emacs' syntax: as basic, but + ? * are operators.
    const inner = pattern.slice(2, -2);
    return basicExpression(`^\\(${inner.replaceAll(/(?<!\\)[+?]/g, '\\$&')}\\)$`, flags);
  }

  #value(name: string): string {
    const value = this.#args.shift();
    if (value === undefined) throw new ToolFailure(`missing argument to '${name}'`);
    return value;
  }

  #take(word: string): boolean {
    if (this.#args[0] !== word) return false;
    this.#args.shift();
    return true;
  }
}

/** `+3` more, `-3` fewer, `3` as many. */
function numberTest(text: string): (value: number) => boolean {
  const limit = Number(text.replace(/^[-+]/, ''));
  if (Number.isNaN(limit)) throw new ToolFailure(`invalid argument '${text}'`);
  return text.startsWith('+') ? (value) => value > limit : text.startsWith('-') ? (value) => value < limit : (value) => value === limit;
}

function sizeTest(text: string): Test {
  const match = /^([-+]?\d+)([cwbkMG]?)$/.exec(text);
  if (match === null) throw new ToolFailure(`invalid argument '${text}' to '-size'`);
  const unit = { c: 1, w: 2, b: 512, k: 1024, M: 1024 ** 2, G: 1024 ** 3 }[match[2] ?? ''] ?? 512;
  const matches = numberTest(match[1] ?? '');
  return ({ stat }) => matches(Math.ceil(stat.size / unit));
}

function ageTest(name: string, text: string): Test {
  const unitMs = name.endsWith('min') ? 60_000 : 86_400_000;
  const matches = numberTest(text);
  const now = Date.now();
  return ({ stat }) => {
    const seconds = name.startsWith('-a') ? stat.atimeSec : name.startsWith('-c') ? stat.ctimeSec : stat.mtimeSec;
    return matches(Math.floor((now - seconds * 1000) / unitMs));
  };
}

function permissionTest(text: string): Test {
  const plain = text.replace(/^[-/]/, '');
  const mode = newMode(plain, 0);
  if (mode === null) throw new ToolFailure(`invalid mode '${text}'`);
  if (text.startsWith('-')) return ({ stat }) => (stat.mode & mode) === mode;
  if (text.startsWith('/')) return ({ stat }) => mode === 0 || (stat.mode & mode) !== 0;
  return ({ stat }) => (stat.mode & 0o7777) === mode;
}

function formatPlace(context: ToolContext, format: string, { path, depth, stat, root }: Place): string {
  const base = path.replace(/(?<=.)\/+$/, '').replace(/^.*\/(?=.)/, '');
  const parts: Readonly<Record<string, () => string>> = {
    p: () => path,
    f: () => base,
    h: () => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '.'),
    P: () => path.slice(root.length).replace(/^\//, ''),
    H: () => root,
    s: () => String(stat.size),
    y: () => typeLetter(stat.mode, 'f'),
    m: () => (stat.mode & 0o7777).toString(8),
    M: () => modeText(stat.mode),
    d: () => String(depth),
    i: () => String(stat.ino),
    n: () => String(stat.nlink),
    u: () => ownerName(stat.uid),
    g: () => ownerName(stat.gid),
    l: () => (isLink(stat) ? String(context.fs.readlink(absolutePath(context.cwd, path))) : ''),
    t: () => formatDate(new Date(stat.mtimeSec * 1000), '%c', true),
    '%': () => '%',
  };
  const filled = format.replaceAll(
    /%(?:(-?\d*)([a-zA-Z%])|(?:T|A|C)([@a-zA-Z]))/g,
    (whole, width: string | undefined, key: string | undefined, time: string | undefined) => {
      if (key === 'T' || time !== undefined)
        return time === '@'
          ? `${stat.mtimeSec}.${String(stat.mtimeNsec).padStart(9, '0')}0`
          : formatDate(new Date(stat.mtimeSec * 1000), `%${time ?? 'c'}`, true);
      const text = parts[key ?? '']?.() ?? whole;
      return (width ?? '').startsWith('-') ? text.padEnd(Number((width ?? '').slice(1))) : text.padStart(Number(width || 0));
    },
  );
  return formatEscapes(filled);
}
