// Entry of the store worker: one per page that embeds runtimes, on that page's origin. No user code ever runs here.
import { expose } from 'comlink';
import { toErrorData, type ErrorData, type StoreApi } from '#protocol';
import { openStorage } from './storage.ts';
import { Store } from './store.ts';

const opened = openStorage().then((storage) => new Store(storage));
void opened.then((store) => store.purge());

/** Comlink would keep an error's message only: each call answers with a value or with the error's data. */
async function call(name: keyof StoreApi, ...args: unknown[]): Promise<{ value: unknown } | { error: ErrorData }> {
  try {
    const store = await opened;
    return { value: await (store[name] as (...all: unknown[]) => unknown).apply(store, args) };
  } catch (error) {
    return { error: toErrorData(error) };
  }
}

export type StoreCall = typeof call;
expose(call);
