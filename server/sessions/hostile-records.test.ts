// Everything that a hostile client or box could put into a snapshot is refused before it is stored, and nothing of it is.
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { decodePack, decodeTree, encodePack, encodeTree, type FileEntry, type PackedRecord } from '#protocol';
import { Workspace } from '../agent/workspace.ts';
import { FileObjects } from '../state/file-objects.ts';
import { RecordStore } from '../state/record-store.ts';
import { SqliteRegistry } from '../state/sqlite-registry.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'verklet-hostile-'));
const KEY = 'ab'.repeat(32);
let store: RecordStore;

beforeAll(async () => {
  store = await RecordStore.create(new SqliteRegistry(':memory:'), new FileObjects(path.join(folder, 'objects')), 10 * 1024 ** 2);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A tree's bytes without the encoder's manners. */
function rawTree(entries: readonly { name: Uint8Array; mode?: number; mtimeMs?: number; nameLength?: number }[]): Uint8Array {
  return Buffer.concat(
    entries.map(({ name, mode = 0o100644, mtimeMs = 0, nameLength = name.length }) => {
      const bytes = new Uint8Array(46 + name.length);
      const view = new DataView(bytes.buffer);
      view.setUint32(0, mode, true);
      view.setFloat64(4, mtimeMs, true);
      view.setUint16(44, nameLength, true);
      bytes.set(name, 46);
      return bytes;
    }),
  );
}
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

describe('a folder record', () => {
  const names = [
    '',
    '.',
    '..',
    '/',
    '/etc/passwd',
    'a/b',
    '../x',
    'a/../../x',
    '..\0',
    '\0',
    'a\0b',
    './x',
    '//',
    'x/',
    '/..',
    `${'n'.repeat(256)}`,
    `${'é'.repeat(128)}`,
  ];
  test.each(names.map((name) => [JSON.stringify(name.slice(0, 20)), name] as const))('with the name %s is refused', (_, name) => {
    expect(decodeTree(rawTree([{ name: text(name) }]))).toBeNull();
  });

  const modes = {
    device: 0o060644,
    'character device': 0o020644,
    pipe: 0o010644,
    socket: 0o140644,
    nothing: 0,
    whiteout: 0o160000,
    'all bits': 0xffffffff,
  };
  test.each(Object.entries(modes))('with the type of a %s is refused', (_, mode) => {
    expect(decodeTree(rawTree([{ name: text('a'), mode }]))).toBeNull();
  });

  test.each([
    ['a name twice', rawTree([{ name: text('a') }, { name: text('a') }])],
    ['a name twice, of two kinds', rawTree([{ name: text('a') }, { name: text('a'), mode: 0o040755 }])],
    ['a name that is not UTF-8', rawTree([{ name: Uint8Array.of(0xff, 0xfe) }])],
    ['an overlong slash', rawTree([{ name: Uint8Array.of(0xc0, 0xaf) }])],
    ['half a character', rawTree([{ name: Uint8Array.of(0xe2, 0x82) }])],
    ['a length past its end', rawTree([{ name: text('abc'), nameLength: 60_000 }])],
    ['a cut header', rawTree([{ name: text('abc') }]).subarray(0, 40)],
    ['a cut name', rawTree([{ name: text('abc') }]).subarray(0, 47)],
    ['rubbish after its end', Buffer.concat([rawTree([{ name: text('abc') }]), Uint8Array.of(1, 2, 3)])],
    ['a time that is no number', rawTree([{ name: text('a'), mtimeMs: NaN }])],
    ['an endless time', rawTree([{ name: text('a'), mtimeMs: Infinity }])],
  ])('with %s is refused', (_, bytes) => {
    expect(decodeTree(bytes)).toBeNull();
  });

  test('names that look dangerous and are names stay names', () => {
    const names = ['__proto__', 'constructor', 'toString', '-rf', ' ', 'a\nb', '~', '$(id)', 'CON', '..a', '...'];
    const tree = decodeTree(encodeTree(names.map((name) => ({ name, mode: 0o100644, mtimeMs: 1, key: KEY }))));
    expect(tree?.map(({ name }) => name).sort()).toEqual([...names].sort());
  });
});

describe('a pack', () => {
  const good: PackedRecord = { type: 'blob', key: KEY, payload: text('content') };
  const bytes = encodePack([good]);
  const changed = (at: number, value: number): Uint8Array => Uint8Array.from(bytes, (byte, index) => (index === at ? value : byte));
  test.each([
    ['of an unknown type', changed(0, 9)],
    ['with a length past its end', changed(1, 0xff)],
    ['with a length that is too short', changed(4, 3)],
    ['cut in its header', bytes.subarray(0, 20)],
    ['cut in its payload', bytes.subarray(0, bytes.length - 1)],
    ['with rubbish after it', Buffer.concat([bytes, Uint8Array.of(0)])],
    ['of too many records', encodePack(Array.from({ length: 20_001 }, () => ({ ...good, payload: new Uint8Array(0) })))],
  ])('%s is refused', (_, pack) => {
    expect(decodePack(pack)).toBeNull();
  });

  const key = (type: 'blob' | 'tree', payload: Uint8Array): string => store.keyOf({ type, payload });
  const lies: Record<string, () => PackedRecord> = {
    'a key that is not its content': () => good,
    'a blob under the key of a tree': () => ({ type: 'blob', key: key('tree', text('x')), payload: text('x') }),
    'a tree that is no tree': () => ({ type: 'tree', key: key('tree', text('no')), payload: text('no') }),
    'a tree that climbs out': () => {
      const payload = rawTree([{ name: text('..') }]);
      return { type: 'tree', key: key('tree', payload), payload };
    },
    'more than the owner may store': () => {
      const payload = new Uint8Array(11 * 1024 ** 2);
      return { type: 'blob', key: key('blob', payload), payload };
    },
  };
  test.each(Object.keys(lies))('with %s stores nothing, not even its good part', async (name) => {
    const payload = text(`good beside ${name}`);
    const honest: PackedRecord = { type: 'blob', key: key('blob', payload), payload };
    await expect(store.putVerified('owner', [honest, (lies[name] as () => PackedRecord)()])).rejects.toThrow();
    expect(await store.missing('owner', [honest.key])).toEqual([honest.key]);
  });

  test('what one owner stored does not exist for another', async () => {
    const [stored] = await store.put('alice', [{ type: 'blob', payload: text('a secret') }]);
    expect(await store.missing('bob', [stored as string])).toEqual([stored]);
    await expect(store.read('bob', [stored as string])).rejects.toThrow(/integrity|content/i);
  });

  test('a root whose folder or file is missing is not complete', async () => {
    const root = await store.putTree('owner', [{ name: 'gone', mode: 0o100644, mtimeMs: 0, key: KEY }]);
    await expect(store.checkComplete('owner', root, new Set())).rejects.toThrow();
    const parent = await store.putTree('owner', [{ name: 'sub', mode: 0o040755, mtimeMs: 0, key: KEY }]);
    await expect(store.checkComplete('owner', parent, new Set())).rejects.toThrow();
  });
});

describe('placing files in the box', () => {
  const outside = path.join(folder, 'outside');
  const root = path.join(folder, 'workdir');
  let workspace: Workspace;
  beforeAll(async () => {
    const { mkdirSync, symlinkSync, writeFileSync } = await import('node:fs');
    for (const made of [outside, root]) mkdirSync(made, { recursive: true });
    writeFileSync(path.join(outside, 'kept'), 'kept');
    symlinkSync(path.join(outside, 'kept'), path.join(root, 'link'));
    workspace = new Workspace(root, () => undefined);
  });
  afterAll(() => workspace.close());

  const bad = ['', '/', '/etc/x', '..', '../x', 'a/../../x', './x', 'a//b', 'a/./b', 'a/..', '\0', 'a\0b', 'x/'];
  test.each(bad.map((each) => [JSON.stringify(each), each] as const))('the path %s fails', (_, name) => {
    const kinds: FileEntry[] = [
      { kind: 'file', path: name, mode: 0o644, mtimeMs: 0, sizeBytes: 1 },
      { kind: 'folder', path: name, mode: 0o755, mtimeMs: 0 },
      { kind: 'symlink', path: name, target: 'x', mtimeMs: 0 },
      { kind: 'removed', path: name },
    ];
    for (const entry of kinds) expect(workspace.apply([entry], [text('!')])).toHaveLength(1);
    expect(readdirSync(outside)).toEqual(['kept']);
  });

  test('a file where a link was replaces the link, and the file behind it stays as it is', async () => {
    const { readFileSync } = await import('node:fs');
    expect(workspace.apply([{ kind: 'file', path: 'link', mode: 0o6777, mtimeMs: 0, sizeBytes: 3 }], [text('new')])).toEqual([]);
    expect(readFileSync(path.join(root, 'link'), 'utf8')).toBe('new');
    expect(readFileSync(path.join(outside, 'kept'), 'utf8')).toBe('kept');
  });

  test('mode bits beyond the permissions do not arrive', async () => {
    const { statSync } = await import('node:fs');
    expect(statSync(path.join(root, 'link')).mode & 0o7000).toBe(0);
  });
});
