// Turns changed paths into the entries of a save: looks at each path now, compares it with what the store was told last, and
// reads only what differs. File service.
import type { SavedEntry } from '#protocol';
import type { Dirent, FileSystem, Stat } from '../../fs/file-system.ts';
import type { InstalledPackages } from './installed-packages.ts';
import { KEPT_ROOTS, isInModules, isInRebuilt, isRebuilt, packageRootOf } from './kept-paths.ts';
import { KnownTree, stampOf, type KnownNode } from './known-tree.ts';
import type { SaveBatches } from './save-batches.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const S_IFREG = 0o100000;
const S_IFLNK = 0o120000;
const MODULES = 'node_modules';
const OWNER_READ = 0o400;
const EACCES = -13;

export class ChangeCollector {
  readonly #fs: FileSystem;
  readonly #packages: InstalledPackages;
  readonly #known = new KnownTree();
  /** Filled by each look, and used up before the next. */
  readonly #stat = {} as Stat;
  /** Package folders that were told file by file: once the lockfile or the archive is there, a reference may do. */
  readonly #unidentified = new Set<string>();
  /** Null when folders of packages are looked at, too. */
  #postponed: string[] | null = null;

  constructor(fs: FileSystem, packages: InstalledPackages) {
    this.#fs = fs;
    this.#packages = packages;
  }

  /** Takes everything as it is now for told; `references` are the package folders that were told as such. */
  adopt(references: ReadonlySet<string>): void {
    this.#known.clear();
    this.#unidentified.clear();
    for (const root of KEPT_ROOTS) this.#learn(root, references);
  }

  /** Forgets everything: the next collection of everything sends all of it. */
  forget(): void {
    this.#known.clear();
    this.#unidentified.clear();
  }

  /**
   * Adds what changed at the paths, or anywhere when `paths` is null. Returns the folders of packages that it came across and
   * left for later, when `takesModules` is false.
   */
  async collect(paths: Iterable<string> | null, batches: SaveBatches, takesModules: boolean): Promise<readonly string[]> {
    this.#packages.startSave();
    this.#postponed = takesModules ? null : [];
    if (paths === null) for (const root of KEPT_ROOTS) await this.#compare(root, batches, true);
    else await this.#collectPaths(paths, batches);
    return this.#postponed ?? [];
  }

  async #collectPaths(paths: Iterable<string>, batches: SaveBatches): Promise<void> {
    const packages = new Set<string>();
    const all = withParents(paths);
    if (all.some(isInModules)) for (const root of this.#unidentified) packages.add(root);
    for (const path of all) {
      if (isInRebuilt(path)) continue;
      const root = packageRootOf(path);
      if (root !== null) packages.add(root);
      else await this.#compare(path, batches, false);
    }
    // Outer packages first: placing one anew takes its old content away.
    for (const root of [...packages].toSorted()) await this.#comparePackage(root, batches);
  }

