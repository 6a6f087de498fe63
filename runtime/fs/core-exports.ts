// What the AssemblyScript core exports, as the TypeScript face calls it. Addresses and errnos arrive as signed 32-bit.

export interface CoreExports {
  format(): void;
  /** Sets this instance's scratch area; returns its address. */
  attach(slot: number): number;
  begin(): void;
  commit(): void;
  rollBack(): number;
  permits(inode: number, mask: number): number;
  lookup(path: number, length: number, follow: number): number;
  make(path: number, length: number, mode: number, uid: number, rdev: number, follow: number, seconds: number, nanoseconds: number): number;
  symlink(path: number, length: number, target: number, targetLength: number, seconds: number, nanoseconds: number): number;
  link(existing: number, path: number, length: number, seconds: number, nanoseconds: number): number;
  unlink(path: number, length: number, seconds: number, nanoseconds: number): number;
  rmdir(path: number, length: number, seconds: number, nanoseconds: number): number;
  rename(from: number, fromLength: number, to: number, toLength: number, seconds: number, nanoseconds: number): number;
  prepareWrite(inode: number, offset: number, length: number, seconds: number, nanoseconds: number): number;
  resize(inode: number, size: number, seconds: number, nanoseconds: number): number;
  replaceContent(inode: number, length: number, seconds: number, nanoseconds: number): number;
  chmod(inode: number, mode: number, seconds: number, nanoseconds: number): number;
  setTimes(inode: number, atime: number, atimeNsec: number, mtime: number, mtimeNsec: number, seconds: number, nanoseconds: number): number;
  handleAt(handle: number): number;
  openInode(inode: number, flags: number, slot: number): number;
  retain(handle: number, slot: number): number;
  unhold(handle: number, slot: number, count: number): number;
  heldBy(slot: number, from: number): number;
}
