// What reads and writes of /dev nodes do. The terminal is not here: it is a stream of the process, not a file.
import { crypto } from '../process/intrinsics.ts';

export const DEVICES = { null: 0x103, zero: 0x105, random: 0x108, urandom: 0x109, tty: 0x500 } as const;

/** `crypto.getRandomValues` takes this many bytes at a time, and no shared memory. */
const RANDOM_CHUNK = 65536;

/** Fills `into` from a device. Returns the number of bytes; 0 is the end of the file. */
export function readDevice(device: number, into: Uint8Array): number {
  if (device === DEVICES.null) return 0;
  if (device === DEVICES.zero) into.fill(0);
  else {
    for (let offset = 0; offset < into.length; offset += RANDOM_CHUNK) {
      into.set(crypto.getRandomValues(new Uint8Array(Math.min(RANDOM_CHUNK, into.length - offset))), offset);
    }
  }
  return into.length;
}
