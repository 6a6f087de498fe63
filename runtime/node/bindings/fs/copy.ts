// fs binding: copyFile and the native half of cpSync. Runs in the process worker.
import { EEXIST, EISDIR, ENOENT, ENOSYS } from '../stream-base/errno.ts';
import { type FsContext, type PathArgument, textOf } from './context.ts';
import { emptyStat, S_IFDIR, S_IFLNK, S_IFMT } from './stat-values.ts';

const COPYFILE_EXCL = 1;
const MAX_COPY_FLAGS = 7;
const COPYFILE_FICLONE_FORCE = 4;

interface CopyOptions {
  readonly force: boolean;
  readonly dereference: boolean;
  readonly errorOnExist: boolean;
  readonly verbatimSymlinks: boolean;
  readonly preserveTimestamps: boolean;
}

export function installCopy(context: FsContext): void {
  const { binding } = context;
  context.define('copyFile', 3, (from: PathArgument, to: PathArgument, flags: number) => {
    context.checkMode(flags, MAX_COPY_FLAGS);
    context.check(copyContent(context, context.pathOf(from), context.pathOf(to), flags), 'copyfile', from, to);
  });
  binding['cpSyncCheckPaths'] = (from: PathArgument, to: PathArgument, dereference: boolean, isRecursive: boolean): void => {
    checkPaths(context, textOf(from), textOf(to), dereference, isRecursive);
  };
  binding['cpSyncOverrideFile'] = (from: PathArgument, to: PathArgument, flags: number, preserveTimestamps: boolean): void => {
    context.check(context.fs.unlink(context.pathOf(to)), 'unlink', to);
    context.check(copyContent(context, context.pathOf(from), context.pathOf(to), flags), 'copyfile', from, to);
    if (preserveTimestamps) copyTimes(context, context.pathOf(from), context.pathOf(to));
  };
  binding['cpSyncCopyDir'] = (
    from: PathArgument,
    to: PathArgument,
    force: boolean,
    dereference: boolean,
    errorOnExist: boolean,
    verbatimSymlinks: boolean,
    preserveTimestamps: boolean,
  ): void =>
    copyFolder(context, context.pathOf(from), context.pathOf(to), {
      force,
      dereference,
      errorOnExist,
      verbatimSymlinks,
      preserveTimestamps,
    });
}

function copyContent(context: FsContext, from: string, to: string, flags: number): number {
  const { fs } = context;
  if (flags & COPYFILE_FICLONE_FORCE) return ENOSYS;
  const source = emptyStat();
  const found = fs.stat(from, source);
  if (found < 0) return found;
  if ((source.mode & S_IFMT) === S_IFDIR) return EISDIR;
  const target = emptyStat();
  if (fs.stat(to, target) === 0) {
    if (flags & COPYFILE_EXCL) return EEXIST;
    if (target.ino === source.ino) return 0;
  }
  const content = fs.readFile(from);
  if (typeof content === 'number') return content;
  const written = fs.writeFile(to, content, source.mode & 0o777);
  return written < 0 ? written : fs.chmod(to, source.mode & 0o777);
}

function copyTimes(context: FsContext, from: string, to: string): void {
  const stat = emptyStat();
  context.check(context.fs.stat(from, stat), 'stat', from);
  const atimeMs = stat.atimeSec * 1000 + stat.atimeNsec / 1e6;
  const mtimeMs = stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6;
  context.check(context.fs.utimes(to, atimeMs, mtimeMs, true), 'utime', to);
}

