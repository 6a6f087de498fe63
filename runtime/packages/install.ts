// `npm ci`: puts the packages of a lockfile into node_modules, or fails and leaves none of them. Runs in the tools worker.
import { VerkletError } from '#protocol';
import type { FileSystem } from '../fs/file-system.ts';
import { linkBins } from './bin-links.ts';
import type { ProcessHost } from '../process/host.ts';
import { nativeCommands, type NativeNotice, refuseNative, type WantedPackage } from './compat/native.ts';
import { type InstalledPackage, placeStandIns, type StandIn } from './compat/stand-ins.ts';
import { type LockedPackage, type Lockfile, packageName, type PackageManifest, readLockfile } from './lockfile.ts';
import { stagingFolder, swapIn } from './transaction.ts';
import type { PackageCache } from './package-cache.ts';
import { placeFiles, succeed } from './place.ts';
import { isInstallable } from './platform.ts';
import { fetchPackage, type FetchedPackage } from './tarballs.ts';

const PARALLEL_FETCHES = 20;
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;
const HIDDEN_LOCKFILE = '.package-lock.json';

export interface InstallOptions {
  readonly fs: FileSystem;
  /** Absolute folder with package.json and package-lock.json. */
  readonly project: string;
  readonly registryUrl: string;
  /** Null: every package comes from the registry. */
  readonly cache: PackageCache | null;
  readonly omitsDev: boolean;
  /** Whether a tree that matches the lockfile stays as it is. */
  readonly keepsCurrent: boolean;
  /** This worker's, after which unfinished work is named. */
  readonly slot: number;
  readonly host: Pick<ProcessHost, 'call'>;
  readonly onProgress: (progress: InstallProgress) => void;
}

export interface InstallProgress {
  readonly done: number;
  readonly total: number;
  readonly sizeBytes: number;
  readonly name: string;
}

export interface InstallResult {
  readonly added: number;
  /** Packages in the tree. */
  readonly audited: number;
  readonly sizeBytes: number;
  readonly funded: number;
  /** What stands in for packages with native code. */
  readonly standIns: readonly StandIn[];
  readonly nativeCommands: readonly NativeNotice[];
  /** Packages whose install scripts were not run. */
  readonly skippedScripts: readonly string[];
}

const NOTHING_ADDED = { added: 0, sizeBytes: 0, funded: 0, standIns: [], nativeCommands: [], skippedScripts: [] };

interface Job {
  readonly folder: string;
  readonly entry: LockedPackage;
}

/** Rejects with a coded error; the tree is then what it was. */
export async function installFromLockfile(options: InstallOptions): Promise<InstallResult> {
  const { fs, project, slot } = options;
  const lockfile = readLockfile(readText(fs, `${project}/package-lock.json`), readManifest(fs, project));
  const installation = new Installation(options, lockfile);
  if (options.keepsCurrent && installation.isCurrent()) return { ...NOTHING_ADDED, audited: installation.size };
  await installation.check();
  const staging = stagingFolder(fs, slot);
  try {
    const result = await installation.run(staging);
    swapIn(fs, staging, project);
    return result;
  } catch (error) {
    fs.removeAll(staging);
    throw error;
  }
}

/** Throws `ERR_LOCKFILE` naming the file that is missing or damaged. */
export function readManifest(fs: FileSystem, project: string): PackageManifest {
  const text = readText(fs, `${project}/package.json`);
  try {
    return JSON.parse(text) as PackageManifest;
  } catch (error) {
    throw new VerkletError('ERR_LOCKFILE', { reason: 'package.json is not JSON' }, { cause: error });
  }
}

function readText(fs: FileSystem, path: string): string {
  const bytes = fs.readFile(path);
  if (typeof bytes === 'number') throw new VerkletError('ERR_LOCKFILE', { reason: `${path} cannot be read` });
  return new TextDecoder().decode(bytes);
}

class Installation {
  readonly #options: InstallOptions;
  readonly #lockfile: Lockfile;
  readonly #jobs: Job[];
  readonly #links: Job[];
  #root = '';
  readonly #caching: Promise<void>[] = [];
  #next = 0;
  #done = 0;
  #sizeBytes = 0;

