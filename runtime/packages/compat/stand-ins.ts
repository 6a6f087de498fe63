// Puts stand-ins for native packages into an installed tree: the content of another package in a folder, or a companion inside
// it. Neither package.json nor the lockfile knows of them, so that a server installs the native ones. Any worker.
import satisfies from 'semver/functions/satisfies.js';
import type { PackageCache } from '../package-cache.ts';
import { TextDecoder, TextEncoder } from '../../process/intrinsics.ts';
import type { FileSystem } from '../../fs/file-system.ts';
import { emptyPackageFolder, placeFiles, succeed } from '../place.ts';
import { fetchVersions, type RegistryManifest, type Versions } from '../registry.ts';
import { fetchPackage } from '../tarballs.ts';
import { STAND_IN_MARK } from './mark.ts';
import { type CompatRule, ruleFor } from './table.ts';
import { chooseVersion } from './versions.ts';

const FILE_MODE = 0o644;
const EXECUTABLE_MODE = 0o755;
const RECORD = 'node_modules/.verklet-stand-ins.json';
const MAX_DEPTH = 8;

/** A package of the tree, as the lockfile has it. */
export interface InstalledPackage {
  /** Relative to the project. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
}

export interface StandIn {
  readonly folder: string;
  readonly package: string;
  readonly standIn: string;
  readonly because: string;
}

interface StandInOptions {
  readonly fs: FileSystem;
  readonly project: string;
  readonly registryUrl: string;
  readonly cache: PackageCache | null;
}

type Replacing = Extract<CompatRule, { action: 'alias' | 'inject' }>;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** Brings the tree's stand-ins up to date; rejects with `ERR_REGISTRY` or `ERR_INTEGRITY`. Returns all that are there now. */
export async function placeStandIns(options: StandInOptions, packages: readonly InstalledPackage[]): Promise<StandIn[]> {
  const replaced = packages.flatMap((one): { one: InstalledPackage; rule: Replacing }[] => {
    const rule = ruleFor(one.name, one.version);
    return rule?.action === 'alias' || rule?.action === 'inject' ? [{ one, rule }] : [];
  });
  const { fs, project } = options;
  const record = `${project}/${RECORD}`;
  if (replaced.length === 0) {
    fs.unlink(record);
    return [];
  }
  const placer = new Placer(options);
  const placed = await Promise.all(replaced.map(({ one, rule }) => placer.place(one, rule)));
  const standIns = placed.filter((one) => one !== null);
  succeed(fs.writeFile(record, encoder.encode(`${JSON.stringify(standIns, null, 2)}\n`), FILE_MODE), RECORD);
  return standIns;
}

class Placer {
  readonly #options: StandInOptions;
  readonly #versions = new Map<string, Promise<Versions>>();

  constructor(options: StandInOptions) {
    this.#options = options;
  }

