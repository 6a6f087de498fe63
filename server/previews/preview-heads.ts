// What of a request may reach a program in a box, and what of its answer may reach the browser.
import type { IncomingHttpHeaders } from 'node:http';
import { droppedPreviewHeaders, previewHeaders } from '#headers';

export const PREVIEW_COOKIE = '__Host-verklet-preview';

/** Of one connection, or said by proxies, which here is us alone. `expect` is answered by the HTTP client itself. */
const HOP =
  /^(?:connection|keep-alive|proxy-.*|te|trailer|transfer-encoding|upgrade|expect|forwarded|x-forwarded-.*|x-real-ip|host|cookie)$/;

/** Programs see the address they listen on, as they do from the tab. */
export function requestHeaders(headers: IncomingHttpHeaders, port: number, own: URL): Record<string, string | string[]> {
  const local = `http://localhost:${port}`;
  const passed: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) if (value !== undefined && !HOP.test(name)) passed[name] = value;
  const cookies = withoutPreviewCookie(headers.cookie ?? '');
  if (cookies !== '') passed['cookie'] = cookies;
  if (headers.origin === own.origin) passed['origin'] = local;
  if (headers.referer?.startsWith(`${own.origin}/`) === true) passed['referer'] = local + headers.referer.slice(own.origin.length);
  return { ...passed, host: `localhost:${port}`, 'x-forwarded-host': own.host, 'x-forwarded-proto': own.protocol.slice(0, -1) };
}

/**
 * Names and values in turn, as Node has them. A program may set cookies for its own host only, may not touch the
 * permission, and cannot cut itself off from its page.
 */
export function responseHeaders(raw: readonly string[], port: number): string[] {
  const passed = Object.entries(previewHeaders).flat();
  for (let at = 0; at < raw.length; at += 2) {
    const name = raw[at] ?? '';
    const value = raw[at + 1] ?? '';
    const key = name.toLowerCase();
    if (HOP.test(key) || droppedPreviewHeaders.includes(key) || (key === 'set-cookie' && !mayBeSet(value))) continue;
    passed.push(name, key === 'location' ? value.replace(LOCAL_ORIGIN(port), '') || '/' : value);
  }
  return passed;
}

export function previewCookieOf(header: string): string | null {
  for (const part of header.split(/;\s*/)) if (part.startsWith(`${PREVIEW_COOKIE}=`)) return part.slice(PREVIEW_COOKIE.length + 1);
  return null;
}

export function withoutPreviewCookie(header: string): string {
  return header
    .split(/;\s*/)
    .filter((part) => part !== '' && !part.startsWith(`${PREVIEW_COOKIE}=`))
    .join('; ');
}

const LOCAL_ORIGIN = (port: number): RegExp => new RegExp(`^https?://(?:localhost|127\\.0\\.0\\.1|0\\.0\\.0\\.0):${port}(?=/|$)`);

function mayBeSet(cookie: string): boolean {
  return !cookie.trimStart().startsWith(PREVIEW_COOKIE) && !/;\s*domain\s*=/i.test(cookie);
}
