// The list of workspaces: a small record each in the database, which all tabs share. The content is in their stores; a
// store without a record is listed all the same. Runs in the store worker.
import type { SpareOrigin } from '#protocol';
import { createStore, del, entries, get, set, update, type UseStore } from 'idb-keyval';

export interface CatalogRecord {
  readonly name: string;
  readonly note: string;
  /** Secret DNS label of the workspace's origin. */
  readonly label: string;
  readonly createdAtMs: number;
  readonly usedAtMs: number;
  readonly sizeBytes: number;
  /** Null unless deleted. */
  readonly deletedAtMs: number | null;
}

export interface Catalog {
  get(key: string): Promise<CatalogRecord | undefined>;
  all(): Promise<[string, CatalogRecord][]>;
  put(key: string, record: CatalogRecord): Promise<void>;
  /** Changes a record that exists; nothing for one that does not. */
  change(key: string, change: Partial<CatalogRecord>): Promise<void>;
  remove(key: string): Promise<void>;
  /** Labels of origins that wait for a workspace, by preview host. */
  spare(previewHost: string): Promise<SpareOrigin | null>;
  setSpare(previewHost: string, spare: SpareOrigin | null): Promise<void>;
  allSpares(): Promise<SpareOrigin[]>;
}

/** `name`: each tier has a list of its own, for what one stores is not in the other. */
export function openCatalog(name = 'verklet-workspaces'): Catalog {
  const store = createStore(name, 'workspaces');
  const spares = createStore('verklet-spares', 'spares');
  return {
    get: (key) => get<CatalogRecord>(key, store),
    all: () => entries<string, CatalogRecord>(store),
    put: (key, record) => set(key, record, store),
    change: (key, change) => changeRecord(store, key, change),
    remove: (key) => del(key, store),
    spare: async (previewHost) => (await get<SpareOrigin>(previewHost, spares)) ?? null,
    setSpare: (previewHost, spare) => (spare === null ? del(previewHost, spares) : set(previewHost, spare, spares)),
    allSpares: async () => (await entries<string, SpareOrigin>(spares)).map(([, spare]) => spare),
  };
}

/** For pages without a database: the list lasts as long as the page. */
export function memoryCatalog(): Catalog {
  const records = new Map<string, CatalogRecord>();
  const spares = new Map<string, SpareOrigin>();
  return {
    get: async (key) => records.get(key),
    all: async () => [...records],
    put: async (key, record) => void records.set(key, record),
    change: async (key, change) => {
      const record = records.get(key);
      if (record) records.set(key, { ...record, ...change });
    },
    remove: async (key) => void records.delete(key),
    spare: async (previewHost) => spares.get(previewHost) ?? null,
    setSpare: async (previewHost, spare) => void (spare === null ? spares.delete(previewHost) : spares.set(previewHost, spare)),
    allSpares: async () => [...spares.values()],
  };
}

async function changeRecord(store: UseStore, key: string, change: Partial<CatalogRecord>): Promise<void> {
  if ((await get<CatalogRecord>(key, store)) === undefined) return;
  await update<CatalogRecord>(key, (record) => ({ ...(record as CatalogRecord), ...change }), store);
}
