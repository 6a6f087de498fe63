// cp mv rm install: moving and removing files and trees. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { baseName, normalizePath } from '../paths.ts';
import { absolutePath, complain, errnoText, type Options, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { decodeText } from '../text.ts';
import { isFolder, isLink, namesIn, newMode, S_IFMT, S_IFREG, statOf } from './file-types.ts';

const ENOENT = -2;
const CHUNK_BYTES = 1024 * 1024;
const LONG = {
  recursive: 'r',
  force: 'f',
  interactive: 'i',
  verbose: 'v',
  archive: 'a',
  'no-clobber': 'n',
  update: 'u',
  'no-dereference': 'P',
  dereference: 'L',
  'target-directory': 't',
  'no-target-directory': 'T',
  preserve: 'p',
  dir: 'd',
  parents: 'parents',
};

export const rm: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', LONG);
  const isRecursive = flags.has('r') || flags.has('R');
  if (operands.length === 0 && !flags.has('f')) throw new ToolFailure('missing operand');
  let status = 0;
  for (const name of operands) {
    const path = absolutePath(context.cwd, name);
    const stat = statOf(context, name, false);
    if (stat === ENOENT && flags.has('f')) continue;
    if (/(?:^|\/)\.\.?\/?$/.test(name) || normalizePath(path) === '/') {
      context.writeError(`rm: refusing to remove '.' or '..' directory: skipping '${name}'\n`);
      status = 1;
      continue;
    }
    if (flags.has('i') && !confirm(context, `rm: remove ${isFolder(stat) ? 'directory' : 'regular file'} '${name}'? `)) continue;
    const result = typeof stat === 'number' ? stat : removeOne(context, path, stat, isRecursive, flags.has('d'));
    if (result < 0) status = complain(context, `'${name}'`, result, 'cannot remove ');
    else if (flags.has('v')) context.write(`removed ${isFolder(stat) ? 'directory ' : ''}'${name}'\n`);
  }
  return status;
};

function removeOne(context: ToolContext, path: string, stat: Stat, isRecursive: boolean, takesEmpty: boolean): number {
  if (!isFolder(stat)) return context.fs.unlink(path);
  if (isRecursive) return context.fs.removeAll(path);
  return takesEmpty ? context.fs.rmdir(path) : -21;
}

export function confirm(context: ToolContext, question: string): boolean {
  context.writeError(question);
  return /^y/i.test(decodeText(context.read().slice()).trim());
}

export const mv: Tool = (context) => {
  const options = parseOptions(context.args, 't', LONG);
  return transfer(context, options, (from, to) => {
    const result = context.fs.rename(from, to);
    return result;
  });
};

export const cp: Tool = (context) => {
  const options = parseOptions(context.args, 't', LONG);
  const { flags } = options;
  const copier = new Copier(context, {
    isRecursive: flags.has('r') || flags.has('R') || flags.has('a'),
    keepsAttributes: flags.has('p') || flags.has('a'),
    followsLinks: flags.has('L') || (!flags.has('r') && !flags.has('R') && !flags.has('a') && !flags.has('P') && !flags.has('d')),
    isForced: flags.has('f'),
  });
  return transfer(context, options, (from, to, name) => copier.copy(from, to, name));
};

type Move = (from: string, to: string, name: string) => number;

function transfer(context: ToolContext, { flags, values, operands }: Options, move: Move): number {
  const target = values.get('t') ?? operands.pop();
  if (target === undefined || operands.length === 0)
    throw new ToolFailure(target === undefined ? 'missing file operand' : `missing destination file operand after '${target}'`);
  const stat = statOf(context, target);
  const isInto = isFolder(stat) && !flags.has('T');
  if (operands.length > 1 && !isInto) throw new ToolFailure(`target '${target}': ${errnoText(typeof stat === 'number' ? stat : -20)}`);
  let status = 0;
  for (const name of operands) {
    const shown = isInto ? `${target.replace(/\/+$/, '')}/${baseName(name)}` : target;
    const to = absolutePath(context.cwd, shown);
    const from = absolutePath(context.cwd, name);
    const known = statOf(context, shown);
    if (typeof known !== 'number' && (flags.has('n') || (flags.has('u') && !isNewer(context, name, known)))) continue;
    if (typeof known !== 'number' && flags.has('i') && !confirm(context, `${context.name}: overwrite '${shown}'? `)) continue;
    const source = statOf(context, name, false);
    if (typeof source === 'number') {
      status = complain(context, `'${name}'`, source, 'cannot stat ');
      continue;
    }
    if (typeof known !== 'number' && known.ino === source.ino && normalizePath(from) === normalizePath(to)) {
      context.writeError(`${context.name}: '${name}' and '${shown}' are the same file\n`);
      status = 1;
      continue;
    }
    const result = move(from, to, name);
    if (result === OMITTED) status = 1;
    else if (result < 0) status = complain(context, `'${shown}'`, result, `cannot ${context.name === 'mv' ? 'move' : 'create'} `);
    else if (flags.has('v')) context.write(context.name === 'mv' ? `renamed '${name}' -> '${shown}'\n` : `'${name}' -> '${shown}'\n`);
  }
  return status;
}

