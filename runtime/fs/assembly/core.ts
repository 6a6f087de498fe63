// The file system's core: inodes, names, extents, open files, undo journal. AssemblyScript over one imported shared memory
// that every worker of a workspace maps; no garbage collector, no static data.
//
// Who may call what: everything below "mutations" needs the lock, which the TypeScript face takes (it knows which owners
// are dead), between `begin` and `commit`. Lookups run without the lock; the face validates them by the sequence word and
// retries, so they must survive any bytes: loops are bounded, and a wild pointer traps, which the face catches.

// Header, byte addresses of u32 words. LOCK is the face's.
const SEQUENCE: u32 = 68; // odd while a change is under way
const GENERATION: u32 = 72; // moves with every change of a name or a mode
const JOURNAL_LENGTH: u32 = 76;
const BREAK: u32 = 80; // first byte never allocated
const TABLE: u32 = 84; // name hash buckets
const TABLE_MASK: u32 = 88;
const ROOT: u32 = 92;
const INODE_COUNT: u32 = 96;
const RING_NEXT: u32 = 100; // number of the next change; the face's watchers wait on this word
const NEXT_INO: u32 = 104;
const FREE_HANDLE: u32 = 108;
const HANDLE_TOP: u32 = 112;
const FREE_LISTS: u32 = 256; // 64 size classes
const JOURNAL: u32 = 1024;
const JOURNAL_CAPACITY: u32 = 2040;
const RING: u32 = 20480;
const RING_ENTRIES: u32 = 4096;
const RING_ENTRY_BYTES: u32 = 280;
const HANDLES: u32 = 1245184;
const MAX_HANDLES: u32 = 16384;
const HANDLE_BYTES: u32 = 32;
const SCRATCH: u32 = 2097152;
const SCRATCH_BYTES: u32 = 40960;
const SLOTS: u32 = 256;
const HEAP: u32 = SCRATCH + SLOTS * SCRATCH_BYTES;
const BUCKET_BITS: u32 = 17;

// Inode, 128 bytes. Times: seconds f64, nanoseconds u32.
const I_MODE: u32 = 0;
const I_NLINK: u32 = 4;
const I_UID: u32 = 8;
const I_GID: u32 = 12;
const I_SIZE: u32 = 16;
const I_RDEV: u32 = 20;
const I_DATA: u32 = 24;
const I_CAPACITY: u32 = 28;
const I_ATIME: u32 = 32;
const I_MTIME: u32 = 40;
const I_CTIME: u32 = 48;
const I_BIRTH: u32 = 56;
const I_NSEC: u32 = 64; // atime, mtime, ctime, birth
const I_FIRST: u32 = 80; // first and last name in a folder
const I_LAST: u32 = 84;
const I_CHILDREN: u32 = 88;
const I_DENTRY: u32 = 92; // one of the inode's names; 0 when it has none
const I_PINS: u32 = 96;
const I_INO: u32 = 100;
const I_PARENT: u32 = 104; // of a folder
const INODE_BYTES: u32 = 128;

// Dentry, 32 bytes and the name.
const D_CHAIN: u32 = 0;
const D_PARENT: u32 = 4;
const D_CHILD: u32 = 8;
const D_LENGTH: u32 = 16;
const D_HASH: u32 = 20;
const D_NEXT: u32 = 24;
const D_PREVIOUS: u32 = 28;
const D_NAME: u32 = 32;

// Handle (open file description), 32 bytes.
const H_INODE: u32 = 0;
const H_FLAGS: u32 = 4;
const H_POSITION: u32 = 8; // f64
const H_COUNT: u32 = 16;
const H_HOLDS: u32 = 20; // list of { slot, count, next }
const H_NEXT_FREE: u32 = 24;

const S_IFMT: u32 = 0xf000;
const S_IFDIR: u32 = 0x4000;
const S_IFREG: u32 = 0x8000;
const S_IFLNK: u32 = 0xa000;

