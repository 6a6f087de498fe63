// The SDK's `fetchPreview`: one request of the control port to a server of the workspace, by the same HTTP client as
// previews. Runs in the kernel worker.
import { FIRST_CHUNK_BYTES, INITIAL_CREDIT_BYTES, MAX_CHUNK_BYTES, toErrorData, type FromKernel, type ToKernel } from '#protocol';
import { Credit } from './credit.ts';
import { isReservedHeader } from './frame-validation.ts';
import type { HttpClient, HttpResponse } from './http-client.ts';

type FetchMessage = Extract<ToKernel, { type: 'fetch-preview' }>;
type Post = (message: FromKernel, transfer?: Transferable[]) => void;

interface OpenFetch {
  readonly abort: AbortController;
  readonly credit: Credit;
}

/** The requests of one control port. The kernel hands it the three messages whose names hold `fetch`. */
export class PreviewFetches {
  readonly #client: HttpClient;
  readonly #post: Post;
  readonly #open = new Map<number, OpenFetch>();

  constructor(client: HttpClient, post: Post) {
    this.#client = client;
    this.#post = post;
  }

  start(message: FetchMessage): void {
    const fetch: OpenFetch = { abort: new AbortController(), credit: new Credit(INITIAL_CREDIT_BYTES) };
    fetch.abort.signal.addEventListener('abort', () => fetch.credit.close());
    this.#open.set(message.id, fetch);
    void this.#run(message, fetch).finally(() => this.#open.delete(message.id));
  }

  grant(id: number, sizeBytes: number): void {
    this.#open.get(id)?.credit.grant(sizeBytes);
  }

  cancel(id: number): void {
    this.#open.get(id)?.abort.abort();
  }

  dispose(): void {
    for (const fetch of this.#open.values()) fetch.abort.abort();
  }

  /** Never rejects: a failure is a `reply-error`. */
  async #run(message: FetchMessage, fetch: OpenFetch): Promise<void> {
    try {
      const { body } = message;
      const headers = message.headers.filter(([name]) => !isReservedHeader(name) && name.toLowerCase() !== 'content-length');
      const response = await this.#client.request(message.port, {
        method: message.method,
        target: message.url,
        headers: body === null ? headers : [...headers, ['Content-Length', String(body.byteLength)]],
        body: body === null ? null : single(body),
        signal: fetch.abort.signal,
      });
      const { status, statusText } = response.head;
      this.#post({ type: 'fetch-head', id: message.id, status, statusText, headers: response.head.headers });
      await this.#sendBody(message.id, fetch, response);
    } catch (error) {
      this.#post({ type: 'reply-error', id: message.id, error: toErrorData(error) });
    }
  }

  async #sendBody(id: number, fetch: OpenFetch, response: HttpResponse): Promise<void> {
    let sizeBytes = FIRST_CHUNK_BYTES;
    for (;;) {
      const available = await fetch.credit.available();
      if (available === 0) return response.cancel();
      const bytes = await response.read(Math.min(available, sizeBytes));
      if (bytes === null) return this.#post({ type: 'fetch-end', id });
      fetch.credit.spend(bytes.byteLength);
      if (bytes.byteLength === sizeBytes) sizeBytes = Math.min(sizeBytes * 2, MAX_CHUNK_BYTES);
      this.#post({ type: 'fetch-chunk', id, bytes }, [bytes.buffer]);
    }
  }
}

async function* single(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}
