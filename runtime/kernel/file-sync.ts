// What the promotion client needs of the workspace's files: hashes of all of them, many at once, and changes placed in one
// go. Runs in the file-service worker.
import { createBLAKE3, type IHasher } from 'hash-wasm';
import {
  encodeTree,
  S_IFDIR,
  S_IFLNK,
  S_IFREG,
  recordTypes,
  type FileEntry,
  type HashedTree,
  type RecordType,
  type TreeEntry,
} from '#protocol';
import type { FileSystem, Stat } from '../fs/file-system.ts';

const S_IFMT = 0o170000;
const PERMISSIONS = 0o777;

interface CachedKey {
  readonly stamp: string;
  readonly key: string;
}

export class FileSync {
  readonly #fs: FileSystem;
  readonly #hasher: IHasher;
  /** Content keys by inode: a file is read again only when its times or size moved. */
  readonly #keys = new Map<number, CachedKey>();

  private constructor(fs: FileSystem, hasher: IHasher) {
    this.#fs = fs;
    this.#hasher = hasher;
  }

  static async create(fs: FileSystem): Promise<FileSync> {
    return new FileSync(fs, await createBLAKE3());
  }

  /** Null when nothing changed anywhere since `cursor`. */
  hashTree(root: string, exclude: readonly string[], maxFileBytes: number, cursor: number | null): HashedTree | null {
    const now = this.#fs.changeCursor();
    if (cursor === now) return null;
    const result = {
      cursor: now,
      root: '',
      trees: [] as HashedTree['trees'][number][],
      files: [] as HashedTree['files'][number][],
      skipped: [] as string[],
    };
    const excluded = new Set(exclude);
    const live = new Set<number>();
    const walk = (folder: string, prefix: string): string => {
      const entries: TreeEntry[] = [];
      const names = this.#fs.readdir(folder);
      if (typeof names !== 'number') {
        for (const { name } of names) {
          if (excluded.has(name)) continue;
          const entry = this.#hashEntry(`${folder}/${name}`, `${prefix}${name}`, name, maxFileBytes, walk, result, live);
          if (entry) entries.push(entry);
        }
      }
      const payload = encodeTree(entries);
      const key = this.#key('tree', payload);
      result.trees.push({ key, path: prefix === '' ? '' : prefix.slice(0, -1), payload });
      return key;
    };
    result.root = walk(root, '');
    for (const ino of this.#keys.keys()) if (!live.has(ino)) this.#keys.delete(ino);
    return result;
  }

  readFiles(root: string, paths: readonly string[]): (Uint8Array | null)[] {
    return paths.map((path) => {
      const full = `${root}/${path}`;
      const stat = {} as Stat;
      if (this.#fs.lstat(full, stat) < 0) return null;
      if ((stat.mode & S_IFMT) === S_IFLNK) {
        const target = this.#fs.readlink(full);
        return typeof target === 'number' ? null : new TextEncoder().encode(target);
      }
      const bytes = this.#fs.readFile(full);
      return typeof bytes === 'number' ? null : bytes;
    });
  }

  /** Returns the paths that could not be placed. */
  applyEntries(root: string, entries: readonly FileEntry[], contents: readonly Uint8Array[]): string[] {
    let next = 0;
    const failed: string[] = [];
    const removals = entries.filter(({ kind }) => kind === 'removed').sort((a, b) => b.path.length - a.path.length);
    for (const entry of [...removals, ...entries.filter(({ kind }) => kind !== 'removed')]) {
      const content = entry.kind === 'file' ? contents[next++] : undefined;
      const names = entry.path.split('/');
      const isClean = names.every((name) => name !== '' && name !== '.' && name !== '..');
      if (!isClean || this.#place(`${root}/${entry.path}`, entry, content) < 0) failed.push(entry.path);
    }
    return failed;
  }

  #place(full: string, entry: FileEntry, content: Uint8Array | undefined): number {
    const fs = this.#fs;
    const stat = {} as Stat;
    const type = fs.lstat(full, stat) < 0 ? null : stat.mode & S_IFMT;
    if (entry.kind === 'removed') return type === null ? 0 : fs.removeAll(full);
    const wanted = entry.kind === 'folder' ? S_IFDIR : entry.kind === 'symlink' ? S_IFLNK : S_IFREG;
    // A link is replaced, never followed; a folder gives way to a file.
    if (type !== null && (type !== wanted || wanted === S_IFLNK)) fs.removeAll(full);
    const parent = fs.mkdirAll(full.slice(0, full.lastIndexOf('/')), 0o755);
    if (typeof parent === 'number' && parent < 0) return parent;
    switch (entry.kind) {
      case 'folder': {
        const made = fs.mkdirAll(full, entry.mode & PERMISSIONS);
        return typeof made === 'number' && made < 0 ? made : fs.chmod(full, entry.mode & PERMISSIONS);
      }
      case 'symlink':
        return fs.symlink(entry.target, full);
      case 'file': {
        const written = fs.writeFile(full, content ?? new Uint8Array(0), entry.mode & PERMISSIONS);
        if (written < 0) return written;
        fs.chmod(full, entry.mode & PERMISSIONS);
        return fs.utimes(full, entry.mtimeMs, entry.mtimeMs, false);
      }
      default:
        return entry satisfies never;
    }
  }

  #hashEntry(
    full: string,
    path: string,
    name: string,
    maxFileBytes: number,
    walk: (folder: string, prefix: string) => string,
    result: { files: HashedTree['files'][number][]; skipped: string[] },
    live: Set<number>,
  ): TreeEntry | null {
    const stat = {} as Stat;
    if (this.#fs.lstat(full, stat) < 0) return null;
    const permissions = stat.mode & PERMISSIONS;
    const mtimeMs = Math.round(stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6);
    switch (stat.mode & S_IFMT) {
      case S_IFDIR:
        // Times of folders move with everything in them and mean nothing to the other side.
        return { name, mode: S_IFDIR | permissions, mtimeMs: 0, key: walk(full, `${path}/`) };
      case S_IFLNK: {
        const target = this.#fs.readlink(full);
        if (typeof target === 'number') return null;
        const bytes = new TextEncoder().encode(target);
        const key = this.#key('blob', bytes);
        result.files.push({ key, path, sizeBytes: bytes.length });
        return { name, mode: S_IFLNK | PERMISSIONS, mtimeMs: 0, key };
      }
      case S_IFREG: {
        if (stat.size > maxFileBytes) {
          result.skipped.push(path);
          return null;
        }
        const key = this.#contentKey(full, stat, live);
        if (key === null) return null;
        result.files.push({ key, path, sizeBytes: stat.size });
        return { name, mode: S_IFREG | permissions, mtimeMs, key };
      }
      default:
        return null;
    }
  }

  #contentKey(full: string, stat: Stat, live: Set<number>): string | null {
    live.add(stat.ino);
    const stamp = `${stat.size}:${stat.mtimeSec}.${stat.mtimeNsec}:${stat.ctimeSec}.${stat.ctimeNsec}`;
    const cached = this.#keys.get(stat.ino);
    if (cached?.stamp === stamp) return cached.key;
    const bytes = this.#fs.readFile(full);
    if (typeof bytes === 'number') return null; // removed meanwhile
    const key = this.#key('blob', bytes);
    this.#keys.set(stat.ino, { stamp, key });
    return key;
  }

  #key(type: RecordType, payload: Uint8Array): string {
    return this.#hasher
      .init()
      .update(Uint8Array.of(recordTypes.indexOf(type)))
      .update(payload)
      .digest('hex');
  }
}
