// Runs one case of the storage suite for storage.browser.test.ts, in a worker: only there can private files be opened.
import { storageCases } from './storage.conformance.ts';
import { memoryStorage, openIndexedDb, openOpfs, openStorage, type Storage } from './storage.ts';

export interface ConformanceTask {
  /** A tier, or `best` with the interfaces that this browser is to lack. */
  readonly tier: 'opfs' | 'indexeddb' | 'memory' | 'best';
  readonly lacks?: readonly ('opfs' | 'handles' | 'indexeddb')[];
  readonly name: string;
}

addEventListener('message', ({ data }: MessageEvent<ConformanceTask>) => {
  perform(data).then(
    (found) => postMessage({ found }),
    (error: unknown) => postMessage({ error: String(error) }),
  );
});

async function perform({ tier, name, lacks = [] }: ConformanceTask): Promise<string> {
  const refuse = (): never => {
    throw new DOMException('not in this window', 'SecurityError');
  };
  if (lacks.includes('opfs')) navigator.storage.getDirectory = async () => refuse();
  if (lacks.includes('handles')) FileSystemFileHandle.prototype.createSyncAccessHandle = async () => refuse();
  if (lacks.includes('indexeddb')) indexedDB.open = refuse;
  if (tier === 'best') return (await openStorage()).tier;
  const memory = memoryStorage();
  const open: Record<typeof tier, () => Promise<Storage>> = {
    opfs: openOpfs,
    indexeddb: openIndexedDb,
    memory: async () => memory,
  };
  await storageCases.find((one) => one.name === name)?.run(await open[tier](), open[tier]);
  return 'done';
}
