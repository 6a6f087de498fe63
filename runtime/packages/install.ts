// `npm ci`: puts the packages of a lockfile into node_modules, or fails and leaves none of them. Runs in the tools worker.
import { VerkletError } from '#protocol';
import type { FileSystem } from '../fs/file-system.ts';
import { linkBins } from './bin-links.ts';
import { type LockedPackage, type Lockfile, packageName, type PackageManifest, readLockfile } from './lockfile.ts';
import { placeFiles, succeed } from './place.ts';
import { isInstallable } from './platform.ts';
import { fetchPackage, type FetchedPackage } from './tarballs.ts';

const PARALLEL_FETCHES = 20;
const FOLDER_MODE = 0o755;
const FILE_MODE = 0o644;

export interface InstallOptions {
  readonly fs: FileSystem;
  /** Absolute folder with package.json and package-lock.json. */
  readonly project: string;
  readonly registryUrl: string;
  readonly omitsDev: boolean;
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
  readonly sizeBytes: number;
  readonly funded: number;
  /** Packages whose install scripts were not run. */
  readonly skippedScripts: readonly string[];
}

interface Job {
  readonly folder: string;
  readonly entry: LockedPackage;
}

/** Rejects with a coded error. */
export async function installFromLockfile(options: InstallOptions): Promise<InstallResult> {
  const { fs, project } = options;
  const lockfile = readLockfile(readText(fs, `${project}/package-lock.json`), readManifest(fs, project));
  const modules = `${project}/node_modules`;
  fs.removeAll(modules);
  try {
    return await new Installation(options, lockfile).run();
  } catch (error) {
    fs.removeAll(modules);
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

  async run(): Promise<InstallResult> {
    await Promise.all(Array.from({ length: Math.min(PARALLEL_FETCHES, this.#jobs.length) }, () => this.#work()));
    for (const { folder, entry } of this.#links) this.#link(folder, entry);
    const { fs, project } = this.#options;
    for (const { folder, entry } of this.#jobs) linkBins(fs, project, folder, entry);
    if (this.#jobs.length > 0) this.#writeHiddenLockfile();
    return {
      added: this.#jobs.length,
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
      if (fetched !== null) this.#write(folder, fetched);
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
      return await fetchPackage(folder, entry, this.#options.registryUrl);
    } catch (error) {
      if (entry.optional === true && error instanceof VerkletError && error.code === 'ERR_REGISTRY') return null;
      throw error;
    }
  }

  #write(folder: string, { files, packedBytes }: FetchedPackage): void {
    const { fs, project } = this.#options;
    placeFiles(fs, `${project}/${folder}`, files);
    this.#sizeBytes += packedBytes;
  }

  /** A workspace of the same project: node_modules points at its folder. */
  #link(folder: string, { resolved = '' }: LockedPackage): void {
    const { fs, project } = this.#options;
    if (resolved === '' || resolved.includes('..') || resolved.startsWith('/'))
      throw new VerkletError('ERR_LOCKFILE', { reason: `${folder} links outside the project` });
    const parent = folder.slice(0, folder.lastIndexOf('/'));
    fs.mkdirAll(`${project}/${parent}`, FOLDER_MODE);
    succeed(fs.symlink(`${'../'.repeat(parent.split('/').length)}${resolved}`, `${project}/${folder}`), folder);
  }

  #isWanted(entry: LockedPackage): boolean {
    return isInstallable(entry) && !(this.#options.omitsDev && entry.dev === true);
  }

  /** What npm reads instead of walking the tree next time. */
  #writeHiddenLockfile(): void {
    const { fs, project } = this.#options;
    const { name, version } = this.#lockfile;
    const packages = Object.fromEntries(
      [...this.#jobs, ...this.#links].toSorted((a, b) => (a.folder < b.folder ? -1 : 1)).map(({ folder, entry }) => [folder, entry]),
    );
    const content = {
      name: name ?? project.slice(project.lastIndexOf('/') + 1),
      ...(version === undefined ? {} : { version }),
      lockfileVersion: 3,
      requires: true,
      packages,
    };
    succeed(
      fs.writeFile(
        `${project}/node_modules/.package-lock.json`,
        new TextEncoder().encode(`${JSON.stringify(content, null, 2)}\n`),
        FILE_MODE,
      ),
      '.package-lock.json',
    );
  }
}
