// The store's port to workers beside user code: what it refuses, and what a port can reach.
import { afterEach, beforeEach, expect, test } from 'vitest';
import { MessageChannel } from 'node:worker_threads';
import type { FromStore, SavedEntry, StoreEvent } from '#protocol';
import { MemoryFolder } from './memory-file.ts';
import { PortServer } from './port-server.ts';
import { SharedPackages } from './shared-packages.ts';
import { SnapshotStore } from './snapshot-store.ts';
import { memoryStorage, type Storage } from './storage.ts';
import { WorkspaceSession } from './workspace-session.ts';

const encoder = new TextEncoder();
let folder: MemoryFolder;
let storage: Storage;
let packages: SharedPackages;
let session: WorkspaceSession;
let events: StoreEvent[];
let client: Client;

beforeEach(async () => {
  folder = new MemoryFolder();
  storage = memoryStorage();
  packages = new SharedPackages(storage);
  events = [];
  session = new WorkspaceSession(await SnapshotStore.open(folder), (event) => events.push(event));
  client = connect(session);
});
afterEach(() => client.close());

interface Client {
  ask(message: Record<string, unknown>): Promise<FromStore[]>;
  close(): void;
}

/** Answers as they come; the last one is the reply. */
function connect(to: WorkspaceSession | null): Client {
  const { port1, port2 } = new MessageChannel();
  PortServer.serve(port2 as unknown as MessagePort, packages, to);
  let id = 0;
  const waiting = new Map<number, { answers: FromStore[]; resolve(answers: FromStore[]): void }>();
  port1.on('message', (answer: FromStore & { id: number }) => {
    const one = waiting.get(answer.id);
    one?.answers.push(answer);
    if (answer.type !== 'tree-batch') one?.resolve(one.answers);
  });
  return {
    ask: (message) =>
      new Promise((resolve) => {
        waiting.set(++id, { answers: [], resolve });
        port1.postMessage({ ...message, id });
      }),
    close: () => port1.close(),
  };
}

function file(path: string, content: string): [SavedEntry, Uint8Array] {
  const bytes = encoder.encode(content);
  return [{ op: 'file', path, mode: 0o644, mtimeMs: 5, sizeBytes: bytes.length }, bytes];
}

async function codeOf(message: Record<string, unknown>, from: Client = client): Promise<string> {
  const answer = (await from.ask(message)).at(-1);
  return answer?.type === 'store-error' ? answer.error.code : 'accepted';
}

test('what is saved comes back', async () => {
  const [entry, bytes] = file('workdir/a.txt', 'hello');
  expect(await codeOf({ type: 'save-batch', entries: [entry], bytes })).toBe('accepted');
  expect(await codeOf({ type: 'commit-save', name: null })).toBe('accepted');
  const answers = await client.ask({ type: 'read-workspace' });
  const batches = answers.filter((answer) => answer.type === 'tree-batch');
  expect(batches.flatMap(({ entries }) => entries)).toEqual([{ op: 'folder', path: 'workdir', mode: 0o755, mtimeMs: 0 }, entry]);
  const { offsets, bytes: content } = batches[1] ?? {};
  expect(new TextDecoder().decode(content?.subarray(offsets?.[0], (offsets?.[0] ?? 0) + 5))).toBe('hello');
});

test.each(['etc/passwd', '/workdir/a', 'workdir/../etc', 'workdir//a', 'workdir/./a', '', 'workdirs/a', 'workdir/a\0b'])(
  'the path %j is refused',
  async (path) => {
    const [entry, bytes] = file(path, 'x');
    expect(await codeOf({ type: 'save-batch', entries: [entry], bytes })).toBe('ERR_BAD_MESSAGE');
    expect(session.isNew).toBe(true);
  },
);

test('announced lengths have to be those of the content', async () => {
  const [entry] = file('workdir/a.txt', 'hello');
  expect(await codeOf({ type: 'save-batch', entries: [entry], bytes: encoder.encode('hell') })).toBe('ERR_BAD_MESSAGE');
  expect(await codeOf({ type: 'save-batch', entries: [{ ...entry, sizeBytes: -5 }], bytes: new Uint8Array() })).toBe('ERR_BAD_MESSAGE');
});

test('another content under an integrity is refused, and the right one is kept', async () => {
  const bytes = encoder.encode('a package');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
  const integrity = `sha512-${btoa(String.fromCharCode(...digest))}`;
  expect(await codeOf({ type: 'put-package', integrity, bytes: encoder.encode('poison') })).toBe('ERR_INTEGRITY');
  expect((await client.ask({ type: 'get-package', integrity })).at(-1)).toMatchObject({ value: null });
  expect(await codeOf({ type: 'put-package', integrity, bytes })).toBe('accepted');
  expect((await client.ask({ type: 'get-package', integrity })).at(-1)).toMatchObject({ value: bytes });
});

test('a port for packages reaches no workspace', async () => {
  const installer = connect(null);
  expect(await codeOf({ type: 'commit-save', name: null }, installer)).toBe('ERR_BAD_MESSAGE');
  expect(await codeOf({ type: 'read-workspace' }, installer)).toBe('ERR_BAD_MESSAGE');
  installer.close();
});

