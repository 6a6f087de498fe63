// The page's one store worker: started by whoever needs it first, ended when nobody does. Page side.
import { proxy, transfer, wrap, type Remote } from 'comlink';
import { fromErrorData, VerkletError, type ErrorData, type StoreApi } from '#protocol';

type Call = (name: keyof StoreApi, ...args: unknown[]) => Promise<{ value: unknown } | { error: ErrorData }>;

export interface StoreLease {
  readonly store: StoreApi;
  /** Call once. */
  release(): void;
}

let worker: Worker | null = null;
let call: Remote<Call> | null = null;
/** Rejects when the worker's script cannot be had: it would never answer. */
let missing: Promise<never> | null = null;
let leases = 0;

export function leaseStore(): StoreLease {
  worker ??= new Worker(new URL('../store/store.worker.ts', import.meta.url), { type: 'module', name: 'store' });
  call ??= wrap<Call>(worker);
  missing ??= untilMissing(worker);
  leases++;
  return { store: storeOver(call, missing), release };
}

function untilMissing(started: Worker): Promise<never> {
  const failed = new Promise<never>((_, reject) => {
    // An event without a message is about the script itself, not about an error in it.
    started.addEventListener('error', (event) => {
      if (!(event instanceof ErrorEvent)) reject(new VerkletError('ERR_PART_MISSING', { what: 'the store' }));
    });
  });
  failed.catch(() => undefined); // heard by whoever calls the store
  return failed;
}

/** Runs one piece of work with the store. */
export async function withStore<T>(work: (store: StoreApi) => Promise<T>): Promise<T> {
  const lease = leaseStore();
  try {
    return await work(lease.store);
  } finally {
    lease.release();
  }
}

function release(): void {
  if (--leases > 0) return;
  worker?.terminate();
  worker = null;
  call = null;
  missing = null;
}

function storeOver(remote: Remote<Call>, failed: Promise<never>): StoreApi {
  return new Proxy({} as StoreApi, {
    get:
      (_, name) =>
      async (...args: unknown[]): Promise<unknown> => {
        const result = await Promise.race([remote(name as keyof StoreApi, ...args.map(passable)), failed]);
        if ('error' in result) throw fromErrorData(result.error);
        return result.value;
      },
  });
}

function passable(arg: unknown): unknown {
  if (typeof arg === 'function') return proxy(arg as () => void);
  return arg instanceof MessagePort ? transfer(arg, [arg]) : arg;
}
