// Gives every worker that a preview page makes from its own origin a port to the service worker, through this page.
import type { FromPage } from '../shared/messages.ts';
import { WORKER_PORT_MESSAGE, type Channel } from './channel.ts';

interface WorkerScope {
  Worker: typeof Worker;
  readonly location: Location;
  readonly document: Document;
}

export function installWorkerPorts(scope: WorkerScope, channel: Channel): void {
  const Native = scope.Worker;
  const connect = (worker: Worker, url: string | URL) => {
    // Only scripts that pass the service worker carry our first line, which takes this message off again.
    if (new URL(url, scope.document.baseURI).origin !== scope.location.origin || String(url).startsWith('blob:')) return;
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event: MessageEvent<FromPage>) => channel.send(event.data, [...event.ports]);
    worker.postMessage(WORKER_PORT_MESSAGE, [port2]);
  };
  const Connected = class Worker extends Native {
    constructor(url: string | URL, options?: WorkerOptions) {
      super(url, options);
      connect(this, url);
    }
  };
  Object.defineProperty(scope, 'Worker', { value: Connected, writable: true, configurable: true, enumerable: false });
}