const EPERM: i32 = -1;
const ENOENT: i32 = -2;
const EBADF: i32 = -9;
const EACCES: i32 = -13;
const EBUSY: i32 = -16;
const EEXIST: i32 = -17;
const ENOTDIR: i32 = -20;
const EISDIR: i32 = -21;
const EINVAL: i32 = -22;
const ENFILE: i32 = -23;
const ENOSPC: i32 = -28;
const ENAMETOOLONG: i32 = -36;
const ENOTEMPTY: i32 = -39;
const ELOOP: i32 = -40;

const USER: u32 = 1000;
const R: u32 = 4;
const W: u32 = 2;
const X: u32 = 1;
const MAX_NAME: u32 = 255;
const MAX_PATH: u32 = 8191;
const MAX_LINKS: u32 = 40;
const MAX_CHAIN: u32 = 1 << 20;

const KIND_CREATE: u32 = 1;
const KIND_REMOVE: u32 = 2;
const KIND_MODIFY: u32 = 3;
const KIND_ATTRIBUTE: u32 = 4;

// This worker's scratch: two path inputs, two buffers for expanded symlinks, a saved name.
let scratch: u32 = 0;
// What the last walk ended at.
let lastParent: u32 = 0;
let lastName: u32 = 0;
let lastLength: u32 = 0;
let lastDentry: u32 = 0;
let lastIsFolderPath: bool = false;

@inline function ld(at: u32): u32 { return load<u32>(at); }

/** A journalled store: undone when the worker dies before `commit`. */
function set(at: u32, value: u32): void {
  const length = ld(JOURNAL_LENGTH);
  if (length >= JOURNAL_CAPACITY) unreachable();
  store<u32>(JOURNAL + length * 8, at);
  store<u32>(JOURNAL + length * 8 + 4, ld(at));
  atomic.store<u32>(JOURNAL_LENGTH, length + 1);
  store<u32>(at, value);
}

@inline function sizeClass(size: u32): u32 {
  if (size <= 16) return 0;
  const power: u32 = 32 - clz<u32>((size - 1) >> 4);
  return size <= (24 << (power - 1)) ? 2 * power - 1 : 2 * power;
}

@inline function classSize(index: u32): u32 { return index & 1 ? 24 << (index >> 1) : 16 << (index >> 1); }

/** 0 when memory is full. The block's link word is journalled: its new owner overwrites it. */
function allocate(size: u32): u32 {
  if (size > 0x60000000) return 0;
  const index = sizeClass(size);
  const list = FREE_LISTS + index * 4;
  const free = ld(list);
  if (free) {
    const next = ld(free);
    set(list, next);
    set(free, next);
    return free;
  }
  const at = ld(BREAK);
  const bytes = classSize(index);
  const end: u64 = <u64>at + <u64>bytes;
  if (end > 0xfffe0000) return 0;
  const have: u64 = <u64>memory.size() << 16;
  if (end > have) {
    const want = <u32>((end - have) >> 16) + 1;
    if (memory.grow(<i32>(want > 256 ? want : 256)) < 0 && memory.grow(<i32>want) < 0) return 0;
  }
  set(BREAK, <u32>end);
  return at;
}

function release(at: u32, size: u32): void {
  const list = FREE_LISTS + sizeClass(size) * 4;
  set(at, ld(list));
  set(list, at);
}

// ---- set-up

export function format(): void {
  store<u32>(BREAK, HEAP + (4 << BUCKET_BITS));
  store<u32>(TABLE, HEAP);
  store<u32>(TABLE_MASK, (1 << BUCKET_BITS) - 1);
  store<u32>(NEXT_INO, 1);
  const root = newInode(S_IFDIR | 0x1ed, 0, 0, 0, 0, 0);
  store<u32>(root + I_NLINK, 2);
  store<u32>(root + I_PARENT, root);
  store<u32>(ROOT, root);
  store<u32>(JOURNAL_LENGTH, 0);
}

export function attach(slot: u32): u32 {
  scratch = SCRATCH + slot * SCRATCH_BYTES;
  return scratch;
}

export function begin(): void { atomic.add<u32>(SEQUENCE, 1); }

