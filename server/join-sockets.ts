// Two connections that are one from now on: what comes on either goes out on the other, and neither outlives the other.
import type { Duplex } from 'node:stream';

export function joinSockets(near: Duplex, far: Duplex): void {
  for (const [from, to] of [
    [near, far],
    [far, near],
  ] as const) {
    from.on('error', () => to.destroy()); // either side may go at any time
    from.on('close', () => to.destroy());
    from.pipe(to);
  }
}
