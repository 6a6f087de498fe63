// Starts and buries workers. Only the kernel may: a blocked worker cannot start another. Keeps booted workers in reserve.
import type { FileSystemHandle, FromProcess, ToProcess } from '#protocol';
import { Mailbox } from '../process/mailbox.ts';
import { loadPythonAssets } from '../python/assets.ts';
import { FILE_SERVICE_SLOT, MAX_SLOTS, type Slots } from './ipc/slots.ts';

/** `node` runs Node programs, `python` Python; `tools` runs every other built-in program. */
export type WorkerKind = 'node' | 'thread' | 'tools' | 'python';

/** Booted workers kept per kind: one makes a typed command start at once; pipelines take several small tools at a time. */
const RESERVE: Readonly<Record<WorkerKind, number>> = { node: 1, thread: 1, python: 1, tools: 3 };

export interface BrokeredWorker {
  readonly slot: number;
  readonly kind: WorkerKind;
  readonly worker: Worker;
  readonly mailbox: Mailbox;
  /** Resolves when its base is booted; rejects when that failed. */
  readonly ready: Promise<void>;
  onMessage: ((message: FromProcess) => void) | null;
}

export interface BrokerOptions {
  readonly slots: Slots;
  readonly fileSystem: FileSystemHandle;
  /** Part of every life lock's name: unique per kernel. */
  readonly epoch: string;
  /** Undoes what a proven-dead worker left half done in the file system. */
  readonly recover: (slot: number) => Promise<void>;
  /** A file of Python that is kept for use without a network, or null. */
  readonly readPythonFile: (name: string) => Promise<Blob | null>;
}

export class Broker {
  readonly #options: BrokerOptions;
  readonly #free: number[] = [];
  readonly #reserve: Record<WorkerKind, BrokeredWorker[]> = { node: [], thread: [], tools: [], python: [] };
  #isClosed = false;

  constructor(options: BrokerOptions) {
    this.#options = options;
    for (let slot = MAX_SLOTS - 1; slot > FILE_SERVICE_SLOT; slot--) this.#free.push(slot);
  }

  /** Boots the reserve; Python's waits for the first Python program, since its memory is 30 MB. */
  warm(): void {
    this.#refill('node');
    this.#refill('tools');
  }

  /** A worker for one process, from the reserve if there is one; null when all slots are taken. */
  take(kind: WorkerKind): BrokeredWorker | null {
    const worker = this.#reserve[kind].shift() ?? this.#start(kind);
    // Refilled a moment later, so that booting the next does not slow the one just taken.
    setTimeout(() => this.#refill(kind), 50);
    return worker;
  }

  /** Ends a worker and, once it is proven dead, makes its slot usable again. `beforeReuse` runs in between. */
  async bury({ worker, slot }: BrokeredWorker, beforeReuse: () => void): Promise<void> {
    this.#options.slots.markDead(slot);
    worker.terminate();
    await this.#proofOfDeath(slot);
    this.#options.slots.markProvenDead(slot);
    beforeReuse();
    await this.#options.recover(slot);
    this.#options.slots.reset(slot);
    this.#free.push(slot);
  }

  close(): void {
    this.#isClosed = true;
    for (const workers of Object.values(this.#reserve)) for (const { worker } of workers.splice(0)) worker.terminate();
  }

  #refill(kind: WorkerKind): void {
    while (!this.#isClosed && this.#reserve[kind].length < RESERVE[kind]) {
      const worker = this.#start(kind);
      if (!worker) return;
      this.#reserve[kind].push(worker);
      worker.ready.catch(() => this.#discard(worker));
    }
  }

  #discard(worker: BrokeredWorker): void {
    const reserve = this.#reserve[worker.kind];
    const index = reserve.indexOf(worker);
    if (index >= 0) reserve.splice(index, 1);
    void this.bury(worker, () => undefined);
  }

  #start(kind: WorkerKind): BrokeredWorker | null {
    const slot = this.#free.pop();
    if (slot === undefined) return null;
    const worker = createWorker(kind, slot);
    const memory = Mailbox.create();
    const started: BrokeredWorker = { slot, kind, worker, mailbox: new Mailbox(memory), ready: whenReady(worker), onMessage: null };
    worker.addEventListener('message', (event: MessageEvent<FromProcess>) => started.onMessage?.(event.data));
    const attach: ToProcess = {
      type: 'attach-worker',
      slot,
      lifeLock: this.#lifeLock(slot),
      slots: this.#options.slots.words.buffer as SharedArrayBuffer,
      mailbox: memory,
      fileSystem: this.#options.fileSystem,
      isThread: kind === 'thread',
    };
    worker.postMessage(attach);
    if (kind === 'python') void this.#deliverAssets(worker);
    return started;
  }

  async #deliverAssets(worker: Worker): Promise<void> {
    try {
      const assets = await loadPythonAssets(this.#options.readPythonFile);
      worker.postMessage({ type: 'deliver-assets', assets } satisfies ToProcess);
    } catch (error) {
      worker.dispatchEvent(
        new MessageEvent('message', { data: { type: 'worker-failed', reason: error instanceof Error ? error.message : String(error) } }),
      );
    }
  }

  #lifeLock(slot: number): string {
    return `verklet-life:${this.#options.epoch}:${slot}`;
  }

  /** Chromium lets a busy worker run about two seconds after `terminate()`; its lock is free only when it is gone. */
  async #proofOfDeath(slot: number): Promise<void> {
    await navigator.locks.request(this.#lifeLock(slot), () => undefined);
  }
}

function createWorker(kind: WorkerKind, slot: number): Worker {
  const name = `${kind}-${slot}`;
  switch (kind) {
    case 'node':
    case 'thread':
      return new Worker(new URL('../node/node.worker.ts', import.meta.url), { type: 'module', name });
    case 'python':
      return new Worker(new URL('../python/python.worker.ts', import.meta.url), { type: 'module', name });
    case 'tools':
      return new Worker(new URL('../shell/tools.worker.ts', import.meta.url), { type: 'module', name });
    default:
      return kind satisfies never;
  }
}

function whenReady(worker: Worker): Promise<void> {
  return new Promise((resolve, reject) => {
    const listen = ({ data }: MessageEvent<FromProcess>): void => {
      if (data.type === 'worker-ready') resolve();
      else if (data.type === 'worker-failed') reject(new Error(data.reason));
      else return;
      worker.removeEventListener('message', listen);
    };
    worker.addEventListener('message', listen);
    worker.addEventListener('error', (event) => reject(new Error(event.message)));
  });
}