export function commit(): void {
  atomic.store<u32>(JOURNAL_LENGTH, 0);
  atomic.add<u32>(SEQUENCE, 1);
}

/** Undoes everything since `begin`. Also what recovery calls when the owner died. Returns the number of stores undone. */
export function rollBack(): u32 {
  const length = ld(JOURNAL_LENGTH);
  for (let i: i32 = <i32>length - 1; i >= 0; i--) store<u32>(ld(JOURNAL + <u32>i * 8), ld(JOURNAL + <u32>i * 8 + 4));
  atomic.store<u32>(JOURNAL_LENGTH, 0);
  if (atomic.load<u32>(SEQUENCE) & 1) atomic.add<u32>(SEQUENCE, 1);
  return length;
}

// ---- lookups

@inline function isFolder(inode: u32): bool { return (ld(inode + I_MODE) & S_IFMT) == S_IFDIR; }

/** Permission of uid 1000. */
export function permits(inode: u32, mask: u32): bool {
  const mode = ld(inode + I_MODE);
  const shift: u32 = ld(inode + I_UID) == USER ? 6 : ld(inode + I_GID) == USER ? 3 : 0;
  return ((mode >> shift) & mask) == mask;
}

@inline function startHash(parent: u32): u32 { return 0x811c9dc5 ^ (parent * 0x9e3779b1); }

function hashName(parent: u32, name: u32, length: u32): u32 {
  let hash = startHash(parent);
  for (let i: u32 = 0; i < length; i++) hash = (hash ^ load<u8>(name + i)) * 0x01000193;
  return hash ^ (hash >> 15);
}

function find(parent: u32, name: u32, length: u32, hash: u32): u32 {
  let dentry = ld(ld(TABLE) + (hash & ld(TABLE_MASK)) * 4);
  for (let guard: u32 = 0; dentry && guard < MAX_CHAIN; guard++) {
    if (ld(dentry + D_HASH) == hash && ld(dentry + D_PARENT) == parent && ld(dentry + D_LENGTH) == length) {
      let i: u32 = 0;
      while (i < length && load<u8>(dentry + D_NAME + i) == load<u8>(name + i)) i++;
      if (i == length) return dentry;
    }
    dentry = ld(dentry + D_CHAIN);
  }
  return 0;
}

/** The inode at a path, or a negative errno. Leaves where it ended in `last*`, also for a missing last name. */
function walk(path: u32, length: u32, follow: bool): i32 {
  lastParent = 0;
  lastDentry = 0;
  if (length == 0) return ENOENT;
  let folder = ld(ROOT);
  let links: u32 = 0;
  let i: u32 = 0;
  while (true) {
    while (i < length && load<u8>(path + i) == 47) i++;
    if (i >= length) return <i32>folder;
    const start = i;
    while (i < length && load<u8>(path + i) != 47) i++;
    const size = i - start;
    if (size > MAX_NAME) return ENAMETOOLONG;
    let rest = i;
    while (rest < length && load<u8>(path + rest) == 47) rest++;
    const isLast = rest >= length;
    if (!isFolder(folder)) return ENOTDIR;
    if (!permits(folder, X)) return EACCES;
    const first = load<u8>(path + start);
    if (first == 46 && size == 1) {
      if (isLast) return <i32>folder;
      continue;
    }
    if (first == 46 && size == 2 && load<u8>(path + start + 1) == 46) {
      folder = ld(folder + I_PARENT);
      if (isLast) return <i32>folder;
      continue;
    }
    const dentry = find(folder, path + start, size, hashName(folder, path + start, size));
    if (isLast) {
      lastParent = folder;
      lastName = path + start;
      lastLength = size;
      lastDentry = dentry;
      lastIsFolderPath = rest > i;
    }
    if (!dentry) return ENOENT;
    const child = ld(dentry + D_CHILD);
    if ((ld(child + I_MODE) & S_IFMT) == S_IFLNK && (!isLast || follow || rest > i)) {
      if (++links > MAX_LINKS) return ELOOP;
      const target = ld(child + I_SIZE);
      const left = length - i;
      if (target + left > MAX_PATH) return ENAMETOOLONG;
      const into = path == scratch + 16384 ? scratch + 24576 : scratch + 16384;
      memory.copy(into, ld(child + I_DATA), target);
      memory.copy(into + target, path + i, left);
      if (load<u8>(into) == 47) folder = ld(ROOT);
      path = into;
      length = target + left;
      i = 0;
      lastParent = 0;
      lastDentry = 0;
      if (length == 0) return ENOENT;
      continue;
    }
    if (isLast) return rest > i && !isFolder(child) ? ENOTDIR : <i32>child;
    folder = child;
  }
}

