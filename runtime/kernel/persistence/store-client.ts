// The file service's and the installers' end of a port to the store worker on the app's origin: questions, answers and
// streamed trees. Runs in workers of the workspace origin.
import { fromErrorData, type FromStore, type ToStore, type TreeBatch } from '#protocol';

type Question<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  onBatch: ((batch: TreeBatch) => void) | null;
}

export class StoreClient {
  /** Another tab takes the workspace over. */
  onHandOver: () => void = () => {};
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;

  constructor(port: MessagePort) {
    this.#port = port;
    // Not addEventListener: Node's event target takes its place in a Node process. Setting the handler starts the port.
    port.onmessage = ({ data }: MessageEvent<FromStore>) => this.#receive(data);
  }

  /** Rejects with the store's coded error. */
  ask<T>(question: Question<ToStore>, transfer: Transferable[] = [], onBatch: Waiting['onBatch'] = null): Promise<T> {
    const id = ++this.#lastId;
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject, onBatch });
      this.#port.postMessage({ ...question, id }, transfer);
    });
  }

  tell(message: Extract<ToStore, { type: 'note-changes' | 'let-go' }>): void {
    this.#port.postMessage(message);
  }

  close(): void {
    this.#port.close();
  }

  #receive(message: FromStore): void {
    switch (message.type) {
      case 'tree-batch':
        return this.#waiting.get(message.id)?.onBatch?.(message);
      case 'store-reply':
        return this.#take(message.id)?.resolve(message.value);
      case 'store-error':
        return this.#take(message.id)?.reject(fromErrorData(message.error));
      case 'hand-over':
        return this.onHandOver();
      default:
        message satisfies never;
    }
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}