  constructor(options: InstallOptions, lockfile: Lockfile) {
    this.#options = options;
    this.#lockfile = lockfile;
    const wanted = [...lockfile.packages].map(([folder, entry]) => ({ folder, entry })).filter(({ entry }) => this.#isWanted(entry));
    this.#links = wanted.filter(({ entry }) => entry.link === true);
    this.#jobs = wanted.filter(({ folder, entry }) => entry.link !== true && entry.inBundle !== true && folder.startsWith('node_modules/'));
  }

  /** Rejects where a package cannot run in the tab: nothing is written yet. */
  async check(): Promise<void> {
    const refusal = await refuseNative(this.#options.host, this.#wanted);
    if (refusal !== null) throw refusal;
  }

  get #wanted(): (InstalledPackage & WantedPackage)[] {
    return this.#jobs.map(({ folder, entry }) => ({
      folder,
      name: packageName(folder, entry),
      version: entry.version ?? '',
      isOptional: entry.optional === true,
    }));
  }

  get size(): number {
    return this.#jobs.length;
  }

  /** Whether the tree says of itself that it is what this installation would make. */
  isCurrent(): boolean {
    const { fs, project } = this.#options;
    const bytes = fs.readFile(`${project}/node_modules/${HIDDEN_LOCKFILE}`);
    return typeof bytes !== 'number' && new TextDecoder().decode(bytes) === this.#hiddenLockfile();
  }

  /** Makes the tree below `root`. */
  async run(root: string): Promise<InstallResult> {
    this.#root = root;
    await Promise.all(Array.from({ length: Math.min(PARALLEL_FETCHES, this.#jobs.length) }, () => this.#work()));
    for (const { folder, entry } of this.#links) this.#link(folder, entry);
    const { fs, registryUrl, cache } = this.#options;
    const standIns = await placeStandIns({ fs, project: root, registryUrl, cache }, this.#wanted);
    for (const { folder, entry } of this.#jobs) linkBins(fs, root, folder, entry);
    // Before the lockfile that says so: whoever sees it finds the archives.
    await Promise.all(this.#caching);
    if (this.#jobs.length > 0) this.#writeHiddenLockfile();
    return {
      standIns,
      nativeCommands: nativeCommands(this.#wanted),
      added: this.#jobs.length,
      audited: this.size,
      sizeBytes: this.#sizeBytes,
      funded: this.#jobs.filter(({ entry }) => entry.funding !== undefined).length,
      skippedScripts: this.#jobs
        .filter(({ entry }) => entry.hasInstallScript === true)
        .map(({ folder, entry }) => packageName(folder, entry)),
    };
  }

  /** One of the parallel workers: takes jobs until there are none. */
  async #work(): Promise<void> {
    for (let job = this.#jobs[this.#next++]; job !== undefined; job = this.#jobs[this.#next++]) {
      const { folder, entry } = job;
      const fetched = await this.#fetch(job);
      if (fetched !== null) {
        this.#caching.push(fetched.caching);
        this.#write(folder, fetched);
      }
      this.#done++;
      this.#options.onProgress({
        done: this.#done,
        total: this.#jobs.length,
        sizeBytes: this.#sizeBytes,
        name: packageName(folder, entry),
      });
    }
  }

  /** `null` for an optional package that cannot be had: npm goes on without it, too. */
  async #fetch({ folder, entry }: Job): Promise<FetchedPackage | null> {
    try {
      return await fetchPackage(folder, entry, this.#options.registryUrl, this.#options.cache);
    } catch (error) {
      if (entry.optional === true && error instanceof VerkletError && error.code === 'ERR_REGISTRY') return null;
      throw error;
    }
  }

  #write(folder: string, { files, packedBytes }: FetchedPackage): void {
    placeFiles(this.#options.fs, `${this.#root}/${folder}`, files);
    this.#sizeBytes += packedBytes;
  }

  /** A workspace of the same project: node_modules points at its folder. */
  #link(folder: string, { resolved = '' }: LockedPackage): void {
    const { fs } = this.#options;
    if (resolved === '' || resolved.includes('..') || resolved.startsWith('/'))
      throw new VerkletError('ERR_LOCKFILE', { reason: `${folder} links outside the project` });
    const parent = folder.slice(0, folder.lastIndexOf('/'));
    fs.mkdirAll(`${this.#root}/${parent}`, FOLDER_MODE);
    succeed(fs.symlink(`${'../'.repeat(parent.split('/').length)}${resolved}`, `${this.#root}/${folder}`), folder);
  }

  #isWanted(entry: LockedPackage): boolean {
    return isInstallable(entry) && !(this.#options.omitsDev && entry.dev === true);
  }

  /** What npm reads instead of walking the tree next time. */
  #writeHiddenLockfile(): void {
    const bytes = new TextEncoder().encode(this.#hiddenLockfile());
    succeed(this.#options.fs.writeFile(`${this.#root}/node_modules/${HIDDEN_LOCKFILE}`, bytes, FILE_MODE), HIDDEN_LOCKFILE);
  }

  #hiddenLockfile(): string {
    const { project } = this.#options;
    const { name = project.slice(project.lastIndexOf('/') + 1), version } = this.#lockfile;
    const packages = Object.fromEntries(
      [...this.#jobs, ...this.#links].toSorted((a, b) => (a.folder < b.folder ? -1 : 1)).map(({ folder, entry }) => [folder, entry]),
    );
    const content = { name, ...(version === undefined ? {} : { version }), lockfileVersion: 3, requires: true, packages };
    return `${JSON.stringify(content, null, 2)}\n`;
  }
}
