// The database of the second storage tier: contents of block files in pages, and packages. Runs in the store worker.
import { promisifyRequest } from 'idb-keyval';

const NAME = 'verklet-files';
const VERSION = 1;

/** `pages`: bytes by [folder, file, number]. `files`: size by [folder, file]. `packages`: bytes, `package-info`: size and time, by name. */
export type StoreName = 'pages' | 'files' | 'packages' | 'package-info';
const STORES: readonly StoreName[] = ['pages', 'files', 'packages', 'package-info'];

export async function openDatabase(): Promise<IDBDatabase> {
  const opening = indexedDB.open(NAME, VERSION);
  opening.onupgradeneeded = () => {
    for (const name of STORES) opening.result.createObjectStore(name);
  };
  const database = await promisifyRequest(opening);
  // "Erase everything" and newer versions need it closed; what is open then fails, and says so.
  database.onversionchange = () => database.close();
  return database;
}

/** Runs the work in one transaction: all of it is on the device when this resolves, or nothing is. */
export async function write(database: IDBDatabase, names: readonly StoreName[], work: (tx: IDBTransaction) => void): Promise<void> {
  const transaction = database.transaction(names, 'readwrite', { durability: 'strict' });
  const done = new Promise<void>((resolve, reject) => {
    transaction.oncomplete = () => resolve();
    // A full device aborts at the commit, with its error here and at no request.
    transaction.onabort = () => reject(transaction.error ?? new DOMException('The transaction was aborted', 'AbortError'));
  });
  work(transaction);
  await done;
}

export function read<T>(database: IDBDatabase, name: StoreName, question: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  return promisifyRequest(question(database.transaction(name, 'readonly').objectStore(name)));
}

/** Every key that begins with these parts: arrays sort after all texts and numbers. */
export function keysBelow(...parts: readonly string[]): IDBKeyRange {
  return IDBKeyRange.bound([...parts], [...parts, []]);
}
