// `poll` (and `select` and `sleep` above it): waits for descriptors, time or a signal, without spinning. Python worker.
import type { Stream, SystemCalls } from '../emscripten.ts';
import { guest } from './errno.ts';
import type { Guest } from './guest.ts';

const POLLIN = 1;
const POLLOUT = 4;
const POLLHUP = 16;
const POLLNVAL = 32;
const POLLFD_BYTES = 8;
/** The longest a wait lasts before it looks again by itself. */
const LOOK_AGAIN_MS = 1000;

export function pollCall(system: Guest): SystemCalls {
  const poll = (pointer: number, count: number, timeoutMs: number): number => {
    const streams: (Stream | null)[] = [];
    for (let index = 0; index < count; index++) streams.push(system.stream(system.memory.int(pointer + index * POLLFD_BYTES)));
    const ready = fill(system, pointer, streams);
    if (ready > 0 || timeoutMs === 0) return ready;
    for (const stream of streams) stream?.opened?.watch(true);
    try {
      return waitFor(system, pointer, streams, timeoutMs < 0 ? Infinity : performance.now() + timeoutMs);
    } finally {
      for (const stream of streams) stream?.opened?.watch(false);
    }
  };
  return { __syscall_poll: poll };
}

function waitFor(system: Guest, pointer: number, streams: readonly (Stream | null)[], deadline: number): number {
  const { slots } = system.host;
  for (;;) {
    const seen = slots.doorbell();
    const ready = fill(system, pointer, streams);
    if (ready > 0) return ready;
    if (slots.isDead()) system.host.exit({ code: null, signal: 'SIGKILL' });
    if (slots.hasSignals()) return guest.EINTR;
    const leftMs = deadline - performance.now();
    if (leftMs <= 0) return 0;
    slots.wait(seen, Math.min(LOOK_AGAIN_MS, leftMs));
  }
}

/** Writes `revents`; returns how many descriptors have any. */
function fill(system: Guest, pointer: number, streams: readonly (Stream | null)[]): number {
  const { view } = system.memory;
  let count = 0;
  for (const [index, stream] of streams.entries()) {
    const at = (pointer >>> 0) + index * POLLFD_BYTES;
    const fd = view.getInt32(at, true);
    const wanted = view.getInt16(at + 4, true);
    const events = fd < 0 ? 0 : eventsOf(stream) & (wanted | POLLHUP | POLLNVAL);
    view.setInt16(at + 6, events, true);
    if (events !== 0) count++;
  }
  return count;
}

function eventsOf(stream: Stream | null): number {
  if (stream === null) return POLLNVAL;
  const { opened } = stream;
  if (opened === undefined) return POLLIN | POLLOUT;
  return (opened.isReadable ? POLLIN : 0) | (opened.isWritable ? POLLOUT : 0) | (opened.isHungUp ? POLLHUP : 0);
}
