// One fetch event to one Response, by frames over the kernel's port. Runs in the preview service worker.
import { MAX_OPEN_REQUESTS, type FromKernelFrame, type HeaderList, type PreviewFailure } from '#protocol';
import { failurePage } from '../../preview-origin/shared/failure-page.ts';
import { ABORT_KEY_HEADER } from '../../preview-origin/shared/messages.ts';
import { previewHeaders } from '#headers';
import { decodeBody } from './content-coding.ts';
import { canInject, injectMarkup, prependSource } from './html-injection.ts';
import { createNonce, pageMarkup, workerSource } from './injected-markup.ts';
import type { ExchangeFrame, KernelLink } from './kernel-link.ts';
import { requestHeaders, type Origins } from './request-head.ts';
import { ResponseBody } from './response-body.ts';
import { forgetBytes, isBodiless, reasonPhrase, responseHeaders } from './response-head.ts';
import { gatherBody, UploadSender, type GatheredBody } from './upload.ts';

type ResponseHead = Extract<FromKernelFrame, { type: 'response-head' }>;

interface Exchange {
  readonly id: number;
  readonly request: Request;
  readonly body: ResponseBody;
  readonly upload: UploadSender;
  /** The response or the failure page; settles once. */
  readonly response: Promise<Response>;
  readonly settle: (response: Promise<Response>) => void;
}

export class Relay {
  readonly #link: KernelLink;
  readonly #origins: Origins;
  /** Exchanges that a page may cancel before their head, by the key its injected script gave them. */
  readonly #abortable = new Map<string, number>();
  readonly #waiting: (() => void)[] = [];
  #openCount = 0;

  constructor(link: KernelLink, ownOrigin: string) {
    this.#link = link;
    this.#origins = { own: ownOrigin, server: link.serverOrigin };
  }

