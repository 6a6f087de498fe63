// Connections for a process that blocks: it cannot receive messages, so memory for connections comes from it in advance, and
// what arrives is told as records in a pipe. Kernel worker.
import type { AcceptQueueData, Connection, IncomingConnection } from '#protocol';
import { Pipe } from './ipc/pipe.ts';
import type { Slots } from './ipc/slots.ts';

/** A record: which connection was used, and the remote port. Two 32-bit words. */
export const ACCEPT_RECORD_BYTES = 8;

export class AcceptQueue {
  readonly #ready: Pipe;
  readonly #free: { readonly id: number; readonly connection: Connection }[] = [];
  /** Ids by the memory that a connection receives from. */
  readonly #ids = new Map<SharedArrayBuffer, number>();
  #nextId = 0;

  constructor({ ready, connections }: AcceptQueueData, slots: Slots) {
    this.#ready = new Pipe(ready, slots);
    this.#ready.retain('write');
    for (const connection of connections) this.supply(connection);
  }

  supply(connection: Connection): void {
    this.#free.push({ id: this.#nextId++, connection });
  }

  /** The listener's end of a new connection; null when so many wait that another must be refused. */
  take(): Connection | null {
    const entry = this.#free.shift();
    if (entry === undefined) return null;
    this.#ids.set(entry.connection.receive, entry.id);
    return entry.connection;
  }

  idOf({ receive }: Connection): number {
    return this.#ids.get(receive) ?? -1;
  }

  announce({ connection, remote }: IncomingConnection): void {
    const record = new Uint8Array(Uint32Array.of(this.idOf(connection), remote.port).buffer);
    this.#ready.write(record);
  }

  close(): void {
    this.#ready.release('write');
  }
}

export function reversed({ receive, send }: Connection): Connection {
  return { receive: send, send: receive };
}
