// The store over memory: what is freed, and what never is.
import { expect, test } from 'vitest';
import { SnapshotStore } from './snapshot-store.ts';
import { memoryStorage } from './storage.ts';
import { Store } from './store.ts';
import { S_IFPACKAGE } from './trees.ts';

async function integrityOf(text: string): Promise<{ integrity: string; bytes: Uint8Array<ArrayBuffer> }> {
  const bytes = new Uint8Array(new TextEncoder().encode(text));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
  return { integrity: `sha512-${btoa(String.fromCharCode(...digest))}`, bytes };
}

test('packages that any kept snapshot needs stay, others go', async () => {
  const storage = memoryStorage();
  const [current, former, unused] = await Promise.all(['current', 'former', 'unused'].map(integrityOf));
  if (!current || !former || !unused) throw new Error('three were made');
  for (const { integrity, bytes } of [current, former, unused]) await storage.packages.put(integrity, bytes);
  const snapshots = await SnapshotStore.open(await storage.openWorkspace('w-crashed'));
  for (const { integrity } of [former, current]) {
    const key = snapshots.putPackage({ integrity, overlay: null });
    await snapshots.commit(snapshots.putTree([{ name: 'one', mode: S_IFPACKAGE | 0o755, mtimeMs: 0, key }]), 1);
  }
  // Not closed, as a crash leaves it, and unknown to the list.
  await new Store(storage).removeUnusedPackages();
  expect(await storage.packages.get(current.integrity)).not.toBeNull();
  expect(await storage.packages.get(former.integrity)).not.toBeNull();
  expect(await storage.packages.get(unused.integrity)).toBeNull();
});

test('a workspace whose entry in the list was lost is listed all the same', async () => {
  const storage = memoryStorage();
  const snapshots = await SnapshotStore.open(await storage.openWorkspace('w-my%20key'));
  await snapshots.commit(snapshots.putTree([]), 1);
  expect((await new Store(storage).list()).map(({ key, isDeleted }) => ({ key, isDeleted }))).toEqual([
    { key: 'my key', isDeleted: false },
  ]);
});
