// Tells the service worker of requests that a page gives up before their response began: fetch events do not say so
// (w3c/ServiceWorker issue 1544). Also lets a request wait for cookies that were just written. Runs in preview pages.
import { ABORT_KEY_HEADER } from '../shared/messages.ts';
import type { Channel } from './channel.ts';
import type { CookieMirror } from './cookies.ts';

interface RequestScope {
  fetch: typeof fetch;
  readonly XMLHttpRequest: typeof XMLHttpRequest;
  readonly location: Location;
  readonly document: Document;
}

export function installAbort(scope: RequestScope, channel: Channel, cookies: CookieMirror): void {
  const prefix = crypto.randomUUID();
  let count = 0;
  const nextKey = () => `${prefix}-${++count}`;
  const isOwn = (url: string) => new URL(url, scope.document.baseURI).origin === scope.location.origin;
  installFetch(scope, channel, cookies, nextKey, isOwn);
  installXhr(scope.XMLHttpRequest.prototype, channel, nextKey, isOwn);
}

function installFetch(
  scope: RequestScope,
  channel: Channel,
  cookies: CookieMirror,
  nextKey: () => string,
  isOwn: (url: string) => boolean,
): void {
  const native = scope.fetch.bind(scope);
  const send = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    const pendingCookies = cookies.settled();
    if (pendingCookies) await pendingCookies;
    const signal = init?.signal ?? (input instanceof Request ? input.signal : null);
    const mode = init?.mode ?? (input instanceof Request ? input.mode : 'cors');
    const url = input instanceof Request ? input.url : String(input);
    if (!signal || signal.aborted || mode === 'no-cors' || !isOwn(url)) return native(input, init);
    const key = nextKey();
    const headers = new Headers(init?.headers ?? (input instanceof Request ? input.headers : undefined));
    headers.set(ABORT_KEY_HEADER, key);
    const abort = () => channel.send({ type: 'verklet-abort-request', key });
    signal.addEventListener('abort', abort, { once: true });
    try {
      return await native(input, { ...init, headers });
    } finally {
      signal.removeEventListener('abort', abort);
    }
  };
  const wrapped = { fetch: (input: RequestInfo | URL, init?: RequestInit) => send(input, init) }.fetch;
  Object.defineProperty(scope, 'fetch', { value: wrapped, writable: true, configurable: true, enumerable: true });
}

function installXhr(prototype: XMLHttpRequest, channel: Channel, nextKey: () => string, isOwn: (url: string) => boolean): void {
  const keys = new WeakMap<XMLHttpRequest, string>();
  const own = new WeakSet<XMLHttpRequest>();
  const { open, send, abort } = prototype;
  const methods = {
    open(this: XMLHttpRequest, method: string, url: string | URL, ...rest: unknown[]) {
      // A synchronous request never meets the service worker, so there is nobody to tell.
      if (isOwn(String(url)) && rest[0] !== false) own.add(this);
      else own.delete(this);
      return Reflect.apply(open, this, [method, url, ...rest]);
    },
    send(this: XMLHttpRequest, body?: Document | XMLHttpRequestBodyInit | null) {
      if (own.has(this)) {
        const key = nextKey();
        keys.set(this, key);
        this.setRequestHeader(ABORT_KEY_HEADER, key);
      }
      return Reflect.apply(send, this, [body]);
    },
    abort(this: XMLHttpRequest) {
      const key = keys.get(this);
      if (key !== undefined && this.readyState < XMLHttpRequest.HEADERS_RECEIVED) channel.send({ type: 'verklet-abort-request', key });
      return Reflect.apply(abort, this, []);
    },
  };
  for (const [name, value] of Object.entries(methods))
    Object.defineProperty(prototype, name, { value, writable: true, configurable: true, enumerable: true });
}
