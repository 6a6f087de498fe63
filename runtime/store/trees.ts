// Trees and commits as record payloads: Merkle trees as in git, so equal folders are stored and sent once. Pure.
import { fromHex, toHex, type Key } from './records.ts';

/** One name of a folder. `mode` is the POSIX mode with its type bits; a symlink's blob is its target. */
export interface TreeEntry {
  readonly name: string;
  readonly mode: number;
  readonly mtimeMs: number;
  /** Of a blob; of a tree for a folder; of a package reference for a package folder. */
  readonly key: Key;
}

/** Type bits of a folder whose content is a package of the shared cache; git uses them for content that is kept elsewhere. */
export const S_IFPACKAGE = 0o160000;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;

/** What stands for the content of a package folder. */
export interface PackageReference {
  readonly integrity: string;
  /** Tree of what is in the folder and not in the package; null for nothing. */
  readonly overlay: Key | null;
}

export interface Commit {
  readonly tree: Key;
  readonly parent: Key | null;
  readonly atMs: number;
  /** Null for an automatic save. */
  readonly name: string | null;
}

const FIXED_BYTES = 4 + 8 + 32 + 2;

/** Entries are sorted by the bytes of their names, so a folder has one encoding. */
export function encodeTree(entries: readonly TreeEntry[]): Uint8Array {
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

export function decodeTree(bytes: Uint8Array): TreeEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  const entries: TreeEntry[] = [];
  for (let offset = 0; offset < bytes.length;) {
    const length = view.getUint16(offset + 44, true);
    entries.push({
      mode: view.getUint32(offset, true),
      mtimeMs: view.getFloat64(offset + 4, true),
      key: toHex(bytes.subarray(offset + 12, offset + 44)),
      name: decoder.decode(bytes.subarray(offset + FIXED_BYTES, offset + FIXED_BYTES + length)),
    });
    offset += FIXED_BYTES + length;
  }
  return entries;
}

export function encodeCommit(commit: Commit): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(commit));
}

export function decodeCommit(bytes: Uint8Array): Commit {
  return JSON.parse(new TextDecoder().decode(bytes)) as Commit;
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const shared = Math.min(a.length, b.length);
  for (let i = 0; i < shared; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}

export function encodePackage(reference: PackageReference): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(reference));
}

export function decodePackage(bytes: Uint8Array): PackageReference {
  return JSON.parse(new TextDecoder().decode(bytes)) as PackageReference;
}

export function isFolder(mode: number): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function isPackage(mode: number): boolean {
  return (mode & S_IFMT) === S_IFPACKAGE;
}