export function lookup(path: u32, length: u32, follow: bool): i32 { return walk(path, length, follow); }

// ---- mutations

function touch(inode: u32, at: u32, index: u32, seconds: f64, nanoseconds: u32): void {
  store<f64>(inode + at, seconds);
  store<u32>(inode + I_NSEC + index * 4, nanoseconds);
}

function touchChanged(inode: u32, seconds: f64, nanoseconds: u32): void {
  touch(inode, I_MTIME, 1, seconds, nanoseconds);
  touch(inode, I_CTIME, 2, seconds, nanoseconds);
}

function newInode(mode: u32, uid: u32, gid: u32, rdev: u32, seconds: f64, nanoseconds: u32): u32 {
  const inode = allocate(INODE_BYTES);
  if (!inode) return 0;
  memory.fill(inode, 0, INODE_BYTES);
  store<u32>(inode + I_MODE, mode);
  store<u32>(inode + I_UID, uid);
  store<u32>(inode + I_GID, gid);
  store<u32>(inode + I_RDEV, rdev);
  touch(inode, I_ATIME, 0, seconds, nanoseconds);
  touchChanged(inode, seconds, nanoseconds);
  touch(inode, I_BIRTH, 3, seconds, nanoseconds);
  const ino = ld(NEXT_INO);
  set(NEXT_INO, ino + 1);
  store<u32>(inode + I_INO, ino);
  set(INODE_COUNT, ld(INODE_COUNT) + 1);
  return inode;
}

/** Frees an inode that has no name and no holder. */
function drop(inode: u32): void {
  if (ld(inode + I_NLINK) || ld(inode + I_PINS)) return;
  const capacity = ld(inode + I_CAPACITY);
  if (capacity) release(ld(inode + I_DATA), capacity);
  release(inode, INODE_BYTES);
  set(INODE_COUNT, ld(INODE_COUNT) - 1);
}

function addName(parent: u32, name: u32, length: u32, child: u32): i32 {
  const dentry = allocate(D_NAME + length);
  if (!dentry) return ENOSPC;
  const hash = hashName(parent, name, length);
  const bucket = ld(TABLE) + (hash & ld(TABLE_MASK)) * 4;
  const last = ld(parent + I_LAST);
  store<u32>(dentry + D_CHAIN, ld(bucket));
  store<u32>(dentry + D_PARENT, parent);
  store<u32>(dentry + D_CHILD, child);
  store<u32>(dentry + D_LENGTH, length);
  store<u32>(dentry + D_HASH, hash);
  store<u32>(dentry + D_NEXT, 0);
  store<u32>(dentry + D_PREVIOUS, last);
  memory.copy(dentry + D_NAME, name, length);
  if (last) set(last + D_NEXT, dentry);
  else set(parent + I_FIRST, dentry);
  set(parent + I_LAST, dentry);
  set(parent + I_CHILDREN, ld(parent + I_CHILDREN) + 1);
  set(child + I_DENTRY, dentry);
  set(bucket, dentry);
  if (isFolder(child)) {
    set(child + I_PARENT, parent);
    set(parent + I_NLINK, ld(parent + I_NLINK) + 1);
  }
  atomic.add<u32>(GENERATION, 1);
  return 0;
}