function checkPaths(context: FsContext, from: string, to: string, dereference: boolean, isRecursive: boolean): void {
  const { fs } = context;
  const source = emptyStat();
  const target = emptyStat();
  context.check(dereference ? fs.stat(context.pathOf(from), source) : fs.lstat(context.pathOf(from), source), 'cp', from);
  const targetExists = (dereference ? fs.stat(context.pathOf(to), target) : fs.lstat(context.pathOf(to), target)) === 0;
  const isFolder = (source.mode & S_IFMT) === S_IFDIR;
  if (targetExists) {
    const targetIsFolder = (target.mode & S_IFMT) === S_IFDIR;
    if (target.ino === source.ino)
      throw copyError('ERR_FS_CP_EINVAL', 'Invalid src or dest: cp returned EINVAL (src and dest cannot be the same)', to);
    if (isFolder && !targetIsFolder)
      throw copyError('ERR_FS_CP_DIR_TO_NON_DIR', `Cannot overwrite non-directory ${to} with directory ${from}`, to);
    if (!isFolder && targetIsFolder)
      throw copyError('ERR_FS_CP_NON_DIR_TO_DIR', `Cannot overwrite directory ${to} with non-directory ${from}`, to);
  }
  const parent = context.pathOf(to).replace(/\/[^/]*\/*$/, '') || '/';
  if (isFolder && (isInside(context.pathOf(to), context.pathOf(from)) || leadsInto(context, parent, context.pathOf(from)))) {
    throw copyError('ERR_FS_CP_EINVAL', `Cannot copy ${from} to a subdirectory of self ${to}`, to);
  }
  if (isFolder && !isRecursive) {
    throw copyError('ERR_FS_EISDIR', `Recursive option not enabled, cannot copy a directory: ${from}`, from);
  }
  context.check(fs.mkdirAll(parent, context.masked(0o777)), 'mkdir', parent);
}

function isInside(path: string, folder: string): boolean {
  return `${path}/`.startsWith(`${folder}/`);
}

/** Whether one of the folders above a target is the source, whatever links lead there. */
function leadsInto(context: FsContext, parent: string, folder: string): boolean {
  const [real, target] = [context.fs.realpath(folder), context.fs.realpath(parent)];
  return typeof real === 'string' && typeof target === 'string' && isInside(target, real);
}

function copyFolder(context: FsContext, from: string, to: string, options: CopyOptions): void {
  const { fs } = context;
  context.check(fs.mkdirAll(to, context.masked(0o777)), 'mkdir', to);
  const entries = fs.readdir(from);
  if (typeof entries === 'number') throw context.realm.uvException(entries, 'cp', from);
  for (const entry of entries) copyEntry(context, `${from}/${entry.name}`, `${to}/${entry.name}`, options);
}

function copyEntry(context: FsContext, from: string, to: string, options: CopyOptions): void {
  const { fs } = context;
  const source = emptyStat();
  context.check(options.dereference ? fs.stat(from, source) : fs.lstat(from, source), 'cp', from);
  const type = source.mode & S_IFMT;
  if (type === S_IFDIR) return copyFolder(context, from, to, options);
  const target = emptyStat();
  const existing = fs.lstat(to, target);
  if (existing === 0) {
    if (type === S_IFLNK) checkLinks(context, from, to, target.mode & S_IFMT);
    if (type !== S_IFLNK && !options.force) {
      if (options.errorOnExist)
        throw copyError(
          'ERR_FS_CP_EEXIST',
          `[ERR_FS_CP_EEXIST]: Target already exists: cp returned EEXIST (${to} already exists) ${to}`,
          to,
        );
      return;
    }
    context.check(fs.unlink(to), 'unlink', to);
  } else if (existing !== ENOENT) context.check(existing, 'cp', to);
  if (type === S_IFLNK) return copyLink(context, from, to, options.verbatimSymlinks);
  context.check(copyContent(context, from, to, 0), 'cp', from, to);
  if (options.preserveTimestamps) copyTimes(context, from, to);
}

/** A link replaces a link, unless that would cut off or swallow what is copied. */
function checkLinks(context: FsContext, from: string, to: string, targetType: number): void {
  if (targetType !== S_IFLNK) throw context.realm.uvException(EEXIST, 'cp', to);
  const [source, target] = [context.fs.realpath(from), context.fs.realpath(to)];
  if (typeof source !== 'string' || typeof target !== 'string') return;
  const isFolder = (path: string): boolean => context.realm.internalBinding('fs')['internalModuleStat'](path) === 1;
  if (isFolder(source) && isInside(target, source))
    throw copyError('ERR_FS_CP_EINVAL', `Cannot copy ${source} to a subdirectory of self ${target}`, to);
  if (isFolder(target) && isInside(source, target))
    throw copyError('ERR_FS_CP_SYMLINK_TO_SUBDIRECTORY', `cannot overwrite ${target} with ${source}`, to);
}

function copyLink(context: FsContext, from: string, to: string, isVerbatim: boolean): void {
  const target = String(context.check(context.fs.readlink(from), 'readlink', from));
  const isRelative = !target.startsWith('/');
  const resolved = isVerbatim || !isRelative ? target : (context.realm.requireBuiltin('path')['resolve'](from, '..', target) as string);
  context.check(context.fs.symlink(resolved, to), 'symlink', resolved, to);
}

function copyError(code: string, message: string, path: string): Error {
  return Object.assign(new Error(message), { code, path, syscall: 'cp' });
}
