// Which packages go when storage fills up, in which order, and which never do.
import { beforeEach, expect, test } from 'vitest';
import type { KeptPackage } from './package-store.ts';
import { SharedPackages } from './shared-packages.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { memoryStorage, type Storage } from './storage.ts';
import { S_IFPACKAGE } from './trees.ts';

const MB = 1024 * 1024;

let capacityBytes: number;
let storage: Storage;
let packages: SharedPackages;

/** Memory with an end, as a browser's quota is one. Ages are given by the test: the first package is the oldest. */
beforeEach(() => {
  const memory = memoryStorage();
  const kept = memory.packages;
  const order: string[] = [];
  const list = async (): Promise<KeptPackage[]> => (await kept.list()).map((one) => ({ ...one, keptAtMs: order.indexOf(one.name) }));
  const used = async (): Promise<number> => (await kept.list()).reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
  capacityBytes = 100 * MB;
  storage = {
    ...memory,
    packages: {
      ...kept,
      list,
      async put(integrity, bytes) {
        if ((await used()) + bytes.length > capacityBytes) throw new DOMException('full', 'QuotaExceededError');
        await kept.put(integrity, bytes);
        for (const { name } of await kept.list()) if (!order.includes(name)) order.push(name);
      },
    },
  };
  packages = new SharedPackages(storage, async () => ({ usage: await used(), quota: capacityBytes }));
});

/** A package of that many megabytes; its letter is all that it consists of. */
async function keep(letter: string, megabytes: number): Promise<string> {
  const bytes = new Uint8Array(megabytes * MB).fill(letter.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  const integrity = `sha256-${btoa(String.fromCharCode(...digest))}`;
  await packages.put(integrity, bytes);
  return integrity;
}

async function refer(folder: string, integrities: readonly string[]): Promise<void> {
  const snapshots = await SnapshotStore.open(await storage.openWorkspace(folder));
  const entries = integrities.map((integrity, index) => {
    return { name: `p${index}`, mode: S_IFPACKAGE | 0o755, mtimeMs: 0, key: snapshots.putPackage({ integrity, overlay: null }) };
  });
  await snapshots.commit(snapshots.putTree(entries), 1);
}

async function keptOf(integrities: Readonly<Record<string, string>>): Promise<string> {
  const found = await Promise.all(Object.entries(integrities).map(async ([name, one]) => ((await packages.get(one)) ? name : '')));
  return found.join('');
}

test('a new package takes the place of the oldest that no workspace needs', async () => {
  const a = await keep('a', 30);
  const b = await keep('b', 30);
  const c = await keep('c', 30);
  await refer('w-one', [a]);
  const d = await keep('d', 30);
  expect(await keptOf({ a, b, c, d })).toBe('acd');
});

test('where everything is needed, a new package is refused with a code and nothing goes', async () => {
  const a = await keep('a', 50);
  const b = await keep('b', 40);
  await refer('w-one', [a]);
  await refer('w-two', [b]);
  await expect(keep('c', 30)).rejects.toMatchObject({ code: 'ERR_STORAGE_FULL' });
  expect(await keptOf({ a, b })).toBe('ab');
});

test('above four fifths of the quota old packages go by themselves, down to seven tenths', async () => {
  const a = await keep('a', 20);
  const b = await keep('b', 20);
  const c = await keep('c', 20);
  const d = await keep('d', 25);
  await refer('w-one', [b]);
  await packages.makeRoomWhenCrowded();
  expect(await keptOf({ a, b, c, d })).toBe('bcd');
});

test('with room left nothing goes', async () => {
  const a = await keep('a', 70);
  await packages.makeRoomWhenCrowded();
  expect(await keptOf({ a })).toBe('a');
});

test('a workspace that cannot be read may need anything: nothing goes', async () => {
  const a = await keep('a', 90);
  await refer('w-newer', [a]);
  const { HeadFile } = await import('./head.ts');
  const heads = await HeadFile.open(await (await storage.openWorkspace('w-newer')).open('head'));
  const [head] = heads.readAll();
  if (!head) throw new Error('no head');
  await heads.write({ ...head, format: 99 });
  await expect(packages.removeUnneeded()).rejects.toMatchObject({ code: 'ERR_PROTOCOL_VERSION' });
  expect(await keptOf({ a })).toBe('a');
});