  /** Never rejects: a rejected `respondWith` is an opaque network error. */
  async answer(event: FetchEvent): Promise<Response> {
    const { request } = event;
    try {
      if (!(await this.#link.ready())) return this.#failure(request, 'no-workspace', '');
      if (this.#link.isMismatched) return this.#failure(request, 'version-mismatch', '');
      const body = await gatherBody(request);
      await this.#takeTurn();
      return await this.#exchange(request, body);
    } catch (error) {
      return this.#failure(request, 'bad-response', String(error));
    }
  }

  /** A page gave a request up before its head: the browser tells us nothing of that by itself. */
  abort(key: string): void {
    const id = this.#abortable.get(key);
    if (id !== undefined) this.#link.send({ type: 'cancel-request', id, reason: 'aborted' });
  }

  #exchange(request: Request, body: GatheredBody | null): Promise<Response> {
    const exchange = this.#createExchange(request);
    const { id } = exchange;
    const key = request.headers.get(ABORT_KEY_HEADER);
    if (key !== null) this.#abortable.set(key, id);
    this.#link.open(id, (frame) => {
      const isLast = this.#receive(exchange, frame);
      if (!isLast) return;
      this.#link.close(id);
      if (key !== null) this.#abortable.delete(key);
      this.#giveTurn();
    });
    request.signal.addEventListener('abort', () => this.#link.send({ type: 'cancel-request', id, reason: 'aborted' }));
    const url = new URL(request.url);
    this.#link.send({
      type: 'open-request',
      id,
      method: request.method,
      url: url.pathname + url.search,
      headers: this.#headersFor(request, body),
      hasBody: body !== null,
      destination: request.destination,
      isNavigation: request.mode === 'navigate',
      ...(request.credentials === 'omit' ? { omitsCookies: true } : {}),
    });
    if (body) void this.#upload(exchange, body);
    return exchange.response;
  }

  #createExchange(request: Request): Exchange {
    const id = this.#link.nextId();
    const { promise, resolve } = Promise.withResolvers<Response>();
    const body = new ResponseBody({
      grant: (sizeBytes) => this.#link.send({ type: 'grant-credit', id, sizeBytes }),
      cancel: () => this.#link.send({ type: 'cancel-request', id, reason: 'the reader stopped' }),
    });
    const upload = new UploadSender((bytes) => this.#link.send({ type: 'request-chunk', id, bytes }, [bytes]));
    return { id, request, body, upload, response: promise, settle: resolve };
  }

  #headersFor(request: Request, body: GatheredBody | null): HeaderList {
    const headers = requestHeaders(request, this.#origins, navigator.userAgent).filter(([name]) => name !== 'content-length');
    return body?.sizeBytes == null ? headers : [...headers, ['content-length', String(body.sizeBytes)]];
  }

  async #upload({ id, upload }: Exchange, body: GatheredBody): Promise<void> {
    try {
      if (await upload.send(body)) this.#link.send({ type: 'request-end', id });
    } catch (error) {
      // The page's own stream failed or was aborted: the server must see a broken request, not a short one.
      this.#link.send({ type: 'cancel-request', id, reason: String(error).slice(0, 1000) });
    }
  }

  /** True when the exchange is over. */
  #receive(exchange: Exchange, frame: ExchangeFrame | null): boolean {
    const { body, upload, request } = exchange;
    if (frame === null) {
      upload.stop();
      const reason = this.#link.isMismatched ? 'version-mismatch' : 'no-workspace';
      exchange.settle(Promise.resolve(this.#failure(request, reason, 'It happened while the request was under way.')));
      body.fail('The workspace was closed, or is of another version.');
      return true;
    }
    switch (frame.type) {
      case 'response-head':
        exchange.settle(this.#respond(exchange, frame));
        exchange.response.catch(() => body.stream.cancel()); // `answer` shows the failure; the rest of the body is not wanted
        return false;
      case 'response-chunk':
        body.push(frame.bytes);
        return false;
      case 'grant-credit':
        upload.grant(frame.sizeBytes);
        return false;
      case 'response-end':
        upload.stop();
        body.end();
        return true;
      case 'response-error':
        upload.stop();
        exchange.settle(Promise.resolve(this.#failure(request, frame.reason, frame.detail)));
        body.fail(frame.detail);
        return true;
      default:
        return frame satisfies never;
    }
  }

  async #respond({ request, body }: Exchange, head: ResponseHead): Promise<Response> {
    // A page that gets this response may read document.cookie in the same tick.
    if (request.mode !== 'navigate') await this.#link.cookiesApplied;
    const hasBody = !isBodiless(request.method, head.status);
    const nonce = createNonce();
    const headers = responseHeaders(head.headers, { origins: this.#origins, nonce: request.mode === 'navigate' ? nonce : null });
    const init = { status: head.status, statusText: reasonPhrase(head.statusText), headers };
    if (!hasBody) return new Response(null, init);
    let stream: ReadableStream<Uint8Array> = decodeBody(body.stream, headers);
    const addition = this.#addition(request, head, headers, nonce);
    if (addition) {
      forgetBytes(headers);
      stream = stream.pipeThrough(addition);
    }
    return new Response(stream as ReadableStream<Uint8Array<ArrayBuffer>>, init);
  }

  /** What is put into the body: the injected script at a document's head or in front of a worker's source. */
  #addition(request: Request, head: ResponseHead, headers: Headers, nonce: string): TransformStream<Uint8Array, Uint8Array> | null {
    if (request.mode === 'navigate') {
      const isPartial = head.status === 206;
      return canInject(headers.get('content-type')) && !isPartial ? injectMarkup(pageMarkup({ cookies: head.cookies ?? '' }, nonce)) : null;
    }
    return request.destination === 'worker' && head.status === 200 ? prependSource(workerSource()) : null;
  }

  #failure(request: Request, reason: PreviewFailure, detail: string): Response {
    const page = failurePage(reason, { port: this.#link.port, detail });
    const isPage = request.mode === 'navigate';
    const headers = {
      ...previewHeaders,
      'Content-Type': `text/${isPage ? 'html' : 'plain'}; charset=utf-8`,
      'Cache-Control': 'no-store',
      'X-Verklet-Failure': reason,
    };
    return new Response(request.method === 'HEAD' ? null : isPage ? page.html : page.text, { status: page.status, headers });
  }

  /** The kernel refuses more at once: the rest waits here, as it would for a browser's connections. */
  async #takeTurn(): Promise<void> {
    this.#openCount++;
    if (this.#openCount > MAX_OPEN_REQUESTS) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #giveTurn(): void {
    this.#openCount--;
    this.#waiting.shift()?.();
  }
}
