// What the store keeps besides blobs and the trees of #protocol: commits, and folders that stand for a package. Pure.
import { treeEntries, type TreeEntry } from '#protocol';
import type { Key } from './records.ts';

/** Type bits of a folder whose content is a package of the shared cache; git uses them for content that is kept elsewhere. */
export const S_IFPACKAGE = 0o160000;
const S_IFMT = 0o170000;

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

/** As the pack holds it: the record's checksum was verified. */
export function decodeTree(bytes: Uint8Array): TreeEntry[] {
  return [...treeEntries(bytes)];
}

export function encodeCommit(commit: Commit): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(commit));
}

export function decodeCommit(bytes: Uint8Array): Commit {
  return JSON.parse(new TextDecoder().decode(bytes)) as Commit;
}

export function encodePackage(reference: PackageReference): Uint8Array {
  return new TextEncoder().encode(JSON.stringify(reference));
}

export function decodePackage(bytes: Uint8Array): PackageReference {
  return JSON.parse(new TextDecoder().decode(bytes)) as PackageReference;
}

export function isPackage(mode: number): boolean {
  return (mode & S_IFMT) === S_IFPACKAGE;
}
