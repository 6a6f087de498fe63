// A structural check of the whole tree, as fsck does it: for tests after crashes.
import type { CoreView } from './core-view.ts';
import { INODE_COUNT, JOURNAL_LENGTH, ROOT, S_IFDIR, S_IFMT, SEQUENCE } from './layout.ts';

/** Returns one line per problem; call with the lock held. */
export function checkTree(view: CoreView): string[] {
  const problems: string[] = [];
  if ((view.word(SEQUENCE) & 1) === 1) problems.push('a change is under way');
  if (view.word(JOURNAL_LENGTH) !== 0) problems.push('the journal is not empty');
  const links = new Map<number, number>();
  const root = view.word(ROOT);
  checkFolder(view, root, '/', links, problems);
  for (const [inode, count] of links) {
    if (view.inode(inode, 'nlink') !== count)
      problems.push(`inode ${view.inode(inode, 'ino')} has ${count} names and says ${view.inode(inode, 'nlink')}`);
  }
  if (view.word(INODE_COUNT) < links.size + 1) problems.push(`${links.size + 1} inodes are reachable, ${view.word(INODE_COUNT)} counted`);
  return problems;
}

function checkFolder(view: CoreView, folder: number, path: string, links: Map<number, number>, problems: string[]): void {
  let previous = 0;
  let count = 0;
  let folders = 0;
  for (let dentry = view.inode(folder, 'first'); dentry !== 0; dentry = view.dentry(dentry, 'next')) {
    const child = view.dentry(dentry, 'child');
    const name = `${path}${view.nameOf(dentry)}`;
    if (view.dentry(dentry, 'parent') !== folder) problems.push(`${name} names another folder as its parent`);
    if (view.dentry(dentry, 'previous') !== previous) problems.push(`${name} is not linked back`);
    if ((view.inode(child, 'mode') & S_IFMT) === S_IFDIR) {
      folders++;
      if (view.inode(child, 'parent') !== folder) problems.push(`${name} has another parent folder`);
      checkFolder(view, child, `${name}/`, links, problems);
    } else {
      if (view.inode(child, 'size') > view.inode(child, 'capacity')) problems.push(`${name} is larger than its room`);
      links.set(child, (links.get(child) ?? 0) + 1);
    }
    previous = dentry;
    count++;
  }
  if (view.inode(folder, 'last') !== previous) problems.push(`${path} does not end at its last name`);
  if (view.inode(folder, 'children') !== count) problems.push(`${path} has ${count} names and says ${view.inode(folder, 'children')}`);
  if (view.inode(folder, 'nlink') !== folders + 2) problems.push(`${path} has ${folders} folders and ${view.inode(folder, 'nlink')} links`);
}
