// Turns nodes of a tree into the batches in which they travel to the file service: the content of files stays where the pack's
// reading put it, so that nothing is copied on the way. Runs in the store worker.
import type { SavedEntry, TreeBatch } from '#protocol';
import type { PackWindow } from './pack.ts';
import type { Key } from './records.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import type { FileNode, TreeNode } from './workspace-tree.ts';

const BATCH_ENTRIES = 4096;
/** A reading that is mostly of other records is not worth sending as a whole. */
const LEAST_USED_SHARE = 0.5;

interface NamedFile {
  readonly path: string;
  readonly node: FileNode;
}

/** Folders and packages first, then files in the order of the pack. Throws `ERR_INTEGRITY` at a damaged record. */
export function* treeBatches(store: SnapshotStore, nodes: Iterable<readonly [path: string, node: TreeNode]>): Generator<TreeBatch> {
  const byKey = new Map<Key, NamedFile[]>();
  let folders: SavedEntry[] = [];
  for (const [path, node] of nodes) {
    if (node.kind === 'folder') folders.push(folderEntry(path, node));
    else {
      const sharing = byKey.get(node.key);
      if (sharing) sharing.push({ path, node });
      else byKey.set(node.key, [{ path, node }]);
    }
    if (folders.length < BATCH_ENTRIES) continue;
    yield batchOf(folders);
    folders = [];
  }
  if (folders.length > 0) yield batchOf(folders);
  for (const window of store.windows(byKey.keys())) yield filesOf(dense(window), byKey);
}

export function batchOf(entries: readonly SavedEntry[]): TreeBatch {
  return { entries, bytes: new Uint8Array(), offsets: new Uint32Array() };
}

function folderEntry(path: string, { mode, mtimeMs, integrity }: Extract<TreeNode, { kind: 'folder' }>): SavedEntry {
  const attributes = { path, mode: mode & 0o7777, mtimeMs };
  return integrity === null ? { op: 'folder', ...attributes } : { op: 'package', ...attributes, integrity };
}

function filesOf({ bytes, records }: PackWindow, byKey: ReadonlyMap<Key, readonly NamedFile[]>): TreeBatch {
  const entries: SavedEntry[] = [];
  const offsets: number[] = [];
  for (const { key, start, length } of records)
    for (const { path, node } of byKey.get(key) ?? []) {
      const { mode, mtimeMs } = node;
      if (node.kind === 'symlink') {
        const target = new TextDecoder().decode(bytes.subarray(start, start + length));
        entries.push({ op: 'symlink', path, mtimeMs, target });
      } else {
        entries.push({ op: 'file', path, mode: mode & 0o7777, mtimeMs, sizeBytes: length });
        offsets.push(start);
      }
    }
  return { entries, bytes, offsets: Uint32Array.from(offsets) };
}

/** The same records without what lies between them, where that is much. */
function dense(window: PackWindow): PackWindow {
  const usedBytes = window.records.reduce((sum, { length }) => sum + length, 0);
  if (usedBytes >= window.bytes.length * LEAST_USED_SHARE) return window;
  const bytes = new Uint8Array(usedBytes);
  let at = 0;
  const records = window.records.map((record) => {
    bytes.set(window.bytes.subarray(record.start, record.start + record.length), at);
    at += record.length;
    return { ...record, start: at - record.length };
  });
  return { bytes, records };
}
