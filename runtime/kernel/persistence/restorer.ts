// Writes saved entries back into the file system. File service.
import type { SavedEntry, TreeBatch } from '#protocol';
import type { FileSystem } from '../../fs/file-system.ts';
import type { PackageCache } from '../../packages/package-cache.ts';
import { gunzip } from '../../packages/tarballs.ts';
import { readTar } from '../../packages/untar.ts';

const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const EXECUTE_BITS = 0o111;

/** Packages are read and unpacked side by side: each waits for the store, then for its decompression. */
const PARALLEL_PACKAGES = 8;

type FolderEntry = Extract<SavedEntry, { op: 'folder' | 'package' }>;

export interface RestoreProblems {
  /** Folders whose package is no longer in the cache. */
  readonly missingPackages: string[];
  /** Paths that could not be written: the file system is full. */
  readonly unwritten: string[];
}

export interface RestoreResult extends RestoreProblems {
  /** Package folders that were filled from the cache. */
  readonly references: ReadonlySet<string>;
}

export class Restorer {
  readonly #fs: FileSystem;
  readonly #cache: PackageCache;
  readonly #isFresh: boolean;
  readonly #folders: FolderEntry[] = [];
  readonly #packages: Extract<SavedEntry, { op: 'package' }>[] = [];
  /** Held back until the packages are there: these lie over them. */
  readonly #overlays: { entry: SavedEntry; bytes: Uint8Array }[] = [];
  readonly problems: RestoreProblems = { missingPackages: [], unwritten: [] };

  /** `isFresh`: nothing was ever written, so nothing has to make way. */
  constructor(fs: FileSystem, cache: PackageCache, isFresh: boolean) {
    this.#isFresh = isFresh;
    this.#fs = fs;
    this.#cache = cache;
  }

  take({ entries, bytes, offsets }: TreeBatch): void {
    let file = 0;
    for (const entry of entries) {
      const start = entry.op === 'file' ? (offsets[file++] ?? 0) : 0;
      const content = bytes.subarray(start, start + (entry.op === 'file' ? entry.sizeBytes : 0));
      if (this.#packages.length > 0 && entry.path.includes('/node_modules/') && entry.op !== 'package')
        this.#overlays.push({ entry, bytes: content });
      else this.#apply(entry, content);
    }
  }

  /** Places packages, what lies over them, and at last the attributes of folders. */
  async finish(): Promise<RestoreResult> {
    let next = 0;
    const work = async (): Promise<void> => {
      for (let entry = this.#packages[next++]; entry !== undefined; entry = this.#packages[next++]) await this.#placePackage(entry);
    };
    await Promise.all(Array.from({ length: PARALLEL_PACKAGES }, work));
    for (const { entry, bytes } of this.#overlays) this.#apply(entry, bytes);
    for (const { path, mode, mtimeMs } of this.#folders.toReversed()) {
      this.#fs.chmod(`/${path}`, mode);
      this.#fs.utimes(`/${path}`, mtimeMs, mtimeMs, false);
    }
    return { ...this.problems, references: new Set(this.#packages.map(({ path }) => `/${path}`)) };
  }

  #apply(entry: SavedEntry, bytes: Uint8Array): void {
    const path = `/${entry.path}`;
    switch (entry.op) {
      case 'remove':
        return this.#check(this.#fs.removeAll(path), path);
      case 'folder':
        this.#folders.push(entry);
        return this.#makeFolder(path);
      case 'package':
        this.#folders.push(entry);
        if (entry.integrity !== null) this.#packages.push(entry);
        return this.#makeFolder(path);
      case 'file':
        // Made anew, so that its mode counts, and a file that may not be written makes way, too.
        this.#clear(path);
        this.#check(this.#fs.writeFile(path, bytes, entry.mode), path);
        this.#fs.utimes(path, entry.mtimeMs, entry.mtimeMs, false);
        return;
      case 'symlink':
        this.#clear(path);
        this.#check(this.#fs.symlink(entry.target, path), path);
        this.#fs.utimes(path, entry.mtimeMs, entry.mtimeMs, false);
        return;
      default:
        entry satisfies never;
    }
  }

  async #placePackage({ path, integrity }: Extract<SavedEntry, { op: 'package' }>): Promise<void> {
    const packed = integrity === null ? null : await this.#cache.get(integrity);
    if (packed === null) {
      this.problems.missingPackages.push(`/${path}`);
      return;
    }
    for (const { path: name, mode, bytes } of readTar(await gunzip(packed, path), path)) {
      const target = `/${path}/${name}`;
      this.#makeFolder(target.slice(0, target.lastIndexOf('/')));
      this.#check(this.#fs.writeFile(target, bytes, FILE_MODE | (mode & EXECUTE_BITS)), target);
    }
  }

  /** Takes away what is at the path. */
  #clear(path: string): void {
    if (!this.#isFresh || this.#overlays.length > 0) this.#fs.removeAll(path);
  }

  #makeFolder(path: string): void {
    const made = this.#fs.mkdirAll(path, FOLDER_MODE);
    if (typeof made === 'number') this.#check(made, path);
  }

  #check(result: number, path: string): void {
    if (result < 0) this.problems.unwritten.push(path);
  }
}
