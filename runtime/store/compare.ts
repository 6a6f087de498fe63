// What differs between two trees. Equal folders are told by their keys and not entered. Pure.
import { walk, type FolderNode, type TreeNode } from './workspace-tree.ts';

export interface TreeChange {
  /** Relative to the root. */
  readonly path: string;
  readonly change: 'added' | 'removed' | 'modified';
}

/** Folders before their content; a removed folder stands for its content. */
export function changesBetween(before: FolderNode, after: FolderNode, prefix = ''): TreeChange[] {
  if (before.key !== null && before.key === after.key) return [];
  const changes: TreeChange[] = [];
  for (const [name, old] of before.children) {
    const path = prefix + name;
    const now = after.children.get(name);
    if (now === undefined || isOtherKind(old, now)) changes.push({ path, change: 'removed' });
  }
  for (const [name, now] of after.children) {
    const path = prefix + name;
    const old = before.children.get(name);
    if (old === undefined || isOtherKind(old, now)) changes.push({ path, change: 'added' }, ...contentOf(now, path));
    else changes.push(...compareNodes(old, now, path));
  }
  return changes;
}

function compareNodes(old: TreeNode, now: TreeNode, path: string): TreeChange[] {
  if (old.kind === 'folder' && now.kind === 'folder') {
    const isSame = old.mode === now.mode && old.integrity === now.integrity;
    return [...(isSame ? [] : [{ path, change: 'modified' } as const]), ...changesBetween(old, now, `${path}/`)];
  }
  if (old.kind === 'folder' || now.kind === 'folder') return [];
  return old.key === now.key && old.mode === now.mode ? [] : [{ path, change: 'modified' }];
}

function contentOf(node: TreeNode, path: string): TreeChange[] {
  return node.kind === 'folder' ? [...walk(node, `${path}/`)].map(([inner]) => ({ path: inner, change: 'added' })) : [];
}

function isOtherKind(a: TreeNode, b: TreeNode): boolean {
  // A package folder that becomes an ordinary one, or of another version, is placed anew.
  return a.kind !== b.kind || (a.kind === 'folder' && b.kind === 'folder' && a.integrity !== b.integrity);
}
