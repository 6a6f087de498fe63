// `document.cookie` over the kernel's virtual jar: read from a mirror, written to both. Runs in preview pages.
import type { Channel } from './channel.ts';

/** A request waits this long at most for the jar to have what the page just wrote. */
const SETTLE_MS = 200;

export interface CookieMirror {
  /** Settles when the kernel has every cookie written so far; null when it has already. */
  settled(): Promise<void> | null;
}

export function installCookies(document: Document, channel: Channel, initial: string): CookieMirror {
  let current = initial;
  let waiting: { readonly promise: Promise<void>; readonly resolve: () => void } | null = null;
  channel.onCookies = (cookies) => {
    current = cookies;
    waiting?.resolve();
    waiting = null;
  };
  const write = (value: string) => {
    current = applyCookie(current, value);
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting ??= { promise, resolve };
    setTimeout(resolve, SETTLE_MS);
    channel.send({ type: 'verklet-set-cookie', value, path: document.location.pathname });
  };
  // On the prototype, where the native accessor is, so that a document looks as it always does.
  Object.defineProperty(Document.prototype, 'cookie', {
    get: () => current,
    set(value: unknown) {
      write(String(value));
    },
    configurable: true,
    enumerable: true,
  });
  return { settled: () => waiting?.promise ?? null };
}

/** The mirror after `document.cookie = line`, until the jar's own answer comes. */
export function applyCookie(current: string, line: string, nowMs = Date.now()): string {
  const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
  const name = pair.includes('=') ? pair.slice(0, pair.indexOf('=')).trim() : '';
  if (pair === '' || attributes.some((attribute) => attribute.toLowerCase() === 'httponly')) return current;
  const others = current
    .split('; ')
    .filter((entry) => entry !== '' && (entry.includes('=') ? entry.slice(0, entry.indexOf('=')) : '') !== name);
  return (isExpired(attributes, nowMs) ? others : [...others, pair]).join('; ');
}

function isExpired(attributes: readonly string[], nowMs: number): boolean {
  const read = (key: string) => attributes.find((attribute) => attribute.toLowerCase().startsWith(`${key}=`))?.slice(key.length + 1);
  const maxAge = read('max-age');
  if (maxAge !== undefined && /^-?\d+$/.test(maxAge)) return Number(maxAge) <= 0;
  return Date.parse(read('expires') ?? '') <= nowMs;
}
