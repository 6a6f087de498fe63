// Keeps the bridge page, so that a port origin that was seen once works without a network. Preview service worker.
import { offlineFiles } from 'virtual:offline-files';
import { BRIDGE_PATH } from '../../preview-origin/shared/messages.ts';

const CACHE = 'verklet-bridge';
const kept = new Set(offlineFiles.map(({ url }) => url));

/** For the install event. A browser without room goes on without. */
export async function keepBridge(): Promise<void> {
  try {
    const cache = await caches.open(CACHE);
    await cache.addAll([...kept]);
    for (const request of await cache.keys()) if (!kept.has(new URL(request.url).pathname)) await cache.delete(request);
  } catch (error) {
    if (!(error instanceof DOMException) && !(error instanceof TypeError)) throw error;
  }
}

export function isKept(request: Request): boolean {
  return kept.has(new URL(request.url).pathname);
}

/** The page from the network where there is one; its scripts have hashed names and come from here. */
export async function answerKept(request: Request): Promise<Response> {
  const found = await caches.match(request);
  if (found === undefined) return fetch(request);
  if (new URL(request.url).pathname !== BRIDGE_PATH) return found;
  try {
    return await fetch(request);
  } catch {
    return found; // no network
  }
}
