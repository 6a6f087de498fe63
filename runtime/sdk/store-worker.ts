// The page's one store worker: started by whoever needs it first, ended when nobody does. Page side.
import { proxy, transfer, wrap, type Remote } from 'comlink';
import { fromErrorData, type ErrorData, type StoreApi } from '#protocol';

type Call = (name: keyof StoreApi, ...args: unknown[]) => Promise<{ value: unknown } | { error: ErrorData }>;

export interface StoreLease {
  readonly store: StoreApi;
  /** Call once. */
  release(): void;
}

let worker: Worker | null = null;
let call: Remote<Call> | null = null;
let leases = 0;

export function leaseStore(): StoreLease {
  worker ??= new Worker(new URL('../store/store.worker.ts', import.meta.url), { type: 'module', name: 'store' });
  call ??= wrap<Call>(worker);
  leases++;
  return { store: storeOver(call), release };
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
}

function storeOver(remote: Remote<Call>): StoreApi {
  return new Proxy({} as StoreApi, {
    get:
      (_, name) =>
      async (...args: unknown[]): Promise<unknown> => {
        const result = await remote(name as keyof StoreApi, ...args.map(passable));
        if ('error' in result) throw fromErrorData(result.error);
        return result.value;
      },
  });
}

function passable(arg: unknown): unknown {
  if (typeof arg === 'function') return proxy(arg as () => void);
  return arg instanceof MessagePort ? transfer(arg, [arg]) : arg;
}
