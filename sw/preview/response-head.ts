// A server's response head as the browser may see it: embeddable in an isolated app, with addresses on the preview origin.
// Runs in the preview service worker.
import { droppedPreviewHeaders, previewHeaders } from '#headers';
import type { HeaderList } from '#protocol';
import { previewPolicy } from './content-security.ts';
import type { Origins } from './request-head.ts';

/** About this connection, not about the response (RFC 9110 section 7.6.1); and what would end the service worker itself. */
const HOP_BY_HOP = new Set([
  'connection',
  'keep-alive',
  'proxy-connection',
  'transfer-encoding',
  'upgrade',
  'trailer',
  'clear-site-data',
  'strict-transport-security',
]);
/** Where the bytes that arrive are not the bytes the headers speak of. */
const ABOUT_BYTES = ['content-length', 'content-encoding', 'etag', 'content-md5', 'digest', 'accept-ranges'];
const POLICIES = new Set(['content-security-policy', 'content-security-policy-report-only']);

/** Statuses for which a Response must have no body at all. */
export function isBodiless(method: string, status: number): boolean {
  return method === 'HEAD' || status === 204 || status === 205 || status === 304;
}

export interface HeadOptions {
  readonly origins: Origins;
  /** The nonce of an injected script, if there is one: the page's policy must allow it. */
  readonly nonce: string | null;
}

export function responseHeaders(list: HeaderList, { origins, nonce }: HeadOptions): Headers {
  const headers = new Headers();
  for (const [name, value] of list) {
    const key = name.toLowerCase();
    if (HOP_BY_HOP.has(key) || droppedPreviewHeaders.includes(key)) continue;
    const kept = POLICIES.has(key) ? previewPolicy(value, { nonce, isSecure: origins.own.startsWith('https:') }) : value;
    if (kept !== '') headers.append(name, key === 'location' ? previewLocation(kept, origins) : kept);
  }
  for (const [name, value] of Object.entries(previewHeaders)) headers.set(name, value);
  return headers;
}

/** After a body was decoded or added to. */
export function forgetBytes(headers: Headers): void {
  for (const name of ABOUT_BYTES) headers.delete(name);
}

/** A redirect to the server's own address stays in the preview. */
export function previewLocation(location: string, { own, server }: Origins): string {
  const port = new URL(server).port;
  const match = new RegExp(`^https?://(?:localhost|127\\.0\\.0\\.1|\\[::1\\]|0\\.0\\.0\\.0):${port}(?=[/?#]|$)`, 'i').exec(location);
  return match ? own + location.slice(match[0].length) : location;
}

/** A reason phrase that `Response` takes, or none (RFC 9112 section 4). */
export function reasonPhrase(text: string): string {
  return /^[\t\x20-\x7e\x80-\xff]*$/.test(text) ? text : '';
}
