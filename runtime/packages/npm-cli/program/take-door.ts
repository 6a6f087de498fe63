// The door of this process, for the modules of the bundle. Runs in the Node process worker.
import type { NpmDoor } from '../door.ts';

export function takeDoor(): NpmDoor {
  const door = (globalThis as unknown as Record<symbol, NpmDoor | undefined>)[Symbol.for('verklet.npm')];
  if (door === undefined) throw new Error('This program runs only inside Verklet.');
  return door;
}
