// Messages among the parts of a port origin: preview pages, the bridge page and the service worker. All of them are
// user-controlled, so the only capability that travels here is the kernel port the runtime frame chose to give.
// Runs everywhere on the preview host; imports nothing.

export const BRIDGE_PATH = '/__verklet/bridge.html';
export const SERVICE_WORKER_PATH = '/__verklet/sw.js';
/** Everything below is ours and never reaches a user's server. */
export const RESERVED_PREFIX = '/__verklet/';
/** Set by the injected script on requests that carry an AbortSignal; taken off by the service worker. */
export const ABORT_KEY_HEADER = 'x-verklet-abort-key';
/** How long a request waits for a workspace before the error page. */
export const WORKSPACE_WAIT_MS = 3000;

/** Page (or its worker) -> service worker. */
export type FromPage =
  /** Carries one MessagePort of SocketFrames. */
  | { readonly type: 'verklet-open-socket'; readonly url: string; readonly protocols: readonly string[] }
  | { readonly type: 'verklet-set-cookie'; readonly value: string; readonly path: string }
  | { readonly type: 'verklet-abort-request'; readonly key: string }
  | { readonly type: 'verklet-report-console'; readonly level: string; readonly text: string }
  /** Boot page: is there a workspace? Answered on the transferred port with a {@link WorkspaceAnswer}. */
  | { readonly type: 'verklet-find-workspace' };

export interface WorkspaceAnswer {
  readonly isOpen: boolean;
}

/** Service worker -> page. Answered on the transferred port, if any, when applied. */
export interface ToPage {
  readonly type: 'verklet-cookies-changed';
  readonly cookies: string;
}

/** Bridge -> service worker, with the kernel's port. The bridge holds the Web Lock of this name for life. */
export interface AttachKernel {
  readonly type: 'verklet-attach-kernel';
  readonly lockName: string;
}
/** Service worker -> bridge: the service worker was restarted and lost its port. */
export interface NeedPort {
  readonly type: 'verklet-need-port';
}

/** Bridge -> runtime frame. */
export type FromBridge =
  | { readonly type: 'bridge-ready' }
  | { readonly type: 'need-port' }
  /** Opened to take away what its origin keeps; done. */
  | { readonly type: 'bridge-erased' }
  | { readonly type: 'bridge-failed'; readonly reason: 'service-worker-refused' | 'service-worker-missing'; readonly detail: string };
/** Runtime frame -> bridge, with the kernel's port. */
export interface OfferPort {
  readonly type: 'offer-port';
}

/** What the service worker puts into the injected script. */
export interface InjectedConfig {
  /** `document.cookie` at the start. */
  readonly cookies: string;
}
