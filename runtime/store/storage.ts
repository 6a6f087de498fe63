// The best storage this browser gives: private files, else the database, else memory. Runs in the store worker.
import type { StorageTier } from '#protocol';
import type { BlockFolder } from './block-file.ts';
import { memoryCatalog, openCatalog, type Catalog } from './catalog.ts';
import { openDatabase, read, write } from './indexed-db.ts';
import { openDatabaseFolder } from './indexed-db-file.ts';
import { openDatabasePackages } from './indexed-db-packages.ts';
import { MemoryFolder } from './memory-file.ts';
import { openHandle, openOpfsFolder, removeEntry } from './opfs-file.ts';
import { openOpfsPackages } from './opfs-packages.ts';
import { memoryPackages, type PackageStore } from './package-store.ts';

/** Everything of ours is below this folder, so that erasing it leaves nothing. */
export const ROOT_FOLDER = 'verklet';
const WORKSPACES = 'workspaces';
const PACKAGES = 'packages';
const PROBE = 'probe';

export interface Storage {
  readonly tier: StorageTier;
  readonly catalog: Catalog;
  readonly packages: PackageStore;
  openWorkspace(folder: string): Promise<BlockFolder>;
  listWorkspaces(): Promise<string[]>;
  /** Nothing for one that is not there. */
  removeWorkspace(folder: string): Promise<void>;
  /** Bytes of a workspace that is not open. */
  sizeOf(folder: string): Promise<number>;
  erase(): Promise<void>;
}

/** A private window or an old browser lacks the better tiers; the tier says so to whoever asks. */
export async function openStorage(): Promise<Storage> {
  for (const open of [openOpfs, openIndexedDb]) {
    try {
      return await open();
    } catch (error) {
      if (!isMissing(error)) throw error;
    }
  }
  return memoryStorage();
}

/** Whether the error says that there is no such storage. A full device is none of that: what is stored is still there. */
function isMissing(error: unknown): boolean {
  // `TypeError` and `ReferenceError`: the interface itself is not there.
  if (error instanceof TypeError || error instanceof ReferenceError) return true;
  return error instanceof DOMException && error.name !== 'QuotaExceededError';
}

export async function openOpfs(): Promise<Storage> {
  const root = await navigator.storage.getDirectory();
  const own = await root.getDirectoryHandle(ROOT_FOLDER, { create: true });
  const workspaces = await own.getDirectoryHandle(WORKSPACES, { create: true });
  const packages = openOpfsPackages(await own.getDirectoryHandle(PACKAGES, { create: true }));
  // Some private windows have the folders, and refuse the handles.
  (await openHandle(await own.getFileHandle(PROBE, { create: true }))).close();
  return {
    tier: 'opfs',
    catalog: openCatalog(),
    packages,
    openWorkspace: (folder) => openOpfsFolder([ROOT_FOLDER, WORKSPACES, folder]),
    async listWorkspaces() {
      const names: string[] = [];
      for await (const name of workspaces.keys()) names.push(name);
      return names;
    },
    removeWorkspace: (folder) => removeEntry(workspaces, folder),
    async sizeOf(folder) {
      let sizeBytes = 0;
      for await (const handle of (await workspaces.getDirectoryHandle(folder)).values())
        if (handle.kind === 'file') sizeBytes += (await (handle as FileSystemFileHandle).getFile()).size;
      return sizeBytes;
    },
    erase: () => removeEntry(root, ROOT_FOLDER),
  };
}

export async function openIndexedDb(): Promise<Storage> {
  const database = await openDatabase();
  const listFiles = (): Promise<[string, string][]> =>
    read(database, 'files', (files) => files.getAllKeys()) as unknown as Promise<[string, string][]>;
  const everything = ['pages', 'files', 'packages', 'package-info'] as const;
  return {
    tier: 'indexeddb',
    catalog: openCatalog('verklet-workspaces-in-database'),
    packages: openDatabasePackages(database),
    openWorkspace: async (folder) => openDatabaseFolder(database, folder),
    listWorkspaces: async () => [...new Set((await listFiles()).map(([folder]) => folder))],
    async removeWorkspace(folder) {
      const files = openDatabaseFolder(database, folder);
      for (const name of await files.list()) await files.remove(name);
    },
    async sizeOf(folder) {
      const files = openDatabaseFolder(database, folder);
      let sizeBytes = 0;
      for (const name of await files.list()) sizeBytes += await read(database, 'files', (store) => store.get([folder, name]));
      return sizeBytes;
    },
    erase: () =>
      write(database, everything, (tx) => {
        for (const name of everything) tx.objectStore(name).clear();
      }),
  };
}

export function memoryStorage(): Storage {
  const folders = new Map<string, MemoryFolder>();
  const packages = memoryPackages();
  return {
    tier: 'memory',
    catalog: memoryCatalog(),
    packages,
    async openWorkspace(name) {
      const folder = folders.get(name) ?? new MemoryFolder();
      folders.set(name, folder);
      return folder;
    },
    listWorkspaces: async () => [...folders.keys()],
    removeWorkspace: async (name) => void folders.delete(name),
    sizeOf: async (name) => [...(folders.get(name)?.files.values() ?? [])].reduce((sum, file) => sum + file.size(), 0),
    async erase() {
      folders.clear();
      for (const { name } of await packages.list()) await packages.remove(name);
    },
  };
}
