// Content addresses and trees as every store writes them: a record's key is BLAKE3-256 of its type byte and payload, a tree
// is one folder. Equal folders have equal keys, so "which are missing" is answered folder by folder. Pure; runs everywhere.
import { fromHex, toHex } from './hex.ts';

export const recordTypes = ['blob', 'tree'] as const;
export type RecordType = (typeof recordTypes)[number];

export interface TreeEntry {
  readonly name: string;
  /** POSIX mode with type bits. */
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of a blob (a symlink's is its target), or of a tree for a folder. */
  readonly key: string;
}

const FIXED_BYTES = 4 + 8 + 32 + 2;
const S_IFMT = 0o170000;
export const S_IFDIR = 0o040000;
export const S_IFREG = 0o100000;
export const S_IFLNK = 0o120000;

export const isFolderMode = (mode: number): boolean => (mode & S_IFMT) === S_IFDIR;
export const isSymlinkMode = (mode: number): boolean => (mode & S_IFMT) === S_IFLNK;

/** Entries are sorted by the bytes of their names, so a folder has one encoding. */
export function encodeTree(entries: readonly TreeEntry[]): Uint8Array<ArrayBuffer> {
  const encoder = new TextEncoder();
  const named = entries.map((entry) => ({ entry, name: encoder.encode(entry.name) })).sort((a, b) => compareBytes(a.name, b.name));
  const bytes = new Uint8Array(named.reduce((sum, { name }) => sum + FIXED_BYTES + name.length, 0));
  const view = new DataView(bytes.buffer);
  let offset = 0;
  for (const { entry, name } of named) {
    view.setUint32(offset, entry.mode, true);
    view.setFloat64(offset + 4, entry.mtimeMs, true);
    bytes.set(fromHex(entry.key), offset + 12);
    view.setUint16(offset + 44, name.length, true);
    bytes.set(name, offset + FIXED_BYTES);
    offset += FIXED_BYTES + name.length;
  }
  return bytes;
}

/** The entries as they stand. Throws a `RangeError` where the bytes end inside one, and what `decoder` throws. */
export function* treeEntries(bytes: Uint8Array, decoder = new TextDecoder()): Generator<TreeEntry> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let offset = 0; offset < bytes.length;) {
    const end = offset + FIXED_BYTES + view.getUint16(offset + 44, true);
    if (end > bytes.length) throw new RangeError('a tree ends inside an entry');
    yield {
      name: decoder.decode(bytes.subarray(offset + FIXED_BYTES, end)),
      mode: view.getUint32(offset, true),
      mtimeMs: view.getFloat64(offset + 4, true),
      key: toHex(bytes.subarray(offset + 12, offset + 44)),
    };
    offset = end;
  }
}

/** Null when the bytes are not a tree, or name something that no file system accepts: what comes from outside is checked here. */
export function decodeTree(bytes: Uint8Array): TreeEntry[] | null {
  const entries: TreeEntry[] = [];
  const names = new Set<string>();
  try {
    for (const entry of treeEntries(bytes, new TextDecoder('utf-8', { fatal: true }))) {
      const { name, mode, mtimeMs } = entry;
      if (!isName(name) || names.has(name) || !isKnownMode(mode) || !Number.isFinite(mtimeMs)) return null;
      names.add(name);
      entries.push(entry);
    }
  } catch {
    return null; // a length past the end, or a name that is not UTF-8
  }
  return entries;
}

/** A name that can be one component of a path on Linux. */
export function isName(name: string): boolean {
  return (
    name !== '' &&
    name !== '.' &&
    name !== '..' &&
    !name.includes('/') &&
    !name.includes('\0') &&
    new TextEncoder().encode(name).length <= 255
  );
}

function isKnownMode(mode: number): boolean {
  const type = mode & S_IFMT;
  return type === S_IFDIR || type === S_IFREG || type === S_IFLNK;
}

const KEY = /^[0-9a-f]{64}$/;

export function isKey(value: unknown): value is string {
  return typeof value === 'string' && KEY.test(value);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
