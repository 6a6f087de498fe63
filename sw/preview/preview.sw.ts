// The preview service worker: answers every request of a port origin from the kernel. Runs as one classic script with the
// origin's root as its scope. All state is a cache of the kernel's: the browser may end it after any idle half minute.
import { BRIDGE_PATH, type AttachKernel, type FromPage, type WorkspaceAnswer } from '../../preview-origin/shared/messages.ts';
import { KernelLink } from './kernel-link.ts';
import { answerKept, isKept, keepBridge } from './offline.ts';
import { reasonNotOurs } from './ownership.ts';
import { Relay } from './relay.ts';

declare const self: ServiceWorkerGlobalScope;

const link = new KernelLink(self, portOf(self.location.hostname));
const relay = new Relay(link, self.location.origin);

self.addEventListener('install', (event) => {
  event.waitUntil(keepBridge());
  void self.skipWaiting();
});
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

self.addEventListener('fetch', (event) => {
  if (isKept(event.request) && new URL(event.request.url).origin === self.location.origin)
    return event.respondWith(answerKept(event.request));
  if (reasonNotOurs(event.request, self.location.origin) !== null) return;
  event.respondWith(relay.answer(event));
});

self.addEventListener('message', (event) => {
  // User code may send what it likes; whatever is not ours falls through.
  const message = event.data as FromPage | AttachKernel | null;
  if (typeof message !== 'object' || message === null) return;
  const [port] = event.ports;
  switch (message.type) {
    case 'verklet-attach-kernel':
      if (port && isBridge(event.source)) link.attach(port, message.lockName);
      return;
    case 'verklet-open-socket':
      if (port) event.waitUntil(openSocket(message.url, message.protocols, port));
      return;
    case 'verklet-set-cookie':
      event.waitUntil(link.sendWhenReady({ type: 'set-cookie', value: message.value, url: message.path }));
      return;
    case 'verklet-report-console':
      event.waitUntil(link.sendWhenReady({ type: 'report-console', level: message.level, text: message.text }));
      return;
    case 'verklet-abort-request':
      return relay.abort(message.key);
    case 'verklet-find-workspace':
      if (port) event.waitUntil(tellWhetherOpen(port));
      return;
    default:
      return message satisfies never;
  }
});

async function openSocket(url: string, protocols: readonly string[], socket: MessagePort): Promise<void> {
  const isSent = await link.sendWhenReady({ type: 'open-socket', id: link.nextId(), url, protocols, origin: link.serverOrigin, socket }, [
    socket,
  ]);
  if (isSent) return;
  socket.postMessage({ type: 'socket-error' });
  socket.postMessage({ type: 'socket-close', code: 1006, reason: '', wasClean: false });
}

async function tellWhetherOpen(port: MessagePort): Promise<void> {
  const answer: WorkspaceAnswer = { isOpen: await link.ready() };
  port.postMessage(answer);
}

function isBridge(source: ExtendableMessageEvent['source']): boolean {
  return source !== null && 'url' in source && new URL(source.url).pathname === BRIDGE_PATH;
}

function portOf(hostname: string): number {
  return Number.parseInt(hostname, 10);
}
