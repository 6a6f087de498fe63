// Keeps the hashed files of the version before for tabs that still run it: an update in one tab must not take away what another
// has not loaded yet. App-shell service worker.
import type { PrecacheEntry } from 'workbox-precaching';

const CACHE = 'verklet-previous-version';
/** Workbox's own name for what it precaches. */
const PRECACHE = /^workbox-precache/;

/** For the install event, with the files of the new version. A browser without room goes on without. */
export async function keepPrevious(current: readonly (string | PrecacheEntry)[]): Promise<void> {
  const isCurrent = new Set(current.map((entry) => new URL(typeof entry === 'string' ? entry : entry.url, location.href).pathname));
  try {
    await caches.delete(CACHE);
    const previous = await caches.open(CACHE);
    for (const name of (await caches.keys()).filter((one) => PRECACHE.test(one))) {
      const precache = await caches.open(name);
      for (const request of await precache.keys()) {
        const url = new URL(request.url);
        if (!isAsset(url) || isCurrent.has(url.pathname)) continue;
        const response = await precache.match(request);
        if (response) await previous.put(url.pathname, response);
      }
    }
  } catch (error) {
    if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
  }
}

/** Files whose name changes with their content. */
export function isAsset({ pathname }: URL): boolean {
  return pathname.startsWith('/assets/');
}

/** For files that this version does not have. */
export async function answerPrevious(request: Request): Promise<Response> {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}
