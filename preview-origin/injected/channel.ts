// The injected script's way to the service worker: directly from a page, through its page from a worker.
import type { FromPage, ToPage } from '../shared/messages.ts';

/** First message to a worker made by an injected page; taken off before user code sees it. */
export const WORKER_PORT_MESSAGE = 'verklet-worker-port';

export interface Channel {
  send(message: FromPage, transfer?: Transferable[]): void;
  onCookies: ((cookies: string) => void) | null;
}

export function createPageChannel(container: ServiceWorkerContainer): Channel {
  const channel: Channel = {
    // Without a controller (a forced reload) there is nobody to ask; the page came from the network then, too.
    send: (message, transfer = []) => container.controller?.postMessage(message, transfer),
    onCookies: null,
  };
  container.addEventListener('message', (event: MessageEvent<ToPage | null>) => {
    if (event.data?.type !== 'verklet-cookies-changed') return;
    event.stopImmediatePropagation();
    channel.onCookies?.(event.data.cookies);
    event.ports[0]?.postMessage(null);
  });
  container.startMessages();
  return channel;
}

export function createWorkerChannel(scope: EventTarget): Channel {
  const waiting: { message: FromPage; transfer: Transferable[] }[] = [];
  let port: MessagePort | null = null;
  const take = (event: Event) => {
    const { data, ports } = event as MessageEvent<unknown>;
    if (data !== WORKER_PORT_MESSAGE || !ports[0]) return;
    event.stopImmediatePropagation();
    scope.removeEventListener('message', take);
    port = ports[0];
    for (const { message, transfer } of waiting.splice(0)) port.postMessage(message, transfer);
  };
  scope.addEventListener('message', take);
  const send: Channel['send'] = (message, transfer = []) => {
    if (port) port.postMessage(message, transfer);
    else waiting.push({ message, transfer });
  };
  return { send, onCookies: null };
}
