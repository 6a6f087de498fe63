// The service worker of a workspace's origin: keeps the runtime, so that a stored workspace opens without a network. User
// code shares the origin and could damage what is kept here, for its own workspace only.
import { cleanupOutdatedCaches, matchPrecache, precacheAndRoute } from 'workbox-precaching';
import { registerRoute } from 'workbox-routing';
import { offlineFiles } from 'virtual:offline-files';

const PAGES = new Set(['/__verklet/frame.html', '/__verklet/output.html']);
/** A network that does not answer by then is as good as none. */
const NETWORK_PATIENCE_MS = 3000;

// Pages come from the network where there is one: a page and a runtime of different builds never meet unless offline.
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && PAGES.has(url.pathname),
  async ({ request, url }) => {
    try {
      return await fetch(request, { signal: AbortSignal.timeout(NETWORK_PATIENCE_MS) });
    } catch (error) {
      const kept = await matchPrecache(url.pathname);
      if (kept) return kept;
      throw error;
    }
  },
);
// A new version waits until no frame of the old one is left: what the old one has not loaded yet stays here for it.
precacheAndRoute(offlineFiles.map(({ url, revision }) => ({ url, revision: isHashed(url) ? null : revision })));
cleanupOutdatedCaches();

/** Vite's hashed names need no revision. */
function isHashed(url: string): boolean {
  return /-[\w-]{8}\.\w+$/.test(url);
}