test('a snapshot brings back exactly its own tree', async () => {
  const save = async (entries: [SavedEntry, Uint8Array][], name: string | null): Promise<void> => {
    const bytes = Uint8Array.from(entries.flatMap(([, content]) => [...content]));
    await client.ask({ type: 'save-batch', entries: entries.map(([entry]) => entry), bytes });
    await client.ask({ type: 'commit-save', name });
  };
  const none = new Uint8Array();
  await save([file('workdir/a.txt', 'one'), file('workdir/sub/b.txt', 'two')], 'first');
  await save([[{ op: 'remove', path: 'workdir/sub' }, none], file('workdir/a.txt', 'changed'), file('workdir/c.txt', 'new')], null);
  const [now, first] = session.history();
  expect(first?.name).toBe('first');
  expect(session.diff(first?.id ?? '', now?.id ?? '')).toEqual([
    { path: '/workdir/sub', change: 'removed' },
    { path: '/workdir/a.txt', change: 'modified' },
    { path: '/workdir/c.txt', change: 'added' },
  ]);
  const answers = await client.ask({ type: 'read-snapshot', snapshot: first?.id });
  const entries = answers.flatMap((answer) => (answer.type === 'tree-batch' ? answer.entries.map(({ op, path }) => `${op} ${path}`) : []));
  expect(entries).toEqual(['remove workdir/c.txt', 'folder workdir/sub', 'file workdir/a.txt', 'file workdir/sub/b.txt']);
  expect(await codeOf({ type: 'read-snapshot', snapshot: 'f'.repeat(64) })).toBe('ERR_NO_SUCH_SNAPSHOT');
});

test('a full device fails the save with a code; the next one brings everything', async () => {
  const [entry, bytes] = file('workdir/a.txt', 'one');
  await client.ask({ type: 'save-batch', entries: [entry], bytes });
  await client.ask({ type: 'commit-save', name: null });
  const pack = folder.files.get('pack-1');
  if (!pack) throw new Error('no pack');
  const write = pack.write.bind(pack);
  pack.write = (): void => {
    throw new DOMException('full', 'QuotaExceededError');
  };
  const [second, more] = file('workdir/b.txt', 'two');
  await client.ask({ type: 'save-batch', entries: [second], bytes: more });
  expect(await codeOf({ type: 'commit-save', name: null })).toBe('ERR_STORAGE_FULL');
  expect(events.at(-1)).toMatchObject({ type: 'save-failed', error: { code: 'ERR_STORAGE_FULL' } });
  pack.write = write;
  await client.ask({ type: 'save-batch', entries: [second], bytes: more });
  expect(await codeOf({ type: 'commit-save', name: null })).toBe('accepted');
  const reopened = new WorkspaceSession(await SnapshotStore.open(folder), () => undefined);
  const names: string[] = [];
  reopened.readAll(({ entries }) => names.push(...entries.map(({ path }) => path)));
  expect(names).toEqual(['workdir', 'workdir/a.txt', 'workdir/b.txt']);
});

test('a save that refers to a package that is gone fails and is worth another try, and leaves no trace', async () => {
  const bytes = encoder.encode('a package');
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
  const integrity = `sha512-${btoa(String.fromCharCode(...digest))}`;
  const entry: SavedEntry = { op: 'package', path: 'workdir/node_modules/one', mode: 0o755, mtimeMs: 1, integrity };
  await client.ask({ type: 'save-batch', entries: [entry], bytes: new Uint8Array() });
  expect((await client.ask({ type: 'commit-save', name: null })).at(-1)).toMatchObject({
    error: { code: 'ERR_INTEGRITY', details: { isWorthRetrying: true } },
  });
  expect([session.isNew, events]).toEqual([true, []]);
  await client.ask({ type: 'put-package', integrity, bytes });
  await client.ask({ type: 'save-batch', entries: [entry], bytes: new Uint8Array() });
  expect(await codeOf({ type: 'commit-save', name: null })).toBe('accepted');
});

test('a full device gives up old packages first, and the page hears of it only where that does not do', async () => {
  const bytes = new Uint8Array(100).fill(7);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-512', bytes));
  const integrity = `sha512-${btoa(String.fromCharCode(...digest))}`;
  await client.ask({ type: 'put-package', integrity, bytes });
  const pack = folder.files.get('pack-1');
  if (!pack) throw new Error('no pack');
  const write = pack.write.bind(pack);
  // There is room once the package is gone.
  let refused = 0;
  const kept = storage.packages;
  pack.write = (from, offset): void => {
    if (++refused === 1) throw new DOMException('full', 'QuotaExceededError');
    write(from, offset);
  };
  const [entry, content] = file('workdir/a.txt', 'one');
  await client.ask({ type: 'save-batch', entries: [entry], bytes: content });
  expect((await client.ask({ type: 'commit-save', name: null })).at(-1)).toMatchObject({
    error: { code: 'ERR_STORAGE_FULL', details: { isWorthRetrying: true } },
  });
  expect([await kept.list(), events]).toEqual([[], []]);
  await client.ask({ type: 'save-batch', entries: [entry], bytes: content });
  expect(await codeOf({ type: 'commit-save', name: null })).toBe('accepted');
});