function removeName(dentry: u32): void {
  const parent = ld(dentry + D_PARENT);
  const child = ld(dentry + D_CHILD);
  let link = ld(TABLE) + (ld(dentry + D_HASH) & ld(TABLE_MASK)) * 4;
  while (ld(link) != dentry) link = ld(link);
  set(link, ld(dentry));
  const next = ld(dentry + D_NEXT);
  const previous = ld(dentry + D_PREVIOUS);
  if (previous) set(previous + D_NEXT, next);
  else set(parent + I_FIRST, next);
  if (next) set(next + D_PREVIOUS, previous);
  else set(parent + I_LAST, previous);
  set(parent + I_CHILDREN, ld(parent + I_CHILDREN) - 1);
  if (ld(child + I_DENTRY) == dentry) set(child + I_DENTRY, 0);
  if (isFolder(child)) set(parent + I_NLINK, ld(parent + I_NLINK) - 1);
  release(dentry, D_NAME + ld(dentry + D_LENGTH));
  atomic.add<u32>(GENERATION, 1);
}

/** Records a change for watchers; they are woken by the face after the commit. */
function record(kind: u32, parent: u32, name: u32, length: u32, ino: u32): void {
  const number = ld(RING_NEXT);
  const entry = RING + (number % RING_ENTRIES) * RING_ENTRY_BYTES;
  store<u32>(entry, number);
  store<u32>(entry + 4, kind);
  store<u32>(entry + 8, ino);
  store<u32>(entry + 12, parent);
  store<u32>(entry + 16, parent ? ld(parent + I_INO) : 0);
  store<u32>(entry + 20, length);
  memory.copy(entry + 24, name, length);
  atomic.store<u32>(RING_NEXT, number + 1);
}

function recordInode(kind: u32, inode: u32): void {
  const dentry = ld(inode + I_DENTRY);
  if (dentry) record(kind, ld(dentry + D_PARENT), dentry + D_NAME, ld(dentry + D_LENGTH), ld(inode + I_INO));
}

/** Whether a name may be added where the last walk ended without finding one. */
function mayAdd(walked: i32): i32 {
  if (walked != ENOENT) return walked > 0 || walked < -4095 ? EEXIST : walked;
  if (!lastParent) return ENOENT;
  if (!permits(lastParent, W | X)) return EACCES;
  return ld(lastParent + I_NLINK) ? 0 : ENOENT;
}

function place(inode: u32, seconds: f64, nanoseconds: u32): i32 {
  const error = addName(lastParent, lastName, lastLength, inode);
  if (error) return error;
  touchChanged(lastParent, seconds, nanoseconds);
  record(KIND_CREATE, lastParent, lastName, lastLength, ld(inode + I_INO));
  return <i32>inode;
}

/** Makes a file, folder or device of `mode`. The inode, or a negative errno; -EEXIST when the name is taken. */
export function make(path: u32, length: u32, mode: u32, uid: u32, rdev: u32, follow: bool, seconds: f64, nanoseconds: u32): i32 {
  const allowed = mayAdd(walk(path, length, follow));
  if (allowed) return allowed;
  const isNewFolder = (mode & S_IFMT) == S_IFDIR;
  if (lastIsFolderPath && !isNewFolder) return ENOENT;
  const inode = newInode(mode, uid, uid, rdev, seconds, nanoseconds);
  if (!inode) return ENOSPC;
  store<u32>(inode + I_NLINK, isNewFolder ? 2 : 1);
  return place(inode, seconds, nanoseconds);
}

export function symlink(path: u32, length: u32, target: u32, targetLength: u32, seconds: f64, nanoseconds: u32): i32 {
  const allowed = mayAdd(walk(path, length, false));
  if (allowed) return allowed;
  if (lastIsFolderPath) return ENOENT;
  const inode = newInode(S_IFLNK | 0x1ff, USER, USER, 0, seconds, nanoseconds);
  const data = inode ? allocate(targetLength) : 0;
  if (!data) return ENOSPC;
  memory.copy(data, target, targetLength);
  store<u32>(inode + I_DATA, data);
  store<u32>(inode + I_CAPACITY, targetLength);
  store<u32>(inode + I_SIZE, targetLength);
  store<u32>(inode + I_NLINK, 1);
  return place(inode, seconds, nanoseconds);
}

