// The tree of a workspace in memory: takes saved entries, writes only the folders that changed. Runs in the store worker.
import { isFolderMode, type SavedEntry, type TreeEntry } from '#protocol';
import type { Key } from './records.ts';
import type { SnapshotStore } from './snapshot-store.ts';
import { isPackage, S_IFPACKAGE } from './trees.ts';

const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const FOLDER_MODE = 0o755;
/** Nested packages stay when a package folder is placed anew: they are packages of their own. */
const NESTED = 'node_modules';

export interface FileNode {
  readonly kind: 'file' | 'symlink';
  readonly mode: number;
  readonly mtimeMs: number;
  readonly key: Key;
}

export interface FolderNode {
  readonly kind: 'folder';
  mode: number;
  mtimeMs: number;
  /** The package that fills the folder below its children; null for an ordinary folder. */
  integrity: string | null;
  readonly children: Map<string, TreeNode>;
  /** Null when something in it changed since it was written. */
  key: Key | null;
}

export type TreeNode = FileNode | FolderNode;

export class WorkspaceTree {
  #root: FolderNode = makeFolder(FOLDER_MODE, 0);

  get root(): FolderNode {
    return this.#root;
  }

  /** Reads the tree of a commit. Throws `ERR_INTEGRITY`. */
  static read(store: SnapshotStore, key: Key): WorkspaceTree {
    const tree = new WorkspaceTree();
    readFolder(store, key, tree.#root);
    return tree;
  }

  /** `content` is the key of a file's bytes or of a symlink's target. */
  apply(entry: SavedEntry, content: Key | null): void {
    const names = entry.path.split('/');
    const name = names.pop() ?? '';
    const parent = this.#open(names);
    switch (entry.op) {
      case 'remove':
        parent.children.delete(name);
        return;
      case 'file':
      case 'symlink': {
        if (content === null) return;
        const mode = entry.op === 'file' ? S_IFREG | (entry.mode & 0o7777) : S_IFLNK | 0o777;
        parent.children.set(name, { kind: entry.op, mode, mtimeMs: entry.mtimeMs, key: content });
        return;
      }
      case 'folder':
        placeFolder(parent, name, entry);
        return;
      case 'package': {
        const folder = placeFolder(parent, name, entry);
        const nested = folder.children.get(NESTED);
        folder.children.clear();
        if (nested) folder.children.set(NESTED, nested);
        folder.integrity = entry.integrity;
        return;
      }
      default:
        entry satisfies never;
    }
  }

  /** Puts the folders that changed; returns the key of the whole. */
  write(store: SnapshotStore): Key {
    return writeFolder(store, this.#root);
  }

  /** The folder of that path, made where it is missing, and marked as changed up to the root. */
  #open(names: readonly string[]): FolderNode {
    let folder = this.#root;
    folder.key = null;
    for (const name of names) {
      const next = folder.children.get(name);
      const child = next?.kind === 'folder' ? next : makeFolder(FOLDER_MODE, 0);
      if (child !== next) folder.children.set(name, child);
      child.key = null;
      folder = child;
    }
    return folder;
  }
}

/** Every node below `folder`, folders before their content. */
export function* walk(folder: FolderNode, prefix = ''): Generator<readonly [path: string, node: TreeNode]> {
  for (const [name, node] of folder.children) {
    const path = prefix + name;
    yield [path, node];
    if (node.kind === 'folder') yield* walk(node, `${path}/`);
  }
}

function makeFolder(mode: number, mtimeMs: number): FolderNode {
  return { kind: 'folder', mode: S_IFDIR | (mode & 0o7777), mtimeMs, integrity: null, children: new Map(), key: null };
}

function placeFolder(parent: FolderNode, name: string, { mode, mtimeMs }: { mode: number; mtimeMs: number }): FolderNode {
  const known = parent.children.get(name);
  const folder = known?.kind === 'folder' ? known : makeFolder(mode, mtimeMs);
  folder.mode = S_IFDIR | (mode & 0o7777);
  folder.mtimeMs = mtimeMs;
  folder.key = null;
  parent.children.set(name, folder);
  return folder;
}

function readFolder(store: SnapshotStore, key: Key, into: FolderNode): void {
  for (const entry of store.tree(key)) into.children.set(entry.name, readNode(store, entry));
  into.key = key;
}

function readNode(store: SnapshotStore, { mode, mtimeMs, key }: TreeEntry): TreeNode {
  if (isFolderMode(mode)) {
    const folder = makeFolder(mode, mtimeMs);
    readFolder(store, key, folder);
    return folder;
  }
  if (isPackage(mode)) {
    const folder = makeFolder(mode, mtimeMs);
    const { integrity, overlay } = store.package(key);
    if (overlay !== null) readFolder(store, overlay, folder);
    folder.integrity = integrity;
    folder.key = key;
    return folder;
  }
  return { kind: (mode & 0o170000) === S_IFLNK ? 'symlink' : 'file', mode, mtimeMs, key };
}

function writeFolder(store: SnapshotStore, folder: FolderNode): Key {
  if (folder.key !== null) return folder.key;
  const entries = [...folder.children].map(([name, node]): TreeEntry => {
    if (node.kind !== 'folder') return { name, mode: node.mode, mtimeMs: node.mtimeMs, key: node.key };
    const mode = node.integrity === null ? node.mode : S_IFPACKAGE | (node.mode & 0o7777);
    return { name, mode, mtimeMs: node.mtimeMs, key: writeFolder(store, node) };
  });
  const isPlain = folder.integrity === null;
  const content = isPlain || entries.length > 0 ? store.putTree(entries) : null;
  folder.key = isPlain ? (content as Key) : store.putPackage({ integrity: folder.integrity as string, overlay: content });
  return folder.key;
}
