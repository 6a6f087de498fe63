// Ports of the server session on the tab's loopback: a connection here becomes bytes to the far port. Kernel worker.
import { REMOTE_CREDIT_BYTES, type Connection, type ConnectionMessage, type ToPromotion } from '#protocol';
import { AsyncConnection } from '../ipc/async-pipe.ts';
import type { Doorbell } from '../ipc/doorbell.ts';

const READ_BYTES = 64 * 1024;

interface Open {
  readonly near: AsyncConnection;
  creditBytes: number;
  wake: (() => void) | null;
  writes: Promise<unknown>;
}

export class RemoteConnections {
  readonly #doorbell: Doorbell;
  readonly #post: (message: ToPromotion) => void;
  readonly #open = new Map<number, Open>();
  #nextId = 1;

  constructor(doorbell: Doorbell, post: (message: ToPromotion) => void) {
    this.#doorbell = doorbell;
    this.#post = post;
  }

  /** The kernel's slot holds the ends of `connection`. */
  open(port: number, connection: Connection): void {
    const id = this.#nextId++;
    const open: Open = {
      near: new AsyncConnection(connection, this.#doorbell),
      creditBytes: REMOTE_CREDIT_BYTES,
      wake: null,
      writes: Promise.resolve(),
    };
    this.#open.set(id, open);
    this.#post({ type: 'open-remote-connection', id, port });
    void this.#pump(id, open);
  }

  receive(message: ConnectionMessage): void {
    const open = this.#open.get(message.id);
    if (!open) return;
    switch (message.type) {
      case 'connection-data':
        open.writes = open.writes.then(async () => {
          await open.near.write(message.bytes).catch(() => this.#close(message.id, open)); // the local side is gone
          this.#post({ type: 'connection-taken', id: message.id, sizeBytes: message.bytes.byteLength });
        });
        return;
      case 'connection-taken':
        open.creditBytes += message.sizeBytes;
        open.wake?.();
        return;
      case 'connection-end':
        open.writes = open.writes.then(() => open.near.closeWrite());
        return;
      case 'connection-closed':
        this.#open.delete(message.id);
        open.wake?.();
        void open.writes.then(() => open.near.close());
        return;
      default:
        message satisfies never;
    }
  }

  closeAll(): void {
    for (const [id, open] of this.#open) this.#close(id, open);
  }

  async #pump(id: number, open: Open): Promise<void> {
    const into = new Uint8Array(READ_BYTES);
    for (;;) {
      while (open.creditBytes <= 0 && this.#open.has(id)) await new Promise<void>((resolve) => (open.wake = resolve));
      const count = await open.near.read(into);
      if (!this.#open.has(id)) return;
      if (count <= 0) break;
      open.creditBytes -= count;
      this.#post({ type: 'connection-data', id, bytes: into.slice(0, count) });
    }
    this.#post({ type: 'connection-end', id });
  }

  #close(id: number, open: Open): void {
    this.#open.delete(id);
    open.wake?.();
    open.near.close();
    this.#post({ type: 'connection-closed', id });
  }
}
