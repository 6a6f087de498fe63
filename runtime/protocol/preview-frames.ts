// The frames between a preview service worker and the kernel, over one MessagePort per service worker life.
// The service worker's side is user-controlled: the kernel validates every frame it receives.

/** Raised with every change of a message in this folder that an older peer would misread. */
export const PROTOCOL_VERSION = 1;

/** First chunk small for time to first byte, then growing: measured best between 256 KiB and 1 MiB. */
export const FIRST_CHUNK_BYTES = 64 * 1024;
export const MAX_CHUNK_BYTES = 1024 * 1024;
/** Bytes a sender may have under way before the receiver grants more. Bounds memory per stream. */
export const INITIAL_CREDIT_BYTES = 1024 * 1024;
/** Chrome ends a fetch event without headers after about 300 s; we answer 504 before that. */
export const HEAD_TIMEOUT_MS = 290_000;
/** Requests one service worker may have open at once; more wait in the service worker. */
export const MAX_OPEN_REQUESTS = 512;

export type HeaderList = ReadonlyArray<readonly [name: string, value: string]>;

/** Service worker -> kernel. `id` is unique per port and never reused. */
export type ToKernelFrame =
  | { readonly type: 'hello'; readonly protocolVersion: number; readonly port: number }
  | {
      readonly type: 'open-request';
      readonly id: number;
      readonly method: string;
      /** Path and query, starting with a slash. */
      readonly url: string;
      readonly headers: HeaderList;
      readonly hasBody: boolean;
      /** `Request.destination`, and `document` for navigations: decides on injection. */
      readonly destination: string;
      /** True when the response is a navigation to HTML whose head should carry the injected script. */
      readonly isNavigation: boolean;
      /** `credentials: 'omit'`: the virtual cookies stay out. */
      readonly omitsCookies?: boolean;
    }
  | { readonly type: 'request-chunk'; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly type: 'request-end'; readonly id: number }
  | { readonly type: 'grant-credit'; readonly id: number; readonly sizeBytes: number }
  | { readonly type: 'cancel-request'; readonly id: number; readonly reason: string }
  /** A WebSocket opened in the page: `socket` is one end of a channel of {@link SocketFrame}s. */
  | {
      readonly type: 'open-socket';
      readonly id: number;
      readonly url: string;
      readonly protocols: readonly string[];
      readonly origin: string;
      readonly socket: MessagePort;
    }
  /** The page logged or threw; becomes a `preview-console` diagnostic. */
  | { readonly type: 'report-console'; readonly level: string; readonly text: string }
  /** `document.cookie = value` in the page. */
  | { readonly type: 'set-cookie'; readonly value: string; readonly url: string };

/** Kernel -> service worker. */
export type FromKernelFrame =
  | { readonly type: 'welcome'; readonly protocolVersion: number }
  | {
      readonly type: 'response-head';
      readonly id: number;
      readonly status: number;
      readonly statusText: string;
      readonly headers: HeaderList;
      /** Script-visible cookies for `document.cookie`, sent with navigations only. */
      readonly cookies?: string;
    }
  | { readonly type: 'response-chunk'; readonly id: number; readonly bytes: ArrayBuffer }
  | { readonly type: 'response-end'; readonly id: number }
  | { readonly type: 'grant-credit'; readonly id: number; readonly sizeBytes: number }
  /** `reason`: `no-such-port`, `process-died`, `bad-response`, `timeout`, `cancelled`. */
  | { readonly type: 'response-error'; readonly id: number; readonly reason: PreviewFailure; readonly detail: string }
  /** Script-visible cookies changed: pages of this origin update their `document.cookie`. */
  | { readonly type: 'cookies-changed'; readonly cookies: string };

export type PreviewFailure =
  | 'no-such-port'
  | 'process-died'
  | 'bad-response'
  | 'timeout'
  | 'cancelled'
  | 'no-workspace'
  | 'version-mismatch';

/** Page shim <-> kernel, over the transferred port of one WebSocket. Strings are text, buffers are binary messages. */
export type SocketFrame =
  | { readonly type: 'socket-open'; readonly protocol: string; readonly extensions: string }
  | { readonly type: 'socket-message'; readonly data: string | ArrayBuffer }
  | { readonly type: 'socket-close'; readonly code: number; readonly reason: string; readonly wasClean: boolean }
  | { readonly type: 'socket-error' };
