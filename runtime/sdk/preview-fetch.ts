// `fetchPreview`: an HTTP request to a server of the workspace as a streaming Response. Page side.
import { VerkletError, type FromKernel, type ToKernel } from '#protocol';
import type { KernelChannel } from './kernel-channel.ts';

type FetchMessage = Extract<FromKernel, { type: 'fetch-head' | 'fetch-chunk' | 'fetch-end' }>;

/** Responses of these statuses have no body by definition. */
const BODILESS = new Set([101, 204, 205, 304]);

interface OpenFetch {
  resolve(response: Response): void;
  reject(error: Error): void;
  controller: ReadableStreamDefaultController<Uint8Array> | null;
}

export class PreviewFetcher {
  readonly #kernel: KernelChannel;
  readonly #open = new Map<number, OpenFetch>();

  constructor(kernel: KernelChannel) {
    this.#kernel = kernel;
  }

  /** `input` is a path with query, or any URL whose path and query then count. */
  async fetch(port: number, input: string, init: RequestInit = {}): Promise<Response> {
    const request = new Request(new URL(input, `http://localhost:${port}`), { ...init, signal: null });
    const url = new URL(request.url);
    const bytes = new Uint8Array(await request.arrayBuffer());
    const hasBody = bytes.byteLength > 0 || (init.body !== undefined && init.body !== null);
    const message: Omit<Extract<ToKernel, { type: 'fetch-preview' }>, 'id'> = {
      type: 'fetch-preview',
      port,
      method: request.method,
      url: `${url.pathname}${url.search}`,
      headers: [...request.headers],
      body: hasBody ? bytes : null,
    };
    return this.#start(message, init.signal ?? undefined);
  }

  deliver(message: FetchMessage): void {
    const fetch = this.#open.get(message.id);
    if (fetch === undefined) return;
    switch (message.type) {
      case 'fetch-head':
        return fetch.resolve(this.#response(message, fetch));
      case 'fetch-chunk':
        return fetch.controller?.enqueue(message.bytes);
      case 'fetch-end':
        this.#open.delete(message.id);
        return fetch.controller?.close();
      default:
        return message satisfies never;
    }
  }

  /** Returns whether the id was one of ours. */
  fail(id: number, error: Error): boolean {
    const fetch = this.#open.get(id);
    if (fetch === undefined) return false;
    this.#open.delete(id);
    fetch.reject(error);
    fetch.controller?.error(error);
    return true;
  }

  dispose(): void {
    for (const id of this.#open.keys()) this.fail(id, new VerkletError('ERR_DISPOSED'));
  }

  #start(message: Omit<Extract<ToKernel, { type: 'fetch-preview' }>, 'id'>, signal?: AbortSignal): Promise<Response> {
    const id = this.#kernel.nextId();
    return new Promise((resolve, reject) => {
      if (signal?.aborted === true) return reject(signal.reason as Error);
      this.#open.set(id, { resolve, reject, controller: null });
      signal?.addEventListener(
        'abort',
        () => {
          if (this.fail(id, signal.reason as Error)) this.#kernel.tell({ type: 'cancel-fetch', id });
        },
        { once: true },
      );
      this.#kernel.tell({ ...message, id });
    });
  }

  #response({ id, status, statusText, headers }: Extract<FetchMessage, { type: 'fetch-head' }>, fetch: OpenFetch): Response {
    const init = { status, statusText, headers: new Headers(headers.map(([name, value]) => [name, value])) };
    if (BODILESS.has(status)) return new Response(null, init);
    const body = new ReadableStream<Uint8Array>({
      start: (controller) => {
        fetch.controller = controller;
      },
      cancel: () => {
        this.#open.delete(id);
        this.#kernel.tell({ type: 'cancel-fetch', id });
      },
    });
    const counted = new TransformStream<Uint8Array, Uint8Array>(
      {
        transform: (bytes, controller) => {
          controller.enqueue(bytes);
          this.#kernel.tell({ type: 'grant-fetch', id, sizeBytes: bytes.byteLength });
        },
      },
      { highWaterMark: 1 },
      { highWaterMark: 0 },
    );
    return new Response(body.pipeThrough(counted), init);
  }
}
