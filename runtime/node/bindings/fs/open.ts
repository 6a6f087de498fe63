// fs binding: descriptors (open, close, sync, truncate) and the names of this process's own streams. Process worker.
import { openStreamEnds } from '../../descriptors.ts';
import type { Descriptor } from '../../realm.ts';
import { EBADF, EINVAL, ENOENT } from '../stream-base/errno.ts';
import type { FsContext, PathArgument } from './context.ts';
import { FileHandle } from './file-handle.ts';

const OWN_STREAM = /^\/(?:dev\/(?:fd\/(\d+)|std(in|out|err))|proc\/self\/fd\/(\d+))$/;
const STREAM_NUMBERS: Readonly<Record<string, number>> = { in: 0, out: 1, err: 2 };

export const O_CREAT = 0o100;

export function installOpen(context: FsContext): void {
  const { binding } = context;
  const closeDescriptor = (fd: number): void => void close(context, fd);
  context.define('open', 3, (path: PathArgument, flags: number, mode: number) => open(context, path, flags, mode));
  context.define(
    'openFileHandle',
    3,
    (path: PathArgument, flags: number, mode: number) => new FileHandle(context, open(context, path, flags, mode), closeDescriptor),
  );
  context.define('close', 1, (fd: number) => close(context, fd));
  context.define('fsync', 1, (fd: number) => void context.descriptor(fd, 'fsync'));
  context.define('fdatasync', 1, (fd: number) => void context.descriptor(fd, 'fdatasync'));
  context.define('ftruncate', 2, (fd: number, size: number) => {
    const descriptor = context.descriptor(fd, 'ftruncate');
    context.check(descriptor.kind === 'file' ? context.fs.ftruncate(descriptor.handle, size) : EINVAL, 'ftruncate');
  });
  binding['FileHandle'] = class extends FileHandle {
    static override readonly name = 'FileHandle';
    constructor(fd: number) {
      super(context, fd, closeDescriptor);
    }
  };
}

/** Opens `path` as a new descriptor of this process. Throws Node's exception. */
export function open(context: FsContext, path: PathArgument, flags: number, mode: number): number {
  const own = openOwnStream(context, context.pathOf(path));
  if (own !== null) return context.check(own, 'open', path);
  const bits = flags & O_CREAT ? context.masked(mode) : mode;
  const handle = context.check(context.fs.open(context.pathOf(path), flags, bits), 'open', path);
  return context.realm.descriptors.add({ kind: 'file', handle });
}

export function close(context: FsContext, fd: number): void {
  context.checkDescriptor(fd);
  const descriptor = context.realm.descriptors.remove(fd);
  if (descriptor === undefined) throw context.realm.uvException(EBADF, 'close');
  context.check(release(context, descriptor), 'close');
}

function release(context: FsContext, descriptor: Descriptor): number {
  if (descriptor.kind === 'file') return context.fs.close(descriptor.handle);
  if (descriptor.kind === 'stream') {
    const { receive, send } = openStreamEnds(context.realm.host, descriptor.stdioIndex);
    receive?.release('read');
    send?.release('write');
  }
  return 0;
}

/** A second descriptor for one that is open, an errno, or `null` when `path` names something else. */
function openOwnStream(context: FsContext, path: string): number | null {
  const match = path.startsWith('/dev/') || path.startsWith('/proc/') ? OWN_STREAM.exec(path) : null;
  if (match === null) return path === '/dev/null' ? context.realm.descriptors.add({ kind: 'null' }) : null;
  const fd = Number(match[1] ?? match[3] ?? STREAM_NUMBERS[match[2] ?? '']);
  const descriptor = context.realm.descriptors.get(fd);
  if (descriptor === undefined) return ENOENT;
  if (descriptor.kind === 'file') context.fs.retain(descriptor.handle);
  if (descriptor.kind === 'stream') {
    const { receive, send } = openStreamEnds(context.realm.host, descriptor.stdioIndex);
    receive?.retain('read');
    send?.retain('write');
  }
  return context.realm.descriptors.add(descriptor);
}