export function link(existing: u32, path: u32, length: u32, seconds: f64, nanoseconds: u32): i32 {
  const allowed = mayAdd(walk(path, length, false));
  if (allowed) return allowed;
  if (isFolder(existing)) return EPERM;
  set(existing + I_NLINK, ld(existing + I_NLINK) + 1);
  touch(existing, I_CTIME, 2, seconds, nanoseconds);
  return place(existing, seconds, nanoseconds);
}

/** A sticky folder lets only owners remove. */
function mayRemove(dentry: u32): i32 {
  const parent = ld(dentry + D_PARENT);
  if (!permits(parent, W | X)) return EACCES;
  const isSticky = ld(parent + I_MODE) & 0x200;
  return isSticky && ld(parent + I_UID) != USER && ld(ld(dentry + D_CHILD) + I_UID) != USER ? EPERM : 0;
}

function unname(dentry: u32, seconds: f64, nanoseconds: u32): void {
  const child = ld(dentry + D_CHILD);
  const parent = ld(dentry + D_PARENT);
  record(KIND_REMOVE, parent, dentry + D_NAME, ld(dentry + D_LENGTH), ld(child + I_INO));
  removeName(dentry);
  touchChanged(parent, seconds, nanoseconds);
  touch(child, I_CTIME, 2, seconds, nanoseconds);
  set(child + I_NLINK, isFolder(child) ? 0 : ld(child + I_NLINK) - 1);
  drop(child);
}

export function unlink(path: u32, length: u32, seconds: f64, nanoseconds: u32): i32 {
  const inode = walk(path, length, false);
  if (inode < 0 && inode > -4096) return inode;
  if (isFolder(<u32>inode)) return EISDIR;
  const error = mayRemove(lastDentry);
  if (error) return error;
  unname(lastDentry, seconds, nanoseconds);
  return 0;
}

export function rmdir(path: u32, length: u32, seconds: f64, nanoseconds: u32): i32 {
  const inode = walk(path, length, false);
  if (inode < 0 && inode > -4096) return inode;
  if (!isFolder(<u32>inode)) return ENOTDIR;
  if (!lastDentry) return <u32>inode == ld(ROOT) ? EBUSY : EINVAL;
  if (ld(<u32>inode + I_FIRST)) return ENOTEMPTY;
  const error = mayRemove(lastDentry);
  if (error) return error;
  unname(lastDentry, seconds, nanoseconds);
  return 0;
}

function isInside(folder: u32, ancestor: u32): bool {
  const root = ld(ROOT);
  let at = folder;
  while (at != ancestor && at != root) at = ld(at + I_PARENT);
  return at == ancestor;
}

export function rename(from: u32, fromLength: u32, to: u32, toLength: u32, seconds: f64, nanoseconds: u32): i32 {
  const source = walk(from, fromLength, false);
  if (source < 0 && source > -4096) return source;
  const moved = lastDentry;
  if (!moved) return EBUSY;
  let error = mayRemove(moved);
  if (error) return error;
  const target = walk(to, toLength, false);
  const isTaken = target >= 0 || target < -4095;
  if (!isTaken && (target != ENOENT || !lastParent)) return target;
  if (!lastParent) return EBUSY;
  if (!permits(lastParent, W | X)) return EACCES;
  const inode = <u32>source;
  const isSourceFolder = isFolder(inode);
  if (isSourceFolder && isInside(lastParent, inode)) return EINVAL;
  if (!isTaken && lastIsFolderPath && !isSourceFolder) return ENOTDIR;
  if (isTaken) {
    const victim = <u32>target;
    if (victim == inode) return 0;
    if (isSourceFolder && !isFolder(victim)) return ENOTDIR;
    if (!isSourceFolder && isFolder(victim)) return EISDIR;
    if (isFolder(victim) && ld(victim + I_FIRST)) return ENOTEMPTY;
    error = mayRemove(lastDentry);
    if (error) return error;
    unname(lastDentry, seconds, nanoseconds);
  }
  const parent = lastParent;
  record(KIND_REMOVE, ld(moved + D_PARENT), moved + D_NAME, ld(moved + D_LENGTH), ld(inode + I_INO));
  touchChanged(ld(moved + D_PARENT), seconds, nanoseconds);
  removeName(moved);
  error = addName(parent, lastName, lastLength, inode);
  if (error) return error;
  touchChanged(parent, seconds, nanoseconds);
  touch(inode, I_CTIME, 2, seconds, nanoseconds);
  record(KIND_CREATE, parent, lastName, lastLength, ld(inode + I_INO));
  return 0;
}

