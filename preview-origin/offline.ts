// What the runtime frame does for a life without network: keeps the runtime and the bridges of likely ports, and takes all
// of that away again. Runs in the runtime frame.
import type { FromBridge } from './shared/messages.ts';
import { BRIDGE_PATH } from './shared/messages.ts';

const WORKER_PATH = '/__verklet/workspace-sw.js';
/** A bridge answers in well under a second; a browser that refuses its service worker says so, or never answers. */
const BRIDGE_PATIENCE_MS = 8000;
/** Ports whose bridges this origin has kept, so that they are not opened again at each start. */
const KEPT_PORTS_KEY = 'verklet-kept-ports';

/** Resolves when the runtime is kept. Rejects when the browser has no service workers here, or no room. */
export async function keepRuntime(): Promise<void> {
  if (!('serviceWorker' in navigator)) throw new Error('this browser has no service workers here');
  await navigator.serviceWorker.register(WORKER_PATH, { scope: '/', updateViaCache: 'none' });
  await navigator.serviceWorker.ready;
}

/** Opens the bridges of ports that were not kept yet, one after the other: each installs its service worker. */
export async function keepPorts(document: Document, ports: readonly number[]): Promise<void> {
  const kept = new Set((localStorage.getItem(KEPT_PORTS_KEY) ?? '').split(' ').filter(Boolean).map(Number));
  for (const port of ports) {
    if (kept.has(port) || !(await openBridge(document, port, 'bridge-ready'))) continue;
    kept.add(port);
    localStorage.setItem(KEPT_PORTS_KEY, [...kept].join(' '));
  }
}

/** Leaves nothing on this origin, nor on those of its ports. */
export async function eraseOrigin(document: Document, ports: readonly number[]): Promise<void> {
  const kept = (localStorage.getItem(KEPT_PORTS_KEY) ?? '').split(' ').filter(Boolean).map(Number);
  for (const port of new Set([...kept, ...ports])) await openBridge(document, port, 'bridge-erased');
  await eraseHere();
}

/** Service workers, caches, databases, files and local storage of the page's own origin. */
export async function eraseHere(): Promise<void> {
  localStorage.clear();
  sessionStorage.clear();
  for (const name of await caches.keys()) await caches.delete(name);
  for (const { name } of await indexedDB.databases()) if (name !== undefined) indexedDB.deleteDatabase(name);
  if (typeof navigator.storage.getDirectory === 'function') {
    const root = await navigator.storage.getDirectory();
    for await (const name of root.keys()) await root.removeEntry(name, { recursive: true });
  }
  for (const registration of await navigator.serviceWorker.getRegistrations()) await registration.unregister();
}

/** Whether the bridge of the port answered with that message. The bridge is gone afterwards. */
async function openBridge(document: Document, port: number, wanted: 'bridge-ready' | 'bridge-erased'): Promise<boolean> {
  const origin = `${location.protocol}//${port}--${location.host}`;
  const iframe = document.createElement('iframe');
  iframe.hidden = true;
  iframe.title = `Bridge to port ${port}`;
  iframe.setAttribute('sandbox', 'allow-scripts allow-same-origin');
  iframe.src = `${origin}${BRIDGE_PATH}${wanted === 'bridge-erased' ? '#erase' : ''}`;
  const listening = new AbortController();
  const answered = new Promise<boolean>((resolve) => {
    addEventListener(
      'message',
      ({ source, origin: from, data }: MessageEvent<FromBridge | null>) => {
        if (source !== iframe.contentWindow || from !== origin) return;
        if (data?.type === wanted) resolve(true);
        else if (data?.type === 'bridge-failed') resolve(false);
      },
      { signal: listening.signal },
    );
    setTimeout(resolve, BRIDGE_PATIENCE_MS, false);
  });
  document.body.append(iframe);
  const isAnswered = await answered;
  listening.abort();
  iframe.remove();
  return isAnswered;
}
