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

  /** A file of Python's offline pack, to be read when it is used; null where there is none. */
  readPythonFile(name: string): Promise<Blob | null> {
    const { port1, port2 } = new MessageChannel();
    const { promise, resolve } = Promise.withResolvers<Blob | null>();
    port1.addEventListener('message', ({ data }: MessageEvent<Blob | null>) => {
      resolve(data);
      port1.close();
    });
    port1.start();
    if (!this.#post({ type: 'read-python-file', name }, port2)) resolve(null);
    return promise;
  }

  #post(message: ToStoreFromKernel, port: MessagePort): boolean {
    this.#port?.postMessage(message, [port]);
    return this.#port !== null;
  }
}
