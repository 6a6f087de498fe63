// Copies bytes both ways between two connections, each to its end. Kernel worker.
import type { Connection } from '#protocol';
import { AsyncConnection } from './ipc/async-pipe.ts';
import type { Doorbell } from './ipc/doorbell.ts';
import { Pipe } from './ipc/pipe.ts';

const CHUNK_BYTES = 64 * 1024;

export function bridgeConnections(one: Connection, other: Connection, doorbell: Doorbell): void {
  const [first, second] = [one, other].map((connection) => {
    new Pipe(connection.receive, doorbell.slots).retain('read');
    new Pipe(connection.send, doorbell.slots).retain('write');
    return new AsyncConnection(connection, doorbell);
  }) as [AsyncConnection, AsyncConnection];
  void Promise.allSettled([copy(first, second), copy(second, first)]).then(() => {
    first.close();
    second.close();
  });
}

/** A reader that is gone ends the copy, and the writer sees a broken pipe. */
async function copy(from: AsyncConnection, to: AsyncConnection): Promise<void> {
  const chunk = new Uint8Array(CHUNK_BYTES);
  try {
    for (let count = await from.read(chunk); count > 0; count = await from.read(chunk)) await to.write(chunk.slice(0, count));
    to.closeWrite();
  } catch (error) {
    from.close();
    throw error;
  }
}
