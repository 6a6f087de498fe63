// fs binding: bytes in and out of descriptors, and whole text files. Runs in the process worker.
import { openStreamEnds } from '../../descriptors.ts';
import type { Descriptor } from '../../realm.ts';
import { EBADF, EISDIR } from '../stream-base/errno.ts';
import { pollerOf } from '../stream-base/poller.ts';
import { concatBytes, encodeString, plainBytes } from '../stream-base/text.ts';
import { type FsContext, type PathArgument, positionOf, textOf } from './context.ts';
import { close, O_CREAT, open } from './open.ts';

type Position = number | bigint | null | undefined;

const O_WRONLY = 1;
const O_TRUNC = 0o1000;
const READ_CHUNK_BYTES = 64 * 1024;
const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
const encoder = new TextEncoder();

export function installReadWrite(context: FsContext): void {
  context.binding['read'] = readFunction(context);
  context.define('readBuffers', 3, (fd: number, views: ArrayBufferView[], position: Position) => {
    return transferAll(context, fd, views, position, 'read');
  });
  context.define('writeBuffer', 5, (fd: number, view: ArrayBufferView, offset: number, length: number, position: Position) => {
    const bytes = plainBytes(view).subarray(offset, offset + length);
    return context.check(transfer(context, context.descriptor(fd, 'write'), bytes, positionOf(position), 'write'), 'write');
  });
  context.define('writeBuffers', 3, (fd: number, views: ArrayBufferView[], position: Position) => {
    return transferAll(context, fd, views, position, 'write');
  });
  context.define('writeString', 4, (fd: number, text: string, position: Position, encoding: string) => {
    const bytes = encodeString(context.realm, text, encoding);
    return context.check(transfer(context, context.descriptor(fd, 'write'), bytes, positionOf(position), 'write'), 'write');
  });
  context.binding['readFileUtf8'] = (target: PathArgument | number, flags: number): string => readUtf8(context, target, flags);
  context.binding['writeFileUtf8'] = (target: PathArgument | number, text: string, flags: number, mode: number): void => {
    writeUtf8(context, target, encoder.encode(text), flags, mode);
  };
}

function readFunction(context: FsContext) {
  return (fd: number, view: ArrayBufferView, offset: number, length: number, position: Position, request?: unknown): unknown => {
    const bytes = plainBytes(view).subarray(offset, offset + length);
    const read = (): number => {
      const descriptor = context.descriptor(fd, 'read');
      return context.check(transfer(context, descriptor, bytes, positionOf(position), 'read'), 'read');
    };
    if (request === undefined) return read();
    const descriptor = context.realm.descriptors.get(fd);
    if (descriptor?.kind === 'stream') return readStreamLater(context, descriptor.stdioIndex, request, read);
    return context.complete(request, read);
  };
}

/** An asynchronous read of a pipe or terminal must not block: it runs when there is something to read. */
function readStreamLater(context: FsContext, stdioIndex: number, request: unknown, read: () => number): unknown {
  const { receive } = openStreamEnds(context.realm.host, stdioIndex);
  if (receive === null || receive.isReadable) return context.complete(request, read);
  const poller = pollerOf(context.realm);
  const { loop } = context.realm;
  loop.ref();
  receive.watch('read', true);
  return new Promise<unknown>((resolve, reject) => {
    const waiting = {
      get isReady() {
        return receive.isReadable;
      },
      poll: () => {
        poller.remove(waiting);
        receive.watch('read', false);
        loop.unref();
        context.complete(request, read)?.then(resolve, reject);
      },
    };
    poller.add(waiting);
  });
}

/** One read or write; streams block until they took or gave something, as blocking descriptors do. */
function transfer(context: FsContext, descriptor: Descriptor, bytes: Uint8Array, position: number, direction: 'read' | 'write'): number {
  switch (descriptor.kind) {
    case 'file':
      return direction === 'read'
        ? context.fs.read(descriptor.handle, bytes, position)
        : context.fs.write(descriptor.handle, bytes, position);
    case 'null':
      return direction === 'read' ? 0 : bytes.length;
    case 'stream': {
      const { receive, send } = openStreamEnds(context.realm.host, descriptor.stdioIndex);
      if (direction === 'read') return receive === null ? EBADF : receive.readBlocking(bytes);
      return send === null ? EBADF : send.writeAll(bytes);
    }
    default:
      return descriptor satisfies never;
  }
}

function transferAll(
  context: FsContext,
  fd: number,
  views: readonly ArrayBufferView[],
  position: Position,
  direction: 'read' | 'write',
): number {
  const descriptor = context.descriptor(fd, direction);
  let at = positionOf(position);
  let total = 0;
  for (const view of views) {
    const count = context.check(transfer(context, descriptor, plainBytes(view), at, direction), direction);
    total += count;
    if (at >= 0) at += count;
    if (count < view.byteLength) break;
  }
  return total;
}

function readUtf8(context: FsContext, target: PathArgument | number, flags: number): string {
  if (typeof target === 'number') return decoder.decode(readToEnd(context, context.descriptor(target, 'read')));
  const path = context.pathOf(target);
  if (flags === 0 && !path.startsWith('/dev/') && !path.startsWith('/proc/')) {
    const content = context.fs.readFile(path);
    if (typeof content === 'number') throw failedRead(context, content, target);
    return decoder.decode(content);
  }
  const fd = open(context, target, flags, 0o666);
  try {
    return decoder.decode(readToEnd(context, context.descriptor(fd, 'read')));
  } finally {
    close(context, fd);
  }
}

/** A folder opens and fails at the read, as on Linux: only then the path is left out of the message. */
function failedRead(context: FsContext, errno: number, path: PathArgument): Error {
  if (errno === EISDIR) return context.realm.uvException(errno, 'read');
  return context.realm.uvException(errno, 'open', textOf(path));
}

function readToEnd(context: FsContext, descriptor: Descriptor): Uint8Array {
  const parts: Uint8Array[] = [];
  for (;;) {
    const part = new Uint8Array(READ_CHUNK_BYTES);
    const count = context.check(transfer(context, descriptor, part, -1, 'read'), 'read');
    if (count === 0) break;
    parts.push(part.subarray(0, count));
  }
  return concatBytes(parts);
}

function writeUtf8(context: FsContext, target: PathArgument | number, bytes: Uint8Array, flags: number, mode: number): void {
  if (typeof target === 'number') return writeAll(context, target, bytes);
  const path = context.pathOf(target);
  if (flags === (O_WRONLY | O_CREAT | O_TRUNC) && !path.startsWith('/dev/') && !path.startsWith('/proc/')) {
    context.check(context.fs.writeFile(path, bytes, context.masked(mode)), 'open', target);
    return;
  }
  const fd = open(context, target, flags, mode);
  try {
    writeAll(context, fd, bytes);
  } finally {
    close(context, fd);
  }
}

function writeAll(context: FsContext, fd: number, bytes: Uint8Array): void {
  const descriptor = context.descriptor(fd, 'write');
  for (let done = 0; done < bytes.length;) {
    done += context.check(transfer(context, descriptor, bytes.subarray(done), -1, 'write'), 'write');
  }
}
