// Packages in the database, for browsers without private files. Runs in the store worker.
import { VerkletError } from '#protocol';
import { read, write } from './indexed-db.ts';
import { checkPackage, packageName, requirePackageName, type KeptPackage, type PackageStore } from './package-store.ts';

export function openDatabasePackages(database: IDBDatabase): PackageStore {
  const remove = (name: string): Promise<void> =>
    write(database, ['packages', 'package-info'], (tx) => {
      tx.objectStore('packages').delete(name);
      tx.objectStore('package-info').delete(name);
    });
  return {
    async get(integrity) {
      const name = packageName(integrity);
      if (name === null) return null;
      const bytes = (await read(database, 'packages', (store) => store.get(name))) as Uint8Array<ArrayBuffer> | undefined;
      if (bytes === undefined) return null;
      try {
        await checkPackage(name, bytes);
        return bytes;
      } catch (error) {
        if (!(error instanceof VerkletError)) throw error;
        await remove(name);
        return null;
      }
    },
    async put(integrity, bytes) {
      const name = requirePackageName(integrity);
      await checkPackage(name, bytes);
      await write(database, ['packages', 'package-info'], (tx) => {
        tx.objectStore('packages').put(bytes, name);
        tx.objectStore('package-info').put({ name, sizeBytes: bytes.length, keptAtMs: Date.now() } satisfies KeptPackage, name);
      });
    },
    has: async (name) => (await read(database, 'packages', (store) => store.getKey(name))) !== undefined,
    list: () => read(database, 'package-info', (store) => store.getAll()) as Promise<KeptPackage[]>,
    remove,
  };
}
