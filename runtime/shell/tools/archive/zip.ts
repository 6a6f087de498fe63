// zip unzip. Runs in the tools worker.
import { unzipSync, type Zippable, zipSync } from 'fflate';
import { absolutePath, complain, parseOptions, type Tool, type ToolContext, ToolFailure } from '../../tool.ts';
import { globExpression } from '../../sh/glob.ts';
import { formatDate } from '../date.ts';
import { isFolder, namesIn, statOf } from '../file-types.ts';

/** Unix made it: the upper half of the attributes is the mode. */
const MADE_BY_UNIX = 3;
const EPOCH_1980 = Date.UTC(1980, 0, 2);

export const zip: Tool = (context) => {
  const { flags, all, operands } = parseOptions(context.args, 'xi', { 'recurse-paths': 'r', quiet: 'q', 'junk-paths': 'j' });
  const [archive, ...names] = operands;
  if (archive === undefined || names.length === 0) throw new ToolFailure('Nothing to do!', 12);
  const file = /\.[^/]+$/.test(archive) ? archive : `${archive}.zip`;
  const excluded = (all.get('x') ?? []).map((glob) => globExpression(glob));
  const entries: Zippable = {};
  const before = file === '-' ? -2 : context.fs.readFile(absolutePath(context.cwd, file));
  if (typeof before !== 'number') Object.assign(entries, unzipSync(before));
  let status = 0;
  const add = (name: string): void => {
    if (excluded.some((expression) => expression.test(name))) return;
    const stat = statOf(context, name);
    if (typeof stat === 'number') {
      context.writeError(`\tzip warning: name not matched: ${name}\n`);
      status = 12;
      return;
    }
    const options = { mtime: Math.max(EPOCH_1980, stat.mtimeSec * 1000), os: MADE_BY_UNIX, attrs: (stat.mode & 0xffff) * 65536 } as const;
    const path = absolutePath(context.cwd, name);
    const shown = flags.has('j') ? name.replace(/^.*\//, '') : name.replace(/^(?:\.\/|\/)+/, '');
    if (isFolder(stat)) {
      if (!flags.has('j') && shown !== '' && !flags.has('D')) {
        entries[`${shown.replace(/\/$/, '')}/`] = [new Uint8Array(), options];
        if (!flags.has('q')) context.write(`  adding: ${shown.replace(/\/$/, '')}/ (stored 0%)\n`);
      }
      const children = flags.has('r') ? namesIn(context.fs, path) : [];
      if (typeof children !== 'number') for (const child of children) add(`${name.replace(/\/$/, '')}/${child}`);
      return;
    }
    const bytes = context.fs.readFile(path);
    if (typeof bytes === 'number') {
      status = complain(context, name, bytes);
      return;
    }
    entries[shown] = [bytes, options];
    if (!flags.has('q')) context.write(`  adding: ${shown}\n`);
  };
  for (const name of names) add(name);
  if (Object.keys(entries).length === 0) throw new ToolFailure('Nothing to do!', 12);
  const bytes = zipSync(entries, { level: flags.has('0') ? 0 : flags.has('9') ? 9 : 6 });
  if (file === '-') {
    context.write(bytes);
    return status;
  }
  const result = context.fs.writeFile(absolutePath(context.cwd, file), bytes, 0o666 & ~context.umask);
  return result < 0 ? complain(context, file, result) : status;
};

export const unzip: Tool = (context) => {
  const args = [...context.args];
  const { flags, values, all, operands } = parseOptions(args, 'dx', {});
  const [archive, ...wanted] = operands;
  if (archive === undefined) throw new ToolFailure('usage: unzip [-lopqj] file[.zip] [list] [-x list] [-d folder]', 10);
  const file = [archive, `${archive}.zip`].find((name) => typeof statOf(context, name) !== 'number');
  if (file === undefined) throw new ToolFailure(`cannot find or open ${archive}, ${archive}.zip.`, 9);
  const bytes = context.fs.readFile(absolutePath(context.cwd, file));
  if (typeof bytes === 'number') return complain(context, file, bytes);
  const contents = openArchive(bytes, file);
  const includes = wanted.map((glob) => globExpression(glob));
  const excludes = (all.get('x') ?? []).map((glob) => globExpression(glob));
  const names = Object.keys(contents).filter(
    (name) => (includes.length === 0 || includes.some((glob) => glob.test(name))) && !excludes.some((glob) => glob.test(name)),
  );
  if (flags.has('Z')) {
    for (const name of names) context.write(`${name}\n`);
    return 0;
  }
  if (flags.has('l')) return list(context, file, names, contents);
  if (flags.has('t')) {
    context.write(`No errors detected in compressed data of ${file}.\n`);
    return 0;
  }
  if (flags.has('p') || flags.has('c')) {
    for (const name of names) context.write(contents[name] ?? new Uint8Array());
    return 0;
  }
  return extractAll(context, { names, contents, folder: values.get('d') ?? '.', flags, archive: file });
};

function openArchive(bytes: Uint8Array, name: string): Record<string, Uint8Array> {
  try {
    return unzipSync(bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error) throw new ToolFailure(`${name}: ${error.message}`, 9);
    throw error;
  }
}

function list(context: ToolContext, file: string, names: readonly string[], contents: Record<string, Uint8Array>): number {
  context.write(`Archive:  ${file}\n  Length      Date    Time    Name\n---------  ---------- -----   ----\n`);
  let total = 0;
  for (const name of names) {
    const size = contents[name]?.length ?? 0;
    total += size;
    context.write(`${String(size).padStart(9)}  ${formatDate(new Date(), '%Y-%m-%d %H:%M', true)}   ${name}\n`);
  }
  context.write(
    `---------                     -------\n${String(total).padStart(9)}                     ${names.length} file${names.length === 1 ? '' : 's'}\n`,
  );
  return 0;
}

interface Extraction {
  readonly names: readonly string[];
  readonly contents: Record<string, Uint8Array>;
  readonly folder: string;
  readonly flags: ReadonlySet<string>;
  readonly archive: string;
}

function extractAll(context: ToolContext, { names, contents, folder, flags, archive }: Extraction): number {
  const { fs } = context;
  let status = 0;
  if (!flags.has('q')) context.write(`Archive:  ${archive}\n`);
  for (const name of names) {
    if (name.split('/').includes('..') || name.startsWith('/')) {
      context.writeError(`unzip: ${name}: the name leads out of the folder, skipped\n`);
      status = 2;
      continue;
    }
    const shown = `${folder === '.' ? '' : `${folder.replace(/\/$/, '')}/`}${flags.has('j') ? name.replace(/^.*\/(?=.)/, '') : name}`;
    const path = absolutePath(context.cwd, shown);
    if (name.endsWith('/')) {
      fs.mkdirAll(path, 0o755);
      continue;
    }
    fs.mkdirAll(path.slice(0, path.lastIndexOf('/')) || '/', 0o755);
    if (flags.has('n') && fs.access(path, 0) === 0) continue;
    const result = fs.writeFile(path, contents[name] ?? new Uint8Array(), 0o666 & ~context.umask);
    if (result < 0) status = complain(context, shown, result);
    else if (!flags.has('q')) context.write(`  inflating: ${shown}\n`);
  }
  return status;
}
