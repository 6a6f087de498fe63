// A link stream as Node's streams want a socket: for an HTTP client that speaks to a port in a box.
import { Duplex } from 'node:stream';
import type { LinkStream, StreamEvents } from '#protocol';

export class StreamSocket extends Duplex {
  readonly #stream: LinkStream;
  #untakenBytes = 0;
  #onDrain: (() => void) | null = null;

  constructor(open: (events: StreamEvents) => LinkStream) {
    super();
    this.on('error', () => undefined); // whoever uses it hears of it by its own listener, once there is one
    this.#stream = open({
      onData: (bytes) => {
        this.#untakenBytes += bytes.length;
        if (this.push(bytes)) this.#take();
      },
      onEnd: () => void this.push(null),
      onReset: () => void this.destroy(new Error('nothing listens there')),
      onDrain: () => this.#drained(),
    });
  }

  override _read(): void {
    this.#take();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.#stream.write(chunk);
    if (this.#stream.canSend) done();
    else this.#onDrain = done;
  }

  override _final(done: () => void): void {
    this.#stream.end();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#stream.reset();
    this.#drained();
    done(error);
  }

  #drained(): void {
    const done = this.#onDrain;
    this.#onDrain = null;
    done?.();
  }

  /** What the reader has room for again is what the sender may send. */
  #take(): void {
    if (this.#untakenBytes > 0) this.#stream.taken(this.#untakenBytes);
    this.#untakenBytes = 0;
  }
}
