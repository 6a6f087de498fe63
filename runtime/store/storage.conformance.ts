// What every storage tier has to do, as plain cases: storage.test.ts runs them in Node, storage.browser.test.ts in a worker of
// a real browser, where private files can be opened.
import type { BlockFile } from './block-file.ts';
import { copyCommitted } from './copy.ts';
import { MemoryFolder } from './memory-file.ts';
import { SnapshotStore } from './snapshot-store.ts';
import type { Storage } from './storage.ts';
import { WorkspaceSession } from './workspace-session.ts';

export interface StorageCase {
  readonly name: string;
  /** `reopen` gives the storage as a page sees it that starts anew. Rejects when the storage does not do it. */
  run(storage: Storage, reopen: () => Promise<Storage>): Promise<void>;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export const storageCases: readonly StorageCase[] = [
  {
    name: 'a block file gives back what was written, where it was written',
    async run(storage) {
      const file = await (await storage.openWorkspace('w-blocks')).open('f');
      same(file.size(), 0);
      const large = Uint8Array.from({ length: 100_000 }, (_, index) => index % 251);
      file.write(large, 0);
      file.write(encoder.encode('middle'), 65_533);
      same(file.size(), 100_000);
      same(textAt(file, 65_533, 6), 'middle');
      same(file.read(new Uint8Array(50), 99_990), 10);
      same(file.read(new Uint8Array(50), 200_000), 0);
      file.write(encoder.encode('far'), 150_000);
      same(textAt(file, 149_999, 4), '\0far');
      file.close();
    },
  },
  {
    name: 'what was flushed is there for a page that starts anew, cut where it was cut',
    async run(storage, reopen) {
      const file = await (await storage.openWorkspace('w-flushed')).open('f');
      file.write(encoder.encode('x'.repeat(200_000)), 0);
      await file.flush();
      file.truncate(70_000);
      file.write(encoder.encode('end'), 69_999);
      await file.flush();
      file.close();
      const again = await (await (await reopen()).openWorkspace('w-flushed')).open('f');
      same(again.size(), 70_002);
      same(textAt(again, 69_998, 4), 'xend');
      again.truncate(70_010);
      same(textAt(again, 70_001, 5), 'd\0\0\0\0');
      again.close();
    },
  },
  {
    name: 'an open file can be looked at, and one that is not there says so',
    async run(storage) {
      const folder = await storage.openWorkspace('w-looked-at');
      const file = await folder.open('f');
      file.write(encoder.encode('content'), 0);
      await file.flush();
      same(await (await folder.snapshot('f')).text(), 'content');
      same(await failure(folder.snapshot('none')), 'NotFoundError');
      file.close();
    },
  },
  {
    name: 'files and workspaces are listed, measured and removed',
    async run(storage, reopen) {
      const folder = await storage.openWorkspace('w-listed');
      for (const name of ['one', 'two']) {
        const file = await folder.open(name);
        file.write(new Uint8Array(40_000), 0);
        await file.flush();
        file.close();
      }
      same((await folder.list()).toSorted(), ['one', 'two']);
      const again = await reopen();
      same(await again.sizeOf('w-listed'), 80_000);
      await (await again.openWorkspace('w-listed')).remove('one');
      same(await again.sizeOf('w-listed'), 40_000);
      same((await again.listWorkspaces()).includes('w-listed'), true);
      await again.removeWorkspace('w-listed');
      same((await again.listWorkspaces()).includes('w-listed'), false);
      await again.removeWorkspace('w-listed');
    },
  },
  {
    name: 'a workspace comes back with its history, and only what was committed',
    async run(storage, reopen) {
      const session = await openSession(storage, 'w-session');
      save(session, { 'workdir/a.txt': 'one', 'workdir/big.bin': 'y'.repeat(90_000) });
      await session.commit('first');
      save(session, { 'workdir/a.txt': 'two' });
      await session.commit(null);
      save(session, { 'workdir/a.txt': 'never confirmed' });
      session.close();
      const again = await openSession(await reopen(), 'w-session');
      same(again.isRecovered, false);
      same(again.history().length, 2);
      const files = contentOf(again);
      same(files.get('workdir/a.txt'), 'two');
      same(files.get('workdir/big.bin')?.length, 90_000);
      again.close();
    },
  },
  {
    name: 'old packs go, and what is kept stays',
    async run(storage, reopen) {
      const folder = await storage.openWorkspace('w-compacted');
      const store = await SnapshotStore.open(folder);
      for (let round = 0; round < 3; round++) {
        const key = store.putBlob(new Uint8Array(50_000).fill(round));
        await store.commit(store.putTree([{ name: 'f', mode: 0o100644, mtimeMs: 0, key }]), round);
      }
      await store.compact([]);
      store.close();
      same((await folder.list()).filter((name) => name.startsWith('pack-')).length, 1);
      const again = await SnapshotStore.open(await (await reopen()).openWorkspace('w-compacted'));
      const [head] = again.history();
      const [entry] = head ? again.tree(head.tree) : [];
      same(entry ? again.blob(entry.key)[0] : null, 2);
      again.close();
    },
  },
  {
    name: 'a workspace that another page writes can be copied',
    async run(storage) {
      const session = await openSession(storage, 'w-copied');
      save(session, { 'workdir/a.txt': 'copied' });
      await session.commit(null);
      const copy = new MemoryFolder();
      await copyCommitted(await storage.openWorkspace('w-copied'), copy);
      same(contentOf(new WorkspaceSession(await SnapshotStore.open(copy), () => undefined)).get('workdir/a.txt'), 'copied');
      session.close();
    },
  },
  {
    name: 'packages are kept under their integrity, and nothing else is',
    async run(storage, reopen) {
      const bytes = encoder.encode('an archive');
      const integrity = await integrityOf(bytes);
      same(await failure(storage.packages.put(integrity, encoder.encode('poison'))), 'ERR_INTEGRITY');
      same(await storage.packages.get(integrity), null);
      await storage.packages.put(integrity, bytes);
      await storage.packages.put(integrity, bytes);
      const again = (await reopen()).packages;
      same(decoder.decode((await again.get(integrity)) ?? new Uint8Array()), 'an archive');
      const [kept, ...others] = await again.list();
      same([kept?.sizeBytes, others.length], [10, 0]);
      same(Math.abs(Date.now() - (kept?.keptAtMs ?? 0)) < 60_000, true);
      await again.remove(kept?.name ?? '');
      await again.remove(kept?.name ?? '');
      same(await again.get(integrity), null);
    },
  },
  {
    name: 'the list of workspaces is kept',
    async run(storage, reopen) {
      const record = { name: 'One', note: '', label: 'abc', createdAtMs: 1, usedAtMs: 2, sizeBytes: 3, deletedAtMs: null };
      await storage.catalog.put('one', record);
      await storage.catalog.change('one', { name: 'Renamed' });
      await storage.catalog.change('none', { name: 'Renamed' });
      await storage.catalog.setSpare('host', { label: 'spare', isReady: true });
      const { catalog } = await reopen();
      same(await catalog.all(), [['one', { ...record, name: 'Renamed' }]]);
      same(await catalog.spare('host'), { label: 'spare', isReady: true });
      await catalog.remove('one');
      await catalog.setSpare('host', null);
      same([await catalog.get('one'), (await catalog.allSpares()).length], [undefined, 0]);
    },
  },
  {
    name: 'erasing leaves nothing',
    async run(storage, reopen) {
      const session = await openSession(storage, 'w-erased');
      save(session, { 'workdir/a.txt': 'x' });
      await session.commit(null);
      session.close();
      const bytes = encoder.encode('an archive');
      await storage.packages.put(await integrityOf(bytes), bytes);
      await storage.erase();
      const again = await reopen();
      same([await again.listWorkspaces(), await again.packages.list()], [[], []]);
    },
  },
];

async function openSession(storage: Storage, folder: string): Promise<WorkspaceSession> {
  return new WorkspaceSession(await SnapshotStore.open(await storage.openWorkspace(folder)), () => undefined);
}

function save(session: WorkspaceSession, files: Readonly<Record<string, string>>): void {
  for (const [path, content] of Object.entries(files)) {
    const bytes = encoder.encode(content);
    session.save([{ op: 'file', path, mode: 0o644, mtimeMs: 5, sizeBytes: bytes.length }], bytes);
  }
}

function contentOf(session: WorkspaceSession): Map<string, string> {
  const found = new Map<string, string>();
  session.readAll(({ entries, bytes, offsets }) => {
    let file = 0;
    for (const entry of entries) {
      if (entry.op !== 'file') continue;
      const start = offsets[file++] ?? 0;
      found.set(entry.path, decoder.decode(bytes.subarray(start, start + entry.sizeBytes)));
    }
  });
  return found;
}

async function integrityOf(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha512-${btoa(String.fromCharCode(...new Uint8Array(await crypto.subtle.digest('SHA-512', bytes))))}`;
}

function textAt(file: BlockFile, offset: number, length: number): string {
  const bytes = new Uint8Array(length);
  return decoder.decode(bytes.subarray(0, file.read(bytes, offset)));
}

/** The code or the name of what the promise rejects with. */
async function failure(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return 'nothing';
  } catch (error) {
    const { code, name } = error as { code?: unknown; name?: unknown };
    return String(typeof code === 'string' ? code : name);
  }
}

function same(found: unknown, expected: unknown): void {
  const [is, should] = [JSON.stringify(found), JSON.stringify(expected)];
  if (is !== should) throw new Error(`expected ${should}, found ${is}`);
}