function isNewer(context: ToolContext, name: string, than: Stat): boolean {
  const stat = statOf(context, name);
  return (
    typeof stat !== 'number' && (stat.mtimeSec > than.mtimeSec || (stat.mtimeSec === than.mtimeSec && stat.mtimeNsec > than.mtimeNsec))
  );
}

/** The complaint was made already. */
const OMITTED = -100_000;

interface CopyOptions {
  readonly isRecursive: boolean;
  readonly keepsAttributes: boolean;
  readonly followsLinks: boolean;
  readonly isForced: boolean;
}

class Copier {
  readonly #context: ToolContext;
  readonly #options: CopyOptions;

  constructor(context: ToolContext, options: CopyOptions) {
    this.#context = context;
    this.#options = options;
  }

  copy(from: string, to: string, name: string): number {
    const { fs } = this.#context;
    const { isRecursive, followsLinks } = this.#options;
    const stat = statOf(this.#context, from, followsLinks);
    if (typeof stat === 'number') return stat;
    if (isFolder(stat)) {
      if (!isRecursive) {
        this.#context.writeError(`cp: -r not specified; omitting directory '${name}'\n`);
        return OMITTED;
      }
      if (`${normalizePath(to)}/`.startsWith(`${normalizePath(from)}/`)) {
        this.#context.writeError(`cp: cannot copy a directory, '${name}', into itself, '${to}'\n`);
        return OMITTED;
      }
      return this.#copyFolder(from, to, name, stat);
    }
    if (isLink(stat)) {
      const target = fs.readlink(from);
      if (typeof target === 'number') return target;
      fs.unlink(to);
      return fs.symlink(target, to);
    }
    return this.#copyFile(from, to, stat);
  }

  #copyFolder(from: string, to: string, name: string, stat: Stat): number {
    const { fs } = this.#context;
    const names = namesIn(fs, from);
    if (typeof names === 'number') return names;
    const made = fs.mkdirAll(to, 0o777 & ~this.#context.umask);
    if (typeof made === 'number' && made < 0) return made;
    let worst = 0;
    for (const child of names) worst = Math.min(worst, this.copy(`${from}/${child}`, `${to}/${child}`, `${name}/${child}`));
    fs.chmod(to, stat.mode & 0o7777);
    this.#attributes(to, stat);
    return worst;
  }

  #copyFile(from: string, to: string, stat: Stat): number {
    const { fs } = this.#context;
    const source = fs.open(from, 0, 0);
    if (source < 0) return source;
    let target = fs.open(to, 0o1101, stat.mode & 0o777 & ~(this.#options.keepsAttributes ? 0 : this.#context.umask));
    if (target < 0 && this.#options.isForced) {
      fs.unlink(to);
      target = fs.open(to, 0o1101, stat.mode & 0o777);
    }
    if (target < 0) {
      fs.close(source);
      return target;
    }
    const into = new Uint8Array((stat.mode & S_IFMT) === S_IFREG ? Math.min(CHUNK_BYTES, Math.max(1, stat.size)) : 65536);
    let result = 0;
    for (let count = fs.read(source, into, -1); count > 0; count = fs.read(source, into, -1)) {
      for (let done = 0; done < count;) {
        const written = fs.write(target, into.subarray(done, count), -1);
        if (written <= 0) {
          result = written;
          break;
        }
        done += written;
      }
      if (result < 0) break;
    }
    fs.close(source);
    fs.close(target);
    if (result === 0) this.#attributes(to, stat);
    return result;
  }

  #attributes(to: string, stat: Stat): void {
    if (!this.#options.keepsAttributes) return;
    this.#context.fs.chmod(to, stat.mode & 0o7777);
    this.#context.fs.utimes(to, stat.atimeSec * 1000 + stat.atimeNsec / 1e6, stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6, true);
  }
}

export const install: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'mtog', { mode: 'm', directory: 'd', 'target-directory': 't' });
  const mode = newMode(values.get('m') ?? '755', 0) ?? 0o755;
  if (flags.has('d')) {
    for (const name of operands) context.fs.mkdirAll(absolutePath(context.cwd, name), mode);
    return 0;
  }
  const target = values.get('t') ?? operands.pop() ?? '';
  const copier = new Copier(context, { isRecursive: false, keepsAttributes: false, followsLinks: true, isForced: true });
  let status = 0;
  for (const name of operands) {
    const shown = isFolder(statOf(context, target)) ? `${target}/${baseName(name)}` : target;
    const to = absolutePath(context.cwd, shown);
    if (flags.has('D')) context.fs.mkdirAll(to.slice(0, to.lastIndexOf('/')), 0o755);
    const result = copier.copy(absolutePath(context.cwd, name), to, name);
    if (result < 0) status = complain(context, `'${name}'`, result, 'cannot install ');
    else context.fs.chmod(to, mode);
  }
  return status;
};
