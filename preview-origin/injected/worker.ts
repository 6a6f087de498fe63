// The script put in front of every worker script of a preview: WebSocket and console by way of the page that made the
// worker, since workers have no service worker container. Runs in preview workers.
import { createWorkerChannel } from './channel.ts';
import { installConsole } from './console.ts';
import { createWebSocketClass } from './web-socket.ts';

const channel = createWorkerChannel(globalThis);
installConsole(globalThis, channel);
Object.defineProperty(globalThis, 'WebSocket', {
  value: createWebSocketClass(channel),
  writable: true,
  configurable: true,
  enumerable: false,
});
