// Tells which package of the shared cache fills a folder of `node_modules`, by comparing every byte. File service.
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import type { PackageCache } from '../../packages/package-cache.ts';
import { gunzip } from '../../packages/tarballs.ts';
import { readTar, type TarFile } from '../../packages/untar.ts';
import { modulesFolderOf } from './kept-paths.ts';

const EXECUTE_BITS = 0o111;

export interface InstalledPackage {
  readonly integrity: string;
  /** Paths of its files that are in the folder as the package has them, relative to the folder. */
  readonly files: ReadonlySet<string>;
}

export class InstalledPackages {
  readonly #fs: FileSystem;
  readonly #cache: PackageCache;
  /** Integrities by package folder, per `node_modules` folder; read once per save. */
  #lockfiles = new Map<string, Map<string, string>>();

  constructor(fs: FileSystem, cache: PackageCache) {
    this.#fs = fs;
    this.#cache = cache;
  }

  startSave(): void {
    this.#lockfiles = new Map();
  }

  /** Null when the package is not in the cache, or not whole in the folder: nothing says that a file of it is gone. */
  async identify(folder: string): Promise<InstalledPackage | null> {
    const modules = modulesFolderOf(folder);
    const integrity = modules === null ? undefined : this.#integrities(modules).get(folder);
    if (integrity === undefined) return null;
    const packed = await this.#cache.get(integrity);
    if (packed === null) return null;
    const files = readTar(await gunzip(packed, folder), folder);
    if (files.some(({ path }) => this.#fs.access(`${folder}/${path}`, 0) < 0)) return null;
    const unchanged = files.filter((file) => this.#isUnchanged(`${folder}/${file.path}`, file));
    return { integrity, files: new Set(unchanged.map(({ path }) => path)) };
  }

  #isUnchanged(path: string, { bytes, mode }: TarFile): boolean {
    const stat = {} as Stat;
    if (this.#fs.lstat(path, stat) < 0 || stat.size !== bytes.length || (stat.mode & EXECUTE_BITS) !== (mode & EXECUTE_BITS)) return false;
    const content = this.#fs.readFile(path);
    return typeof content !== 'number' && isEqual(content, bytes);
  }

  /** From npm's hidden lockfile, which an installation writes last. */
  #integrities(modules: string): Map<string, string> {
    const known = this.#lockfiles.get(modules);
    if (known) return known;
    const found = new Map<string, string>();
    this.#lockfiles.set(modules, found);
    const text = this.#fs.readFile(`${modules}/.package-lock.json`);
    if (typeof text === 'number') return found;
    try {
      const { packages } = JSON.parse(new TextDecoder().decode(text)) as { packages?: Record<string, { integrity?: unknown }> };
      const project = modules.slice(0, -'/node_modules'.length);
      for (const [folder, { integrity }] of Object.entries(packages ?? {}))
        if (typeof integrity === 'string') found.set(`${project}/${folder}`, integrity);
    } catch {
      // Not npm's: everything is then saved as ordinary files.
    }
    return found;
  }
}

function isEqual(a: Uint8Array, b: Uint8Array): boolean {
  const length = a.length;
  if (length !== b.length) return false;
  for (let index = 0; index < length; index++) if (a[index] !== b[index]) return false;
  return true;
}
