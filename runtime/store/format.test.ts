// The format of stored workspaces across versions: what older ones wrote opens, what newer ones wrote is refused and stays.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { createXXHash64 } from 'hash-wasm';
import { expect, test } from 'vitest';
import { HeadFile, STORE_FORMAT } from './head.ts';
import { MemoryFile, MemoryFolder } from './memory-file.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { WorkspaceSession } from './workspace-session.ts';

const format1 = JSON.parse(readFileSync(path.join(import.meta.dirname, 'fixtures/format-1.json'), 'utf8')) as {
  files: Record<string, string>;
};

test('a store that version 1 wrote opens with all that was in it, and is of the current version after the next save', async () => {
  const folder = folderOf(format1.files);
  const session = await open(folder);
  expect(session.isRecovered).toBe(false);
  const expected = {
    workdir: 'folder 755 1',
    'workdir/empty': 'folder 700 2',
    'workdir/a.txt': 'file 600 2000.25 second',
    'workdir/src': 'folder 755 0',
    'workdir/src/run.sh': 'file 755 1000.5 echo',
    'workdir/link': 'symlink 3 a.txt',
    'workdir/node_modules': 'folder 755 0',
    'workdir/node_modules/one': `package 755 4 sha512-${btoa('x'.repeat(64))}`,
    'workdir/node_modules/one/mine.txt': 'file 644 1000.5 over it',
    'workdir/ünïcode.txt': 'file 644 1000.5 ä',
  };
  expect(contentOf(session)).toEqual(expected);
  const [, first] = session.history();
  expect(first?.name).toBe('named');
  expect(new TextDecoder().decode(session.readFile(first?.id ?? '', '/workdir/a.txt') ?? undefined)).toBe('first');

  session.save([{ op: 'file', path: 'workdir/new.txt', mode: 0o644, mtimeMs: 5, sizeBytes: 3 }], new TextEncoder().encode('new'));
  await session.commit(null);
  session.close();
  expect((await headsOf(folder))[0]?.format).toBe(STORE_FORMAT);
  expect(contentOf(await open(folder))).toEqual({ ...expected, 'workdir/new.txt': 'file 644 5 new' });
});

test('a store of a newer version is refused with a code, and not a byte of it changes', async () => {
  const folder = folderOf(format1.files);
  const [head] = await headsOf(folder);
  const heads = await HeadFile.open(await folder.open('head'));
  heads.readAll();
  if (!head) throw new Error('no head');
  await heads.write({ ...head, format: STORE_FORMAT + 1 });
  const before = imagesOf(folder);
  await expect(SnapshotStore.open(folder)).rejects.toMatchObject({
    code: 'ERR_PROTOCOL_VERSION',
    details: { ours: STORE_FORMAT, theirs: STORE_FORMAT + 1 },
  });
  expect(imagesOf(folder)).toEqual(before);
});

test('a program of version 1 reads the version of what this one writes, and so refuses it', async () => {
  const folder = new MemoryFolder();
  const store = await SnapshotStore.open(folder);
  await store.commit(store.putTree([]), 1);
  const hash = await createXXHash64();
  // As version 1 read a slot: a checksum behind 64 bytes, the format at byte 4. The first write goes to the second slot.
  const slot = folder.files.get('head')?.snapshot().subarray(512) ?? new Uint8Array();
  expect(slot.subarray(64, 72)).toEqual(hash.init().update(slot.subarray(0, 64)).digest('binary'));
  expect(new DataView(slot.buffer, slot.byteOffset).getUint32(4, true)).toBe(2);
});

test('opening a large store reads its index and not its content; a damaged index only costs time', async () => {
  const folder = new MemoryFolder();
  const session = await open(folder);
  const files = 60;
  for (let index = 0; index < files; index++) {
    const bytes = new Uint8Array(200_000).fill(index);
    session.save([{ op: 'file', path: `workdir/${index}`, mode: 0o644, mtimeMs: 5, sizeBytes: bytes.length }], bytes);
    if (index % 7 === 0) await session.commit(null);
  }
  await session.commit(null);
  session.close();
  const pack = folder.files.get('pack-1');
  if (!pack) throw new Error('no pack');
  expect(pack.size()).toBeGreaterThan(12_000_000);
  let readBytes = 0;
  const read = pack.read.bind(pack);
  pack.read = (into, offset) => {
    const count = read(into, offset);
    readBytes += count;
    return count;
  };
  const again = await open(folder);
  expect(readBytes).toBeLessThan(5_000_000);
  expect(Object.keys(contentOf(again)).length).toBe(files + 1);
  again.close();

  const offset = (await headsOf(folder))[0]?.indexOffset ?? 0;
  expect(offset).toBeGreaterThan(0);
  pack.write(Uint8Array.of(255), offset + 60);
  readBytes = 0;
  const slow = await open(folder);
  expect(readBytes).toBeGreaterThan(12_000_000);
  expect([slow.isRecovered, Object.keys(contentOf(slow)).length]).toEqual([false, files + 1]);
});

test('without any head, the newest state that the pack still has is there, and nothing is overwritten', async () => {
  for (const head of [null, new MemoryFile(new Uint8Array(1024).fill(7))]) {
    const folder = folderOf(format1.files);
    if (head === null) folder.files.delete('head');
    else folder.files.set('head', head);
    const session = await open(folder);
    expect(session.isRecovered).toBe(true);
    expect(contentOf(session)['workdir/a.txt']).toBe('file 600 2000.25 second');
    session.save([{ op: 'remove', path: 'workdir/link' }], new Uint8Array());
    await session.commit(null);
    session.close();
    const again = await open(folder);
    expect([again.isRecovered, again.history().length]).toEqual([false, 3]);
  }
});

function open(folder: MemoryFolder): Promise<WorkspaceSession> {
  return SnapshotStore.open(folder).then((store) => new WorkspaceSession(store, () => undefined));
}

async function headsOf(folder: MemoryFolder): Promise<ReturnType<HeadFile['readAll']>> {
  return (await HeadFile.open(await folder.open('head'))).readAll();
}

function folderOf(files: Readonly<Record<string, string>>): MemoryFolder {
  const folder = new MemoryFolder();
  for (const [name, base64] of Object.entries(files))
    folder.files.set(name, new MemoryFile(Uint8Array.from(atob(base64), (character) => character.charCodeAt(0))));
  return folder;
}

function imagesOf(folder: MemoryFolder): Record<string, Uint8Array> {
  return Object.fromEntries([...folder.files].map(([name, file]) => [name, file.snapshot()]));
}

/** One line per path. */
function contentOf(session: WorkspaceSession): Record<string, string> {
  const found: Record<string, string> = {};
  session.readAll(({ entries, bytes, offsets }) => {
    let file = 0;
    for (const entry of entries) {
      if (entry.op === 'remove') continue;
      const mode = 'mode' in entry ? `${entry.mode.toString(8)} ` : '';
      let content = '';
      if (entry.op === 'file') {
        const start = offsets[file++] ?? 0;
        content = ` ${new TextDecoder().decode(bytes.subarray(start, start + entry.sizeBytes))}`;
      }
      if (entry.op === 'symlink') content = ` ${entry.target}`;
      if (entry.op === 'package') content = ` ${entry.integrity ?? ''}`;
      found[entry.path] = `${entry.op} ${mode}${entry.mtimeMs}${content}`;
    }
  });
  return found;
}
