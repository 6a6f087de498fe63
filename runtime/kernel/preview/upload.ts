// The body of one relayed request on its way from the service worker to a server: a queue bounded by credit. Runs in the kernel worker.
import { INITIAL_CREDIT_BYTES, VerkletError } from '#protocol';

export class Upload implements AsyncIterable<Uint8Array> {
  readonly #grant: (sizeBytes: number) => void;
  readonly #queue: ArrayBuffer[] = [];
  #credit = INITIAL_CREDIT_BYTES;
  #isEnded = false;
  #failure: Error | null = null;
  #wake: () => void = () => undefined;

  /** `grant` tells the sender how much more it may send. */
  constructor(grant: (sizeBytes: number) => void) {
    this.#grant = grant;
  }

  /** False when the sender overdrew its credit. */
  push(bytes: ArrayBuffer): boolean {
    if (this.#isEnded || bytes.byteLength > this.#credit) return false;
    this.#credit -= bytes.byteLength;
    this.#queue.push(bytes);
    this.#wake();
    return true;
  }

  end(): void {
    this.#isEnded = true;
    this.#wake();
  }

  fail(reason: string): void {
    this.#failure = new VerkletError('ERR_ABORTED', { what: `The upload (${reason})` });
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const bytes = this.#queue.shift();
      if (bytes) {
        yield new Uint8Array(bytes);
        // Granted once the server's socket took the bytes, so a slow server slows the page down.
        this.#credit += bytes.byteLength;
        this.#grant(bytes.byteLength);
      } else if (this.#isEnded) return;
      else await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}