  /** `null` where a companion came with the package's own optional dependencies, or the package was left out. */
  async place(one: InstalledPackage, rule: Replacing): Promise<StandIn | null> {
    const { project } = this.#options;
    const host = `${project}/${one.folder}`;
    const current = this.#manifestAt(host);
    if (current === undefined) return null;
    if (rule.action === 'inject' && rule.into === undefined && this.#resolves(host, rule.package, '*')) return null;
    if (rule.action === 'alias' && current.verklet !== undefined) return { ...this.#describe(one, rule), ...current.verklet };
    const manifest = await this.#choose(rule.package, rule.version, one.version);
    if (manifest === null) return null;
    const standIn = `${manifest.name}@${manifest.version}`;
    if (rule.action === 'inject') {
      await this.#install(manifest, `${host}/${rule.into ?? 'node_modules'}/${rule.package}`, 0);
      for (const folder of rule.empty ?? []) this.#options.fs.mkdirAll(`${host}/${folder}`, EXECUTABLE_MODE);
    } else await this.#replace(one, host, manifest, standIn);
    return { ...this.#describe(one, rule), standIn };
  }

  #describe(one: InstalledPackage, rule: Replacing): Omit<StandIn, 'standIn'> {
    return { folder: one.folder, package: `${one.name}@${one.version}`, because: rule.because };
  }

  async #replace(one: InstalledPackage, host: string, manifest: RegistryManifest, standIn: string): Promise<void> {
    const native = this.#manifestAt(host);
    await this.#unpack(manifest, host);
    const { fs } = this.#options;
    const content = this.#manifestAt(host) ?? {};
    for (const [command, target] of Object.entries(binsOf(native, one.name))) {
      const path = `${host}/${plainPath(target)}`;
      const own = binsOf(content, manifest.name)[command];
      if (fs.access(path, 0) === 0 || own === undefined) continue;
      fs.mkdirAll(path.slice(0, path.lastIndexOf('/')), EXECUTABLE_MODE);
      const up = '../'.repeat(plainPath(target).split('/').length - 1) || './';
      const stub = `#!/usr/bin/env node\nrequire(${JSON.stringify(`${up}${plainPath(own)}`)});\n`;
      succeed(fs.writeFile(path, encoder.encode(stub), EXECUTABLE_MODE), path);
    }
    // The tree stays what the lockfile says, for npm and for whoever asks a package for its version.
    const stated = { ...content, name: one.name, version: one.version, verklet: { standIn } };
    succeed(fs.writeFile(`${host}/package.json`, encoder.encode(`${JSON.stringify(stated, null, 2)}\n`), FILE_MODE), host);
    await this.#installDependencies(manifest, host, 0);
  }

  async #install(manifest: RegistryManifest, folder: string, depth: number): Promise<void> {
    await this.#unpack(manifest, folder);
    const mark = `${folder}/${STAND_IN_MARK}`;
    succeed(this.#options.fs.writeFile(mark, encoder.encode(''), FILE_MODE), mark);
    if (depth < MAX_DEPTH) await this.#installDependencies(manifest, folder, depth + 1);
  }

  async #installDependencies({ dependencies = {} }: RegistryManifest, folder: string, depth: number): Promise<void> {
    for (const [name, wanted] of Object.entries(dependencies)) {
      if (this.#resolves(folder, name, wanted)) continue;
      const manifest = await this.#choose(name, wanted, '');
      if (manifest !== null) await this.#install(manifest, `${folder}/node_modules/${name}`, depth);
    }
  }

  async #unpack(manifest: RegistryManifest, folder: string): Promise<void> {
    const { fs, registryUrl, cache } = this.#options;
    const { name, version, dist } = manifest;
    const { files } = await fetchPackage('', { name, version, integrity: dist.integrity ?? '' }, registryUrl, cache);
    emptyPackageFolder(fs, folder);
    placeFiles(fs, folder, files);
  }

  async #choose(name: string, wanted: string, hostVersion: string): Promise<RegistryManifest | null> {
    let loading = this.#versions.get(name);
    if (loading === undefined) this.#versions.set(name, (loading = fetchVersions(name, this.#options.registryUrl)));
    const versions = await loading;
    const chosen = chooseVersion(Object.keys(versions), wanted, hostVersion);
    return chosen === null ? null : (versions[chosen] ?? null);
  }

  /** Whether `require(name)` from that folder finds a version that will do. */
  #resolves(from: string, name: string, wanted: string): boolean {
    for (let folder = from; folder.startsWith(this.#options.project); folder = folder.slice(0, folder.lastIndexOf('/'))) {
      const found = this.#manifestAt(`${folder}/node_modules/${name}`);
      if (found?.version !== undefined) return satisfies(found.version, wanted, { includePrerelease: true });
    }
    return false;
  }

  #manifestAt(folder: string): StatedManifest | undefined {
    const bytes = this.#options.fs.readFile(`${folder}/package.json`);
    return typeof bytes === 'number' ? undefined : (JSON.parse(decoder.decode(bytes)) as StatedManifest);
  }
}

interface StatedManifest {
  readonly version?: string;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly verklet?: { readonly standIn: string };
}

function binsOf(manifest: StatedManifest | undefined, name: string): Readonly<Record<string, string>> {
  const bin = manifest?.bin ?? {};
  return typeof bin === 'string' ? { [name.slice(name.lastIndexOf('/') + 1)]: bin } : bin;
}

function plainPath(path: string): string {
  return path.replace(/^(?:\.?\/)+/, '');
}
