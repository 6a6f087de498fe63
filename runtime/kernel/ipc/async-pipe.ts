// Pipes as promises, for the kernel, which may not block. Kernel worker.
import type { Connection, PipeMemory } from '#protocol';
import type { Doorbell } from './doorbell.ts';
import { EAGAIN, EPIPE, Pipe, type PipeEnd } from './pipe.ts';

/** One end of a pipe with at most one operation under way. Close it: it holds the end and a place at the doorbell. */
class AsyncPipeEnd {
  readonly pipe: Pipe;
  readonly #end: PipeEnd;
  readonly #doorbell: Doorbell;
  #attempt: (() => boolean) | null = null;
  #isClosed = false;
  readonly #onRing = (): void => {
    if (this.#attempt?.()) this.#attempt = null;
  };

  /** Takes over a hold that was retained for the kernel's slot already. */
  constructor(memory: PipeMemory, end: PipeEnd, doorbell: Doorbell) {
    this.pipe = new Pipe(memory, doorbell.slots);
    this.#end = end;
    this.#doorbell = doorbell;
    this.pipe.watch(end, true);
    doorbell.add(this.#onRing);
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.pipe.watch(this.#end, false);
    this.#doorbell.remove(this.#onRing);
    this.pipe.release(this.#end);
    this.#onRing();
  }

  /** Tries now, and again after each ring until `attempt` says it is done. */
  protected retry(attempt: () => boolean): void {
    if (!attempt()) this.#attempt = attempt;
  }
}

export class AsyncPipeReader extends AsyncPipeEnd {
  constructor(memory: PipeMemory, doorbell: Doorbell) {
    super(memory, 'read', doorbell);
  }

  /** Bytes read; 0 at end of file or after {@link close}. */
  read(into: Uint8Array): Promise<number> {
    return new Promise((resolve) => {
      this.retry(() => {
        const count = this.isClosed ? 0 : this.pipe.read(into);
        if (count === EAGAIN) return false;
        resolve(count);
        return true;
      });
    });
  }
}

export class AsyncPipeWriter extends AsyncPipeEnd {
  constructor(memory: PipeMemory, doorbell: Doorbell) {
    super(memory, 'write', doorbell);
  }

  /** Resolves true when everything is taken, false when nobody reads any more. */
  write(bytes: Uint8Array): Promise<boolean> {
    let done = 0;
    return new Promise((resolve) => {
      this.retry(() => {
        while (done < bytes.length) {
          const count = this.isClosed ? EPIPE : this.pipe.write(bytes.subarray(done));
          if (count === EAGAIN) return false;
          if (count === EPIPE) {
            resolve(false);
            return true;
          }
          done += count;
        }
        resolve(true);
        return true;
      });
    });
  }
}

/** Both directions of a loopback connection or a child's stdio, as the kernel's own end. */
export class AsyncConnection {
  readonly reader: AsyncPipeReader;
  readonly writer: AsyncPipeWriter;

  constructor(connection: Connection, doorbell: Doorbell) {
    this.reader = new AsyncPipeReader(connection.receive, doorbell);
    this.writer = new AsyncPipeWriter(connection.send, doorbell);
  }

  /** Bytes that can be read without waiting. */
  get readableBytes(): number {
    return this.reader.pipe.readableBytes;
  }

  read(into: Uint8Array): Promise<number> {
    return this.reader.read(into);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (!(await this.writer.write(bytes))) throw new Error('the peer closed the connection');
  }

  closeWrite(): void {
    this.writer.close();
  }

  close(): void {
    this.writer.close();
    this.reader.close();
  }
}
