// The app-shell service worker: precaches the shell and answers navigations with it, so that the app opens without a network.
// A new version waits until the page asks for it: nothing is reloaded over unsaved work.
import { cleanupOutdatedCaches, createHandlerBoundToURL, type PrecacheEntry, precacheAndRoute } from 'workbox-precaching';
import { NavigationRoute, registerRoute } from 'workbox-routing';
import { answerPrevious, isAsset, keepPrevious } from './previous.ts';
import { takeShare } from './share.ts';

declare const self: ServiceWorkerGlobalScope & { readonly __WB_MANIFEST: (string | PrecacheEntry)[] };

/** Sent by the page when the user accepts an update; workbox-window's own message. */
const SKIP_WAITING = 'SKIP_WAITING';

const manifest = self.__WB_MANIFEST;
// Before Workbox takes the old version away.
self.addEventListener('install', (event) => event.waitUntil(keepPrevious(manifest)));
precacheAndRoute(manifest);
cleanupOutdatedCaches();
registerRoute(
  ({ url, sameOrigin }) => sameOrigin && isAsset(url),
  ({ request }) => answerPrevious(request),
);
registerRoute(new NavigationRoute(createHandlerBoundToURL('/index.html'), { denylist: [/^\/-\//, /^\/health/] }));

registerRoute(
  ({ url, sameOrigin }) => sameOrigin && url.pathname === '/share',
  ({ request }) => takeShare(request),
  'POST',
);

self.addEventListener('message', ({ data }: ExtendableMessageEvent) => {
  if ((data as { type?: unknown } | null)?.type === SKIP_WAITING) void self.skipWaiting();
});
