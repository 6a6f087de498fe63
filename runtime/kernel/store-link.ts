// The kernel's port to the store worker: gives the file service and installers ports of their own, so that bytes never pass
// the page. Kernel worker.
import type { ToStoreFromKernel } from '#protocol';

export class StoreLink {
  #port: MessagePort | null = null;

  attach(port: MessagePort): void {
    this.#port = port;
  }

  /** The file service's end of a new port. */
  openFiles(): MessagePort {
    const { port1, port2 } = new MessageChannel();
    this.#post({ type: 'open-files' }, port1);
    return port2;
  }

  /** Connects an installer's port to the package cache; false when there is none. */
  connectPackages(port: MessagePort): boolean {
    return this.#post({ type: 'open-packages' }, port);
  }

  #post(message: ToStoreFromKernel, port: MessagePort): boolean {
    this.#port?.postMessage(message, [port]);
    return this.#port !== null;
  }
}
