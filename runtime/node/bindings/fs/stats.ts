// fs binding: stat, lstat, fstat, statfs, access and the cheap probes of the module loader. Runs in the process worker.
import type { Stat } from '../../../fs/file-system.ts';
import type { Descriptor } from '../../realm.ts';
import { terminalOf } from '../../descriptors.ts';
import { EBADF, ENOENT, ENOTDIR } from '../stream-base/errno.ts';
import type { FsContext, PathArgument } from './context.ts';
import { emptyStat, fillStat, S_IFCHR, S_IFDIR, S_IFIFO, S_IFMT, STAT_FIELDS, statArray, type StatArray } from './stat-values.ts';

const MAX_ACCESS_MODE = 7;
const TMPFS_MAGIC = 0x01021994;
const scratch = emptyStat();

export function installStats(context: FsContext): void {
  const { binding } = context;
  binding['stat'] = statFunction(context, 'stat');
  binding['lstat'] = statFunction(context, 'lstat');
  binding['fstat'] = fstatFunction(context);
  context.define('access', 2, (path: PathArgument, mode: number) => {
    context.checkMode(mode, MAX_ACCESS_MODE);
    context.check(context.fs.access(context.pathOf(path), mode), 'access', path);
  });
  context.define('statfs', 2, (path: PathArgument, isBigInt: boolean) => statfs(context, path, isBigInt));
  binding['existsSync'] = (path: PathArgument): boolean => context.fs.access(context.pathOf(path), 0) === 0;
  binding['internalModuleStat'] = (...args: unknown[]): number => {
    const path = args.find((argument) => typeof argument === 'string') as string;
    const result = context.fs.stat(context.pathOf(path), scratch);
    if (result < 0) return result;
    return (scratch.mode & S_IFMT) === S_IFDIR ? 1 : 0;
  };
}

function statFunction(context: FsContext, syscall: 'stat' | 'lstat') {
  return (path: PathArgument, isBigInt: boolean, request?: unknown, throwIfNoEntry?: boolean): unknown => {
    const result = context.fs[syscall](context.pathOf(path), scratch);
    if (request !== undefined) {
      return context.complete(request, () => fresh(context.check(result, syscall, path), isBigInt));
    }
    if ((result === ENOENT || result === ENOTDIR) && throwIfNoEntry === false) return undefined;
    context.check(result, syscall, path);
    return shared(context, isBigInt);
  };
}

function fstatFunction(context: FsContext) {
  return (fd: number, isBigInt: boolean, request?: unknown, mustNotThrow?: boolean): unknown => {
    context.checkDescriptor(fd);
    const descriptor = context.realm.descriptors.get(fd);
    const result = descriptor === undefined ? EBADF : fstat(context, fd, descriptor);
    if (request !== undefined) return context.complete(request, () => fresh(context.check(result, 'fstat'), isBigInt));
    if (result < 0 && mustNotThrow === true) return undefined;
    context.check(result, 'fstat');
    return shared(context, isBigInt);
  };
}

function fstat(context: FsContext, fd: number, descriptor: Descriptor): number {
  if (descriptor.kind === 'file') return context.fs.fstat(descriptor.handle, scratch);
  const isPipe = descriptor.kind === 'stream' && terminalOf(context.realm, fd) === null;
  Object.assign(scratch, emptyStat(), {
    mode: isPipe ? S_IFIFO | 0o600 : S_IFCHR | 0o666,
    nlink: 1,
    uid: 1000,
    gid: 1000,
    ino: fd + 1,
  } satisfies Partial<Stat>);
  return 0;
}

/** Synchronous results share one array per kind, as Node's own binding does. */
function shared(context: FsContext, isBigInt: boolean): StatArray {
  return fillStat(context.binding[isBigInt ? 'bigintStatValues' : 'statValues'] as StatArray, scratch);
}

function fresh(_checked: number, isBigInt: boolean): StatArray {
  return fillStat(statArray(STAT_FIELDS, isBigInt), scratch);
}

function statfs(context: FsContext, path: PathArgument, isBigInt: boolean): StatArray {
  context.check(context.fs.stat(context.pathOf(path), scratch), 'statfs', path);
  const { blockSize, blocks, blocksFree, files, filesFree } = context.fs.statfs();
  const into = statArray(7, isBigInt);
  [TMPFS_MAGIC, blockSize, blocks, blocksFree, blocksFree, files, filesFree].forEach((value, index) => {
    if (into instanceof Float64Array) into[index] = value;
    else into[index] = BigInt(value);
  });
  return into;
}
