// A response's body as the browser pulls it: chunks from the kernel in a bounded queue, credit given back as they are read.
// Runs in the preview service worker.
import { FIRST_CHUNK_BYTES, INITIAL_CREDIT_BYTES } from '#protocol';

interface BodyHost {
  grant(sizeBytes: number): void;
  cancel(): void;
}

export class ResponseBody {
  readonly stream: ReadableStream<Uint8Array<ArrayBuffer>>;
  readonly #host: BodyHost;
  #controller!: ReadableStreamDefaultController<Uint8Array<ArrayBuffer>>;
  /** Bytes the kernel may still send. */
  #outstanding = INITIAL_CREDIT_BYTES;
  #isClosed = false;

  constructor(host: BodyHost) {
    this.#host = host;
    this.stream = new ReadableStream<Uint8Array<ArrayBuffer>>(
      {
        start: (controller) => void (this.#controller = controller),
        pull: () => this.#grantSpace(),
        cancel: () => {
          this.#isClosed = true;
          host.cancel();
        },
      },
      new ByteLengthQueuingStrategy({ highWaterMark: INITIAL_CREDIT_BYTES }),
    );
  }

  push(bytes: ArrayBuffer): void {
    this.#outstanding -= bytes.byteLength;
    if (!this.#isClosed) this.#controller.enqueue(new Uint8Array(bytes));
  }

  end(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#controller.close();
  }

  fail(reason: string): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#controller.error(new TypeError(reason)); // what a broken network connection gives
  }

  #grantSpace(): void {
    const space = (this.#controller.desiredSize ?? 0) - this.#outstanding;
    if (space < FIRST_CHUNK_BYTES || this.#isClosed) return; // not a message per small chunk
    this.#outstanding += space;
    this.#host.grant(space);
  }
}
