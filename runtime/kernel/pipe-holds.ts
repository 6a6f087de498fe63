// Which process holds which ends of pipes: inherited at its start, handed over later, forgotten when nobody holds them. Kernel
// worker.
import type { Connection, PipeMemory } from '#protocol';
import { Pipe } from './ipc/pipe.ts';
import { KERNEL_SLOT, type Slots } from './ipc/slots.ts';
import { type Process, slotOf } from './process.ts';

export function inherit(slots: Slots, process: Process, memory: PipeMemory, end: 'read' | 'write', from: number): void {
  new Pipe(memory, slots).transfer(end, from, slotOf(process));
  remember(slots, process, memory);
}

export function claimEnds(slots: Slots, connection: Connection, process: Process | undefined): void {
  // The kernel retains for a process by retaining for itself and passing the hold on; itself when nobody is named.
  for (const { memory, end } of [
    { memory: connection.receive, end: 'read' },
    { memory: connection.send, end: 'write' },
  ] as const) {
    new Pipe(memory, slots).retain(end);
  }
  if (process) adopt(slots, process, connection, KERNEL_SLOT);
}

export function adopt(slots: Slots, process: Process, connection: Connection, from: number): void {
  inherit(slots, process, connection.receive, 'read', from);
  inherit(slots, process, connection.send, 'write', from);
}

export function remember(slots: Slots, process: Process, ...memories: PipeMemory[]): void {
  process.pipes.push(...memories);
  // A long-lived server sees many connections: forget those that nobody holds any more, now and then.
  if (process.pipes.length % 256 !== 0) return;
  const live = process.pipes.filter((memory) => {
    const pipe = new Pipe(memory, slots);
    return pipe.hasReaders || pipe.hasWriters;
  });
  process.pipes.splice(0, process.pipes.length, ...live);
}
