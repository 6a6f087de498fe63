// fs binding: what changes or reads the tree of names. Runs in the process worker.
import { EEXIST, ENOENT } from '../stream-base/errno.ts';
import { encodeName } from '../stream-base/text.ts';
import { type FsContext, type PathArgument, textOf } from './context.ts';
import { direntType } from './stat-values.ts';

const TEMPORARY_NAME_CHARACTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789';
const TEMPORARY_NAME_ATTEMPTS = 100;

export function installNames(context: FsContext): void {
  installFolders(context);
  installLinks(context);
  context.define('rename', 2, (from: PathArgument, to: PathArgument) => {
    context.check(context.fs.rename(context.pathOf(from), context.pathOf(to)), 'rename', from, to);
  });
  context.define('unlink', 1, (path: PathArgument) => {
    context.check(context.fs.unlink(context.pathOf(path)), 'unlink', path);
  });
  context.binding['rmSync'] = (path: PathArgument, _maxRetries: number, isRecursive: boolean): void => {
    const absolute = context.pathOf(path);
    const result = isRecursive ? context.fs.removeAll(absolute) : context.fs.unlink(absolute);
    // Whether a missing file matters was decided before, by the `force` option.
    if (result !== ENOENT) context.check(result, 'rm', path);
  };
}

function installFolders(context: FsContext): void {
  context.define('mkdir', 3, (path: PathArgument, mode: number, isRecursive: boolean) => {
    const absolute = context.pathOf(path);
    if (isRecursive) return context.check(context.fs.mkdirAll(absolute, context.masked(mode)), 'mkdir', path) || undefined;
    return void context.check(context.fs.mkdir(absolute, context.masked(mode)), 'mkdir', path);
  });
  context.define('rmdir', 1, (path: PathArgument) => {
    context.check(context.fs.rmdir(context.pathOf(path)), 'rmdir', path);
  });
  context.define('readdir', 3, (path: PathArgument, encoding: string | undefined, withTypes: boolean) =>
    readdir(context, path, encoding, withTypes),
  );
  context.define('mkdtemp', 2, (prefix: PathArgument, encoding: string | undefined) => makeTemporary(context, textOf(prefix), encoding));
}

function installLinks(context: FsContext): void {
  context.define('link', 2, (existing: PathArgument, path: PathArgument) => {
    context.check(context.fs.link(context.pathOf(existing), context.pathOf(path)), 'link', existing, path);
  });
  context.define('symlink', 3, (target: PathArgument, path: PathArgument) => {
    context.check(context.fs.symlink(textOf(target), context.pathOf(path)), 'symlink', target, path);
  });
  context.define('readlink', 2, (path: PathArgument, encoding: string | undefined) => {
    return encodeName(context.realm, String(context.check(context.fs.readlink(context.pathOf(path)), 'readlink', path)), encoding);
  });
  context.define('realpath', 2, (path: PathArgument, encoding: string | undefined) => {
    return encodeName(context.realm, String(context.check(context.fs.realpath(context.pathOf(path)), 'realpath', path)), encoding);
  });
}

function readdir(context: FsContext, path: PathArgument, encoding: string | undefined, withTypes: boolean): unknown {
  const entries = context.fs.readdir(context.pathOf(path));
  if (typeof entries === 'number') throw context.realm.uvException(entries, 'scandir', textOf(path));
  entries.sort((left, right) => (left.name < right.name ? -1 : 1));
  const names = entries.map((entry) => encodeName(context.realm, entry.name, encoding));
  return withTypes ? [names, entries.map((entry) => direntType(entry.type))] : names;
}

function makeTemporary(context: FsContext, prefix: string, encoding: string | undefined): unknown {
  for (let attempt = 1; ; attempt++) {
    const path = prefix + randomSuffix(context);
    const result = context.fs.mkdir(context.pathOf(path), 0o700);
    if (result === EEXIST && attempt < TEMPORARY_NAME_ATTEMPTS) continue;
    context.check(result, 'mkdtemp', `${prefix}XXXXXX`);
    return encodeName(context.realm, path, encoding);
  }
}

function randomSuffix(context: FsContext): string {
  const bytes = context.realm.primitives.crypto.getRandomValues(new Uint8Array(6));
  return Array.from(bytes, (byte) => TEMPORARY_NAME_CHARACTERS[byte % TEMPORARY_NAME_CHARACTERS.length]).join('');
}
