// The open ports of a workspace, as the kernel reports them. Page side.
import { VerkletError } from '#protocol';
import type { OpenPort, Ports } from './api.ts';

type PortEvent = { readonly type: 'open' | 'close'; readonly port: OpenPort };

export class WorkspacePorts implements Ports {
  readonly #open = new Map<number, OpenPort>();
  readonly #listeners = new Set<(event: PortEvent) => void>();

  list(): OpenPort[] {
    return [...this.#open.values()];
  }

  get(port: number): OpenPort | undefined {
    return this.#open.get(port);
  }

  on(listener: (event: PortEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  waitFor(port: number, { signal }: { readonly signal?: AbortSignal } = {}): Promise<OpenPort> {
    const open = this.#open.get(port);
    if (open !== undefined) return Promise.resolve(open);
    return new Promise((resolve, reject) => {
      const stop = this.on((event) => {
        if (event.type !== 'open' || event.port.port !== port) return;
        stop();
        resolve(event.port);
      });
      signal?.addEventListener(
        'abort',
        () => {
          stop();
          reject(new VerkletError('ERR_ABORTED', { what: `Waiting for port ${port}` }, { cause: signal.reason }));
        },
        { once: true },
      );
    });
  }

  /** For the runtime: the kernel's report. */
  opened(port: OpenPort): void {
    this.#open.set(port.port, port);
    this.#emit({ type: 'open', port });
  }

  closed(port: number): void {
    const open = this.#open.get(port);
    if (open === undefined) return;
    this.#open.delete(port);
    this.#emit({ type: 'close', port: open });
  }

  #emit(event: PortEvent): void {
    for (const listener of [...this.#listeners]) listener(event);
  }
}
