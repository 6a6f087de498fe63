// Questions and answers over the control port to the kernel. Page side.
import { fromErrorData, VerkletError, type FromKernel, type ToKernel } from '#protocol';
import { parseFromKernel } from './kernel-messages.ts';

/** A message without the id that {@link KernelChannel.ask} adds. */
type Question<T> = T extends { readonly id: number } ? Omit<T, 'id'> : never;
type Unasked = Exclude<FromKernel, { type: 'reply' | 'reply-error' }>;

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
}

export class KernelChannel {
  /** Every message that answers no question. */
  onMessage: (message: Unasked) => void = () => {};
  /** A question that is answered by more than one message failed; see {@link nextId}. */
  onStreamError: (id: number, error: Error) => void = () => {};
  readonly #port: MessagePort;
  readonly #waiting = new Map<number, Waiting>();
  #lastId = 0;
  #isClosed = false;

  constructor(port: MessagePort) {
    this.#port = port;
    port.addEventListener('message', ({ data }: MessageEvent<unknown>) => this.#receive(data));
    port.start();
  }

  /** Resolves with the reply's value; rejects with a coded error, or Node's own for files. */
  ask<T>(question: Question<ToKernel>, transfer: Transferable[] = []): Promise<T> {
    if (this.#isClosed) return Promise.reject(new VerkletError('ERR_DISPOSED'));
    const id = this.nextId();
    return new Promise<T>((resolve, reject) => {
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
      this.#port.postMessage({ ...question, id }, transfer);
    });
  }

  tell(message: ToKernel, transfer: Transferable[] = []): void {
    if (!this.#isClosed) this.#port.postMessage(message, transfer);
  }

  /** An id for a question whose answer is a stream of messages. */
  nextId(): number {
    return ++this.#lastId;
  }

  /** Rejects what still waits. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#port.close();
    for (const { reject } of this.#waiting.values()) reject(new VerkletError('ERR_DISPOSED'));
    this.#waiting.clear();
  }

  #receive(data: unknown): void {
    if (this.#isClosed) return;
    const message = parseFromKernel(data);
    if (message.type === 'reply') this.#take(message.id)?.resolve(message.value);
    else if (message.type === 'reply-error') {
      const error = errorOf(message);
      const waiting = this.#take(message.id);
      if (waiting) waiting.reject(error);
      else this.onStreamError(message.id, error);
    } else this.onMessage(message);
  }

  #take(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    return waiting;
  }
}

function errorOf({ error, errno }: Extract<FromKernel, { type: 'reply-error' }>): Error {
  if (errno === undefined)
    return error === undefined ? new VerkletError('ERR_INTERNAL', { reason: 'an error without a reason' }) : fromErrorData(error);
  const { code, syscall, path } = errno;
  return Object.assign(new Error(`${code}: ${syscall} '${path}'`), { code, syscall, path });
}