  async #compare(path: string, batches: SaveBatches, isDeep: boolean): Promise<void> {
    if (this.#postponed !== null && isInModules(path)) {
      this.#postponed.push(path);
      return;
    }
    const stat = {} as Stat;
    const known = this.#known.get(path);
    if (this.#fs.lstat(path, stat) < 0) {
      if (known) this.#remove(path, batches);
      return;
    }
    if (packageRootOf(path) === path && (stat.mode & S_IFMT) === S_IFDIR) return this.#comparePackage(path, batches);
    if (known && known.ino !== stat.ino) this.#remove(path, batches);
    const isNew = known?.ino !== stat.ino;
    const stamp = stampOf(stat);
    if (isNew || known.stamp !== stamp) {
      const children = (stat.mode & S_IFMT) === S_IFDIR ? (isNew ? new Map<string, KnownNode>() : known.children) : null;
      this.#known.set(path, { ino: stat.ino, stamp, children });
      this.#tell(path, stat, batches);
      if (batches.isFull) await batches.send();
    }
    if ((stat.mode & S_IFMT) === S_IFDIR && (isNew || isDeep)) await this.#compareContent(path, batches);
  }

  async #compareContent(folder: string, batches: SaveBatches): Promise<void> {
    const names = new Set<string>();
    for (const { name } of this.#list(folder)) {
      names.add(name);
      const path = `${folder}/${name}`;
      if (!isRebuilt(path)) await this.#compare(path, batches, true);
    }
    for (const name of [...(this.#known.get(folder)?.children?.keys() ?? [])])
      if (!names.has(name)) this.#remove(`${folder}/${name}`, batches);
  }

  /** A package folder is told whole: as a reference and what it has besides, or as ordinary files. */
  async #comparePackage(root: string, batches: SaveBatches): Promise<void> {
    const stat = {} as Stat;
    if (this.#fs.lstat(root, stat) < 0) {
      this.#unidentified.delete(root);
      if (this.#known.get(root)) this.#remove(root, batches);
      return;
    }
    if ((stat.mode & S_IFMT) !== S_IFDIR) {
      this.#known.set(root, { ino: stat.ino, stamp: stampOf(stat), children: null });
      this.#tell(root, stat, batches);
      return;
    }
    const content = [...this.#walk(root, '')];
    const isChanged = this.#isPackageChanged(root, stat, content);
    if (!isChanged && !this.#unidentified.has(root)) return this.#compareNested(root, batches);
    const nested = this.#known.get(root)?.children?.get(MODULES);
    const installed = await this.#packages.identify(root);
    if (installed) this.#unidentified.delete(root);
    else this.#unidentified.add(root);
    if (!isChanged && !installed) return this.#compareNested(root, batches);
    batches.add({ op: 'package', path: root.slice(1), ...attributes(stat), integrity: installed?.integrity ?? null });
    this.#known.set(root, { ino: stat.ino, stamp: stampOf(stat), children: new Map(nested ? [[MODULES, nested]] : []) });
    const needed = installed ? foldersOfExtras(content, installed.files) : null;
    for (const { name, stat: inner } of content) {
      const path = `${root}/${name}`;
      const isFolder = (inner.mode & S_IFMT) === S_IFDIR;
      this.#known.set(path, { ino: inner.ino, stamp: stampOf(inner), children: isFolder ? new Map() : null });
      if (installed?.files.has(name) === true || (isFolder && needed?.has(name) === false)) continue;
      this.#tell(path, inner, batches);
      if (batches.isFull) await batches.send();
    }
    await this.#compareNested(root, batches);
  }

  async #compareNested(root: string, batches: SaveBatches): Promise<void> {
    const path = `${root}/${MODULES}`;
    if (this.#known.get(path) || this.#fs.access(path, 0) === 0) await this.#compare(path, batches, true);
  }

  #isPackageChanged(root: string, stat: Stat, content: readonly { name: string; stat: Stat }[]): boolean {
    const known = this.#known.get(root);
    if (known?.children === null || known === undefined || known.ino !== stat.ino || known.stamp !== stampOf(stat)) return true;
    return content.some(({ name, stat: inner }) => {
      const node = this.#known.get(`${root}/${name}`);
      return node?.ino !== inner.ino || node.stamp !== stampOf(inner);
    });
  }

  /** Everything in a package folder but nested packages, folders before their content. */
  *#walk(folder: string, prefix: string): Generator<{ name: string; stat: Stat }> {
    for (const { name } of this.#list(folder)) {
      if (prefix === '' && name === MODULES) continue;
      const stat = {} as Stat;
      if (this.#fs.lstat(`${folder}/${name}`, stat) < 0) continue;
      yield { name: prefix + name, stat };
      if ((stat.mode & S_IFMT) === S_IFDIR) yield* this.#walk(`${folder}/${name}`, `${prefix}${name}/`);
    }
  }

  #tell(path: string, stat: Stat, batches: SaveBatches): void {
    const name = path.slice(1);
    switch (stat.mode & S_IFMT) {
      case S_IFDIR:
        return batches.add({ op: 'folder', path: name, ...attributes(stat) });
      case S_IFREG: {
        const bytes = this.#read(path, stat);
        // Gone or not readable since it was looked at: its change is in the ring, and the next save sees it.
        if (typeof bytes !== 'number') batches.add({ op: 'file', path: name, ...attributes(stat), sizeBytes: bytes.length }, bytes);
        return;
      }
      case S_IFLNK: {
        const target = this.#fs.readlink(path);
        const { mtimeMs } = attributes(stat);
        if (typeof target === 'string') batches.add({ op: 'symlink', path: name, mtimeMs, target });
        return;
      }
      default: // devices and sockets live as long as their kernel
    }
  }

  /** A file that its owner may not read is kept like any other: it is made readable for the moment. */
  #read(path: string, stat: Stat): Uint8Array | number {
    const bytes = this.#fs.readFile(path);
    if (bytes !== EACCES || this.#fs.chmod(path, (stat.mode & 0o7777) | OWNER_READ) < 0) return bytes;
    const content = this.#fs.readFile(path);
    this.#fs.chmod(path, stat.mode & 0o7777);
    const after = {} as Stat;
    const known = this.#known.get(path);
    // Otherwise the change of mode would be seen as the program's, again and again.
    if (known && this.#fs.lstat(path, after) === 0) known.stamp = stampOf(after);
    return content;
  }

  #remove(path: string, batches: SaveBatches): void {
    this.#known.delete(path);
    this.#unidentified.delete(path);
    batches.add({ op: 'remove', path: path.slice(1) } satisfies SavedEntry);
  }

  #learn(path: string, references: ReadonlySet<string>): void {
    const node = this.#look(path, references);
    if (node !== null) this.#known.set(path, node);
  }

  /** What is there now, with everything in it; null for nothing. Ten thousand files are looked at before a workspace is open. */
  #look(path: string, references: ReadonlySet<string>): KnownNode | null {
    const stat = this.#stat;
    if (this.#fs.lstat(path, stat) < 0) return null;
    const isFolder = (stat.mode & S_IFMT) === S_IFDIR;
    const node: KnownNode = { ino: stat.ino, stamp: stampOf(stat), children: isFolder ? new Map() : null };
    if (node.children === null) return node;
    if (packageRootOf(path) === path && !references.has(path)) this.#unidentified.add(path);
    for (const { name } of this.#list(path)) {
      const inner = `${path}/${name}`;
      const child = isRebuilt(inner) ? null : this.#look(inner, references);
      if (child !== null) node.children.set(name, child);
    }
    return node;
  }

  #list(folder: string): readonly Dirent[] {
    const entries = this.#fs.readdir(folder);
    return typeof entries === 'number' ? [] : entries; // gone since it was looked at
  }
}

function attributes({ mode, mtimeSec, mtimeNsec }: Stat): { mode: number; mtimeMs: number } {
  return { mode: mode & 0o7777, mtimeMs: mtimeSec * 1000 + mtimeNsec / 1e6 };
}

/** Each path and the folder it is in, whose own time changed with it; parents first. */
function withParents(paths: Iterable<string>): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    const parent = path.slice(0, path.lastIndexOf('/'));
    if (KEPT_ROOTS.some((root) => parent === root || parent.startsWith(`${root}/`))) all.add(parent);
    all.add(path);
  }
  return [...all].toSorted();
}

/** Folders that hold something the package does not bring: those have to be told. */
function foldersOfExtras(content: readonly { name: string; stat: Stat }[], files: ReadonlySet<string>): Set<string> {
  const fromPackage = new Set<string>();
  for (const file of files)
    for (let at = file.lastIndexOf('/'); at > 0; at = file.lastIndexOf('/', at - 1)) fromPackage.add(file.slice(0, at));
  const needed = new Set<string>();
  for (const { name, stat } of content) if ((stat.mode & S_IFMT) === S_IFDIR && !fromPackage.has(name)) needed.add(name);
  return needed;
}