/** Makes room for `size` bytes in a file; the bytes between the old and the new size are zero. 0 or -ENOSPC. */
function reserve(inode: u32, size: u32): i32 {
  const capacity = ld(inode + I_CAPACITY);
  if (size <= capacity) return 0;
  const used = ld(inode + I_SIZE);
  const wanted = capacity && size < 0x30000000 ? max<u32>(size, capacity + (capacity >> 1)) : size;
  const data = allocate(wanted);
  if (!data) return ENOSPC;
  if (used) memory.copy(data, ld(inode + I_DATA), used);
  if (capacity) release(ld(inode + I_DATA), capacity);
  set(inode + I_DATA, data);
  set(inode + I_CAPACITY, classSize(sizeClass(wanted)));
  return 0;
}

/** The address at which the caller then stores `length` bytes at `offset`, or -ENOSPC. */
export function prepareWrite(inode: u32, offset: u32, length: u32, seconds: f64, nanoseconds: u32): i32 {
  const end = offset + length;
  if (end < offset) return ENOSPC;
  const used = ld(inode + I_SIZE);
  const error = reserve(inode, end);
  if (error) return error;
  const data = ld(inode + I_DATA);
  if (offset > used) memory.fill(data + used, 0, offset - used);
  if (end > used) set(inode + I_SIZE, end);
  touchChanged(inode, seconds, nanoseconds);
  recordInode(KIND_MODIFY, inode);
  return <i32>(data + offset);
}

export function resize(inode: u32, size: u32, seconds: f64, nanoseconds: u32): i32 {
  const used = ld(inode + I_SIZE);
  if (size > used) {
    const error = reserve(inode, size);
    if (error) return error;
    memory.fill(ld(inode + I_DATA) + used, 0, size - used);
  } else if (size == 0 && ld(inode + I_CAPACITY)) {
    release(ld(inode + I_DATA), ld(inode + I_CAPACITY));
    set(inode + I_DATA, 0);
    set(inode + I_CAPACITY, 0);
  }
  set(inode + I_SIZE, size);
  touchChanged(inode, seconds, nanoseconds);
  recordInode(KIND_MODIFY, inode);
  return 0;
}

/** Replaces the content by `length` bytes that the caller stores at the returned address (0 for none), or -ENOSPC. */
export function replaceContent(inode: u32, length: u32, seconds: f64, nanoseconds: u32): i32 {
  const data = length ? allocate(length) : 0;
  if (length && !data) return ENOSPC;
  const capacity = ld(inode + I_CAPACITY);
  if (capacity) release(ld(inode + I_DATA), capacity);
  set(inode + I_DATA, data);
  set(inode + I_CAPACITY, length ? classSize(sizeClass(length)) : 0);
  set(inode + I_SIZE, length);
  touchChanged(inode, seconds, nanoseconds);
  recordInode(KIND_MODIFY, inode);
  return <i32>data;
}

/** Keeps the file type; only the owner may. */
export function chmod(inode: u32, mode: u32, seconds: f64, nanoseconds: u32): i32 {
  if (ld(inode + I_UID) != USER) return EPERM;
  set(inode + I_MODE, (ld(inode + I_MODE) & S_IFMT) | (mode & 0xfff));
  touch(inode, I_CTIME, 2, seconds, nanoseconds);
  atomic.add<u32>(GENERATION, 1);
  recordInode(KIND_ATTRIBUTE, inode);
  return 0;
}

