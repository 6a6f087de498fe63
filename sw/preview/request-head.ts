// A browser's request as the server should see it: addressed to localhost, with the headers a service worker cannot read
// put back. Runs in the preview service worker.
import type { HeaderList } from '#protocol';
import { ABORT_KEY_HEADER } from '../../preview-origin/shared/messages.ts';

export interface Origins {
  /** Of the preview, as the browser knows it. */
  readonly own: string;
  /** Of the server, as it knows itself: cross-site checks compare it with `Host`. */
  readonly server: string;
}

type Asked = Pick<Request, 'method' | 'mode' | 'destination' | 'referrer' | 'headers'>;

export function requestHeaders(request: Asked, origins: Origins, userAgent: string): HeaderList {
  const headers = new Headers(request.headers);
  headers.delete(ABORT_KEY_HEADER);
  if (!headers.has('user-agent')) headers.set('user-agent', userAgent);
  if (request.referrer.startsWith(`${origins.own}/`)) headers.set('referer', origins.server + request.referrer.slice(origins.own.length));
  // Every request here is same-origin; of those only the unsafe ones carry an origin (Fetch standard, section 3.2).
  if (request.method !== 'GET' && request.method !== 'HEAD') headers.set('origin', origins.server);
  headers.set('sec-fetch-mode', request.mode);
  headers.set('sec-fetch-dest', request.destination === '' ? 'empty' : request.destination);
  headers.set('sec-fetch-site', request.referrer === '' && request.mode === 'navigate' ? 'none' : 'same-origin');
  headers.set('x-forwarded-host', new URL(origins.own).host);
  headers.set('x-forwarded-proto', new URL(origins.own).protocol.slice(0, -1));
  return [...headers];
}
