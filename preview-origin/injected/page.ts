// The script put at the head of every preview document: stands in for what a service worker cannot see. Runs in preview
// pages, before any code of theirs, among user code: it trusts nothing it can reach later and leaves no global behind.
import type { InjectedConfig } from '../shared/messages.ts';
import { installAbort } from './abort.ts';
import { installConsole } from './console.ts';
import { installCookies } from './cookies.ts';
import { installServiceWorkerGuard } from './service-worker-guard.ts';
import { createPageChannel } from './channel.ts';
import { createWebSocketClass } from './web-socket.ts';
import { installWorkerPorts } from './worker-ports.ts';

/** The parameter of the function this script becomes the body of. */
declare const VERKLET_CONFIG: InjectedConfig;

const channel = createPageChannel(navigator.serviceWorker);
const cookies = installCookies(document, channel, VERKLET_CONFIG.cookies);
installAbort(globalThis, channel, cookies);
installConsole(globalThis, channel);
installServiceWorkerGuard(navigator.serviceWorker);
installWorkerPorts(globalThis, channel);
Object.defineProperty(globalThis, 'WebSocket', {
  value: createWebSocketClass(channel),
  writable: true,
  configurable: true,
  enumerable: false,
});
