// fs binding: modes, owners and times. Runs in the process worker.
import type { FsContext, PathArgument } from './context.ts';
import { emptyStat } from './stat-values.ts';

const scratch = emptyStat();

export function installAttributes(context: FsContext): void {
  context.define('chmod', 2, (path: PathArgument, mode: number) => {
    context.check(context.fs.chmod(context.pathOf(path), mode), 'chmod', path);
  });
  context.define('fchmod', 2, (fd: number, mode: number) => {
    const descriptor = context.descriptor(fd, 'fchmod');
    if (descriptor.kind === 'file') context.check(context.fs.fchmod(descriptor.handle, mode), 'fchmod');
  });
  installOwners(context);
  installTimes(context);
}

/** There is one user: ownership never changes, but a missing file is still an error. */
function installOwners(context: FsContext): void {
  context.define('chown', 3, (path: PathArgument) => {
    context.check(context.fs.stat(context.pathOf(path), scratch), 'chown', path);
  });
  context.define('lchown', 3, (path: PathArgument) => {
    context.check(context.fs.lstat(context.pathOf(path), scratch), 'lchown', path);
  });
  context.define('fchown', 3, (fd: number) => void context.descriptor(fd, 'fchown'));
}

/** Node passes seconds, the file system takes milliseconds. */
function installTimes(context: FsContext): void {
  context.define('utimes', 3, (path: PathArgument, atime: number, mtime: number) => {
    context.check(context.fs.utimes(context.pathOf(path), atime * 1000, mtime * 1000, true), 'utime', path);
  });
  context.define('lutimes', 3, (path: PathArgument, atime: number, mtime: number) => {
    context.check(context.fs.utimes(context.pathOf(path), atime * 1000, mtime * 1000, false), 'lutime', path);
  });
  context.define('futimes', 3, (fd: number, atime: number, mtime: number) => {
    const descriptor = context.descriptor(fd, 'futime');
    if (descriptor.kind === 'file') context.check(context.fs.futimes(descriptor.handle, atime * 1000, mtime * 1000), 'futime');
  });
}