export function setTimes(inode: u32, atime: f64, atimeNsec: u32, mtime: f64, mtimeNsec: u32, seconds: f64, nanoseconds: u32): i32 {
  if (ld(inode + I_UID) != USER && !permits(inode, W)) return EPERM;
  touch(inode, I_ATIME, 0, atime, atimeNsec);
  touch(inode, I_MTIME, 1, mtime, mtimeNsec);
  touch(inode, I_CTIME, 2, seconds, nanoseconds);
  recordInode(KIND_ATTRIBUTE, inode);
  return 0;
}

// ---- open file descriptions

/** The handle's address for a number, or 0. */
export function handleAt(handle: u32): u32 {
  if (handle >= ld(HANDLE_TOP)) return 0;
  const at = HANDLES + handle * HANDLE_BYTES;
  return ld(at + H_COUNT) ? at : 0;
}

export function openInode(inode: u32, flags: u32, slot: u32): i32 {
  let handle = ld(FREE_HANDLE);
  if (handle) {
    handle -= 1;
    set(FREE_HANDLE, ld(HANDLES + handle * HANDLE_BYTES + H_NEXT_FREE));
  } else {
    handle = ld(HANDLE_TOP);
    if (handle >= MAX_HANDLES) return ENFILE;
    set(HANDLE_TOP, handle + 1);
  }
  const at = HANDLES + handle * HANDLE_BYTES;
  set(at + H_INODE, inode);
  set(at + H_FLAGS, flags);
  store<f64>(at + H_POSITION, 0);
  set(at + H_COUNT, 0);
  set(at + H_HOLDS, 0);
  set(inode + I_PINS, ld(inode + I_PINS) + 1);
  const error = hold(at, slot);
  return error ? error : <i32>handle;
}

function hold(at: u32, slot: u32): i32 {
  set(at + H_COUNT, ld(at + H_COUNT) + 1);
  for (let node = ld(at + H_HOLDS); node; node = ld(node + 8)) {
    if (ld(node) != slot) continue;
    set(node + 4, ld(node + 4) + 1);
    return 0;
  }
  const node = allocate(16);
  if (!node) return ENOSPC;
  store<u32>(node, slot);
  store<u32>(node + 4, 1);
  store<u32>(node + 8, ld(at + H_HOLDS));
  set(at + H_HOLDS, node);
  return 0;
}

export function retain(handle: u32, slot: u32): i32 {
  const at = handleAt(handle);
  return at ? hold(at, slot) : EBADF;
}

/** Drops up to `count` holds of a slot; the last hold of all closes the description. */
export function unhold(handle: u32, slot: u32, count: u32): i32 {
  const at = handleAt(handle);
  if (!at) return EBADF;
  let before = at + H_HOLDS;
  let node = ld(before);
  while (node && ld(node) != slot) {
    before = node + 8;
    node = ld(before);
  }
  if (!node) return EBADF;
  const dropped = min<u32>(count, ld(node + 4));
  set(node + 4, ld(node + 4) - dropped);
  if (!ld(node + 4)) {
    set(before, ld(node + 8));
    release(node, 16);
  }
  const left = ld(at + H_COUNT) - dropped;
  set(at + H_COUNT, left);
  if (left) return 0;
  const inode = ld(at + H_INODE);
  set(inode + I_PINS, ld(inode + I_PINS) - 1);
  drop(inode);
  set(at + H_NEXT_FREE, ld(FREE_HANDLE));
  set(FREE_HANDLE, handle + 1);
  return 0;
}

/** A handle from `from` on that a slot holds, or -EBADF when there is none. */
export function heldBy(slot: u32, from: u32): i32 {
  const top = ld(HANDLE_TOP);
  for (let handle = from; handle < top; handle++) {
    const at = HANDLES + handle * HANDLE_BYTES;
    if (!ld(at + H_COUNT)) continue;
    for (let node = ld(at + H_HOLDS); node; node = ld(node + 8)) if (ld(node) == slot) return <i32>handle;
  }
  return EBADF;
}
