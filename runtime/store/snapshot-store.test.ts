// The snapshot store over memory files: what it keeps, and what every kind of crash and damage leaves.
import { beforeEach, expect, test } from 'vitest';
import type { BlockFile } from './block-file.ts';
import { MemoryFile, MemoryFolder } from './memory-file.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Key } from './records.ts';

let folder: MemoryFolder;
beforeEach(() => {
  folder = new MemoryFolder();
});

const text = (value: string): Uint8Array => new TextEncoder().encode(value);

/** Commits a tree with one folder and the given files. */
function save(store: SnapshotStore, files: Record<string, string>, name: string | null = null): Promise<Key> {
  const entries = Object.entries(files).map(([file, content]) => ({
    name: file,
    mode: 0o100644,
    mtimeMs: 1.5,
    key: store.putBlob(text(content)),
  }));
  const inner = store.putTree(entries);
  return store.commit(store.putTree([{ name: 'src', mode: 0o040755, mtimeMs: 2, key: inner }]), 1000, name);
}

function load(store: SnapshotStore): Record<string, string> {
  const head = store.history()[0];
  const src = head && store.tree(head.tree)[0];
  return src ? Object.fromEntries(store.tree(src.key).map((entry) => [entry.name, new TextDecoder().decode(store.blob(entry.key))])) : {};
}

async function reopen(): Promise<SnapshotStore> {
  return SnapshotStore.open(folder);
}

test('a new store is empty', async () => {
  const store = await reopen();
  expect(store.outcome).toBe('new');
  expect(store.head).toBeNull();
});

test('what was committed is there after reopening, with its history', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'one' });
  await save(store, { 'a.txt': 'two', 'ü.txt': 'x' }, 'release');
  store.close();
  const again = await reopen();
  expect(again.outcome).toBe('clean');
  expect(load(again)).toEqual({ 'a.txt': 'two', 'ü.txt': 'x' });
  expect(again.history().map((commit) => commit.name)).toEqual(['release', null]);
});

test('equal content is stored once', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'x'.repeat(10_000) });
  const before = store.sizeBytes;
  await save(store, { 'b.txt': 'x'.repeat(10_000) });
  expect(store.sizeBytes - before).toBeLessThan(1000);
});

test('a crash at any byte of a save leaves the old or the new tree', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'old' });
  const before = images(folder);
  await save(store, { 'a.txt': 'new', 'b.txt': 'more' });
  const after = images(folder);
  const pack = after.get('pack-1') ?? new Uint8Array();
  for (let cut = (before.get('pack-1') ?? pack).length; cut <= pack.length; cut++) {
    for (const head of [before.get('head'), after.get('head')]) {
      folder = folderOf({ head: head ?? new Uint8Array(), 'pack-1': pack.subarray(0, cut) });
      const opened = load(await reopen());
      expect([{ 'a.txt': 'old' }, { 'a.txt': 'new', 'b.txt': 'more' }]).toContainEqual(opened);
    }
  }
});

test('a torn head falls back to the head before it', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'one' });
  await save(store, { 'a.txt': 'two' });
  const files = images(folder);
  const head = files.get('head') ?? new Uint8Array();
  head[40] = (head[40] ?? 0) ^ 1; // the slot of the second write
  folder = folderOf({ head, 'pack-1': files.get('pack-1') ?? new Uint8Array() });
  const again = await reopen();
  expect(load(again)).toEqual({ 'a.txt': 'one' });
});

test('a flipped bit anywhere in the pack never prevents opening, and never yields wrong content', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'one' });
  await save(store, { 'a.txt': 'two' });
  const files = images(folder);
  const pack = files.get('pack-1') ?? new Uint8Array();
  for (let at = 0; at < pack.length; at += 3) {
    const damaged = pack.slice();
    damaged[at] = (damaged[at] ?? 0) ^ 4;
    folder = folderOf({ head: files.get('head') ?? new Uint8Array(), 'pack-1': damaged });
    const opened = await reopen();
    try {
      expect([{}, { 'a.txt': 'one' }, { 'a.txt': 'two' }]).toContainEqual(load(opened));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ERR_INTEGRITY' });
    }
  }
});

test('a missing pack opens empty and says that it recovered', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'one' });
  folder.files.delete('pack-1');
  const again = await reopen();
  expect(again.outcome).toBe('recovered');
  await save(again, { 'a.txt': 'again' });
  again.close();
  expect(load(await reopen())).toEqual({ 'a.txt': 'again' });
});

test('a full device fails the save and keeps the state before', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'one' });
  const file = folder.files.get('pack-1');
  if (!file) throw new Error('no pack');
  const write = file.write.bind(file);
  file.write = (): void => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  await expect(save(store, { 'a.txt': 'two' })).rejects.toThrow('full');
  file.write = write;
  expect(load(store)).toEqual({ 'a.txt': 'one' });
  await save(store, { 'a.txt': 'three' });
  store.close();
  expect(load(await reopen())).toEqual({ 'a.txt': 'three' });
});

test('compaction keeps the head and the chosen commits, and drops the rest', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'x'.repeat(5000) });
  const named = await save(store, { 'a.txt': 'kept' }, 'kept');
  await save(store, { 'a.txt': 'y'.repeat(5000) });
  await save(store, { 'a.txt': 'last' });
  const before = store.sizeBytes;
  await store.compact([named]);
  expect(store.sizeBytes).toBeLessThan(before / 2);
  expect(await folder.list()).toEqual(['head', 'pack-2']);
  store.close();
  const again = await reopen();
  expect(load(again)).toEqual({ 'a.txt': 'last' });
  expect(again.has(named)).toBe(true);
});

test('a store of a newer format is refused, not damaged', async () => {
  const store = await reopen();
  await save(store, { 'a.txt': 'one' });
  const { HeadFile } = await import('./head.ts');
  const heads = await HeadFile.open(folder.files.get('head') as BlockFile);
  const [head] = heads.readAll();
  if (!head) throw new Error('no head');
  await heads.write({ ...head, format: 99 });
  await expect(reopen()).rejects.toMatchObject({ code: 'ERR_PROTOCOL_VERSION' });
});

function images(from: MemoryFolder): Map<string, Uint8Array> {
  return new Map([...from.files].map(([name, file]) => [name, file.snapshot()]));
}

function folderOf(files: Record<string, Uint8Array>): MemoryFolder {
  const made = new MemoryFolder();
  for (const [name, bytes] of Object.entries(files)) made.files.set(name, new MemoryFile(bytes));
  return made;
}
