// A request's body on its way to the kernel: small ones whole and sized, large ones in credit-bound chunks. Runs in the
// preview service worker.
import { FIRST_CHUNK_BYTES, INITIAL_CREDIT_BYTES, MAX_CHUNK_BYTES } from '#protocol';

/** Up to here a body is gathered first: with a known length even servers that read no chunked requests take it. */
const MAX_GATHERED_BYTES = MAX_CHUNK_BYTES;
/** A page that streams slowly is not made to wait for its own first bytes. */
const MAX_GATHER_MS = 100;

type Read = ReadableStreamReadResult<Uint8Array>;

export interface GatheredBody {
  readonly chunks: readonly Uint8Array[];
  /** Present when the body ended while it was gathered. */
  readonly sizeBytes: number | null;
  readonly rest: AsyncIterable<Uint8Array>;
}

/** Null for a request without a body. */
export async function gatherBody(request: Request): Promise<GatheredBody | null> {
  if (request.method === 'GET' || request.method === 'HEAD') return null;
  const stream = 'body' in Request.prototype ? request.body : new Response(await request.arrayBuffer()).body;
  if (stream === null) return null;
  const reader = stream.getReader();
  const chunks: Uint8Array[] = [];
  const deadline = new Promise<null>((resolve) => setTimeout(resolve, MAX_GATHER_MS, null));
  let gathered = 0;
  let next: Promise<Read> = reader.read();
  for (;;) {
    const result = await Promise.race([next, deadline]);
    if (result === null || gathered > MAX_GATHERED_BYTES) return { chunks, sizeBytes: null, rest: remaining(next, reader) };
    if (result.done) return { chunks, sizeBytes: gathered, rest: remaining(next, reader) };
    chunks.push(result.value);
    gathered += result.value.byteLength;
    next = reader.read();
  }
}

async function* remaining(first: Promise<Read>, reader: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    for (let result = await first; !result.done; result = await reader.read()) yield result.value;
  } finally {
    reader.releaseLock();
  }
}

/** Sends a body as far as the kernel's credit reaches. */
export class UploadSender {
  readonly #post: (bytes: ArrayBuffer) => void;
  #credit = INITIAL_CREDIT_BYTES;
  #isStopped = false;
  #wake: () => void = () => undefined;

  constructor(post: (bytes: ArrayBuffer) => void) {
    this.#post = post;
  }

  grant(sizeBytes: number): void {
    this.#credit += sizeBytes;
    this.#wake();
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake();
  }

  /** True when all of it was sent. */
  async send(body: GatheredBody): Promise<boolean> {
    for (const chunk of body.chunks) await this.#sendChunk(chunk);
    for await (const chunk of body.rest) {
      if (this.#isStopped) return false;
      await this.#sendChunk(chunk);
    }
    return !this.#isStopped;
  }

  async #sendChunk(chunk: Uint8Array): Promise<void> {
    for (let offset = 0; offset < chunk.byteLength && !this.#isStopped;) {
      const wanted = Math.min(chunk.byteLength - offset, MAX_CHUNK_BYTES);
      while (this.#credit < Math.min(wanted, FIRST_CHUNK_BYTES) && !this.#isStopped)
        await new Promise<void>((resolve) => (this.#wake = resolve));
      const part = chunk.slice(offset, offset + Math.min(wanted, this.#credit));
      this.#credit -= part.byteLength;
      offset += part.byteLength;
      if (!this.#isStopped) this.#post(part.buffer);
    }
  }
}
