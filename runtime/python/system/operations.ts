// Emscripten's stream operations over what we opened: waiting, seeking, memory maps. Python worker.
import type { Stat } from '../../fs/file-system.ts';
import type { Stream, StreamOperations } from '../emscripten.ts';
import { guest } from './errno.ts';
import type { Guest } from './guest.ts';
import type { Opened } from './opened.ts';

const SEEK_CUR = 1;
const SEEK_END = 2;
const PAGE = 65536;

const known = new WeakMap<Guest, StreamOperations>();

export function operations(system: Guest): StreamOperations {
  let made = known.get(system);
  if (made === undefined) known.set(system, (made = make(system)));
  return made;
}

function make(system: Guest): StreamOperations {
  return {
    read(stream, heap, offset, length, position) {
      if (!openedOf(stream).isSeekable) system.touch();
      return transfer(system, stream, (opened) => opened.read(bytesOf(heap, offset, length), position));
    },
    write: (stream, heap, offset, length, position) => writeAll(system, stream, bytesOf(heap, offset, length), position),
    llseek(stream, offset, whence) {
      const base = whence === SEEK_CUR ? stream.position : whence === SEEK_END ? sizeOf(system, stream) : 0;
      if (base + offset < 0) throw system.guestFailure(guest.EINVAL);
      return base + offset;
    },
    close: (stream) => openedOf(stream).release(),
    dup: (stream) => openedOf(stream).retain(),
    mmap(stream, length, position) {
      const ptr = system.module._emscripten_builtin_memalign(PAGE, Math.ceil(length / PAGE) * PAGE);
      const range = system.memory.range(ptr, Math.ceil(length / PAGE) * PAGE);
      range.fill(0);
      const count = openedOf(stream).read(range.subarray(0, length), position);
      if (count < 0) throw system.guestFailure(count);
      return { ptr, allocated: true };
    },
    msync(stream, buffer, offset, length) {
      // Pages behind the end of the file are not the file's.
      const end = Math.min(length, Math.max(0, sizeOf(system, stream) - offset));
      const count = openedOf(stream).write(buffer.subarray(0, end), offset);
      if (count < 0) throw system.guestFailure(count);
      return 0;
    },
  };
}

/** Waits until the operation can be done, where the descriptor blocks. */
export function transfer(system: Guest, stream: Stream, attempt: (opened: Opened) => number): number {
  const opened = openedOf(stream);
  const first = attempt(opened);
  const count = first === guest.EAGAIN && !system.isNonBlocking(stream) ? waitFor(system, opened, attempt) : first;
  if (count < 0) throw system.guestFailure(count);
  return count;
}

function waitFor(system: Guest, opened: Opened, attempt: (opened: Opened) => number): number {
  opened.watch(true);
  try {
    return system.wait(() => {
      const count = attempt(opened);
      return count === guest.EAGAIN ? undefined : count;
    });
  } finally {
    opened.watch(false);
  }
}

/** As a pipe does: a blocking write takes everything, unless a signal comes in between. */
function writeAll(system: Guest, stream: Stream, bytes: Uint8Array, position: number): number {
  if (bytes.length === 0) return 0;
  system.touch(openedOf(stream).path);
  let done = transfer(system, stream, (opened) => opened.write(bytes, position));
  while (done < bytes.length && !system.isNonBlocking(stream) && !system.host.slots.hasSignals()) {
    done += transfer(system, stream, (opened) => opened.write(bytes.subarray(done), position + done));
  }
  return done;
}

function sizeOf(system: Guest, stream: Stream): number {
  const stat = {} as Stat;
  system.checked(openedOf(stream).stat(stat));
  return stat.size;
}

function openedOf(stream: Stream): Opened {
  if (stream.opened === undefined) throw new TypeError('not a stream of ours');
  return stream.opened;
}

function bytesOf(heap: Int8Array, offset: number, length: number): Uint8Array {
  return new Uint8Array(heap.buffer as ArrayBuffer, heap.byteOffset + (offset >>> 0), length);
}
