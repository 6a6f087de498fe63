// What npm's own command line gets from the runtime: the browser's fetch and digest, the unpacker, the shared file system.
// Opened only in a process whose program is that command line. Runs in the Node process worker.
// oxlint-disable-next-line import/default -- the build makes the address the default export
import npmCliUrl from '../../../.cache/npm-cli/npm-cli.js?url';
import type { FileSystem } from '../../fs/file-system.ts';
import { inLoop } from '../../node/in-loop.ts';
import type { Realm } from '../../node/realm.ts';
import { STAND_IN_MARK } from '../compat/mark.ts';
import { nativeCommands, type NativeNotice, refuseNative, type WantedPackage } from '../compat/native.ts';
import { type InstalledPackage, placeStandIns, type StandIn } from '../compat/stand-ins.ts';
import { checkIntegrity } from '../integrity.ts';
import { keepPackage, openPackageCache, type PackageCache } from '../package-cache.ts';
import { emptyPackageFolder, placeFiles } from '../place.ts';
import { InstallTransaction } from '../transaction.ts';
import { gunzip } from '../tarballs.ts';
import { readTar } from '../untar.ts';
import { NPM_FOLDER } from './location.ts';

export const DOOR_KEY = 'verklet.npm';

/** An HTTP answer whose body is read once. */
export interface DoorResponse {
  readonly url: string;
  readonly status: number;
  readonly statusText: string;
  readonly headers: readonly (readonly [string, string])[];
  bytes(): Promise<Uint8Array<ArrayBuffer>>;
}

export interface NpmDoor {
  readonly fs: FileSystem;
  /** Where the default registry is reached from this page. */
  readonly registryUrl: string;
  fetch(url: string, init: RequestInit): Promise<DoorResponse>;
  /** Rejects with `ERR_INTEGRITY` when the bytes are not those named. */
  checkIntegrity(label: string, bytes: Uint8Array<ArrayBuffer>, integrity: string): Promise<void>;
  digest(algorithm: 'SHA-512', bytes: Uint8Array<ArrayBuffer>): Promise<Uint8Array>;
  /** The tarball of that integrity from the cache that all workspaces share, or null. */
  cached(integrity: string): Promise<Uint8Array<ArrayBuffer> | null>;
  keep(integrity: string, packed: Uint8Array<ArrayBuffer>): void;
  /** Unpacks a tarball into a folder, in place of what was there; returns how many files were written. */
  unpack(label: string, packed: Uint8Array<ArrayBuffer>, folder: string): Promise<number>;
  /** An error where one of these packages cannot run in the tab, and no server takes over. */
  refuseNative(packages: readonly WantedPackage[]): Promise<Error | null>;
  nativeCommands(packages: readonly WantedPackage[]): readonly NativeNotice[];
  placeStandIns(project: string, packages: readonly InstalledPackage[]): Promise<readonly StandIn[]>;
  /** Whether that folder is unknown to lockfiles. */
  isStandIn(folder: string): boolean;
  /** Keeps the project's tree aside until the installation is committed or rolled back. */
  beginInstall(project: string): InstallTransaction;
  report(done: number, total: number, name: string, sizeBytes: number, isFinished: boolean, durationMs: number): void;
  /** Loads the command line and runs it. */
  run(require: unknown, module: unknown, filename: string): Promise<void>;
}

interface NpmCli {
  runNpm(require: unknown, module: unknown, filename: string, folder: string): void;
}

/** Makes the door reachable for the program of this process when that is npm's command line. */
export function openNpmDoor(realm: Realm, program: string | undefined): void {
  if (program === undefined || !program.startsWith(`${NPM_FOLDER}/bin/`)) return;
  Object.defineProperty(realm.globalThis, Symbol.for(DOOR_KEY), { value: makeDoor(realm), configurable: true });
}

function makeDoor(realm: Realm): NpmDoor {
  const { host, primitives } = realm;
  const { fs } = host;
  const registryUrl = host.request.env['VERKLET_REGISTRY'] ?? '';
  let opened: Promise<PackageCache | null> | null = null;
  const cache = (): Promise<PackageCache | null> => (opened ??= openPackageCache(host));
  const fromCache = async (integrity: string): Promise<Uint8Array<ArrayBuffer> | null> => (await (await cache())?.get(integrity)) ?? null;
  return {
    fs,
    registryUrl,
    fetch: (url, init) => inLoop(realm, request(realm, url, init)),
    checkIntegrity: (label, bytes, integrity) => inLoop(realm, checkIntegrity(label, bytes, integrity)),
    digest: async (algorithm, bytes) => new Uint8Array(await inLoop(realm, primitives.crypto.subtle.digest(algorithm, bytes))),
    cached: (integrity) => inLoop(realm, fromCache(integrity)),
    keep: (integrity, packed) => void cache().then((opened) => keepPackage(opened, integrity, packed)),
    unpack: async (label, packed, folder) => {
      const files = readTar(await inLoop(realm, gunzip(packed, label)), label);
      emptyPackageFolder(fs, folder);
      placeFiles(fs, folder, files);
      return files.length;
    },
    refuseNative: (packages) => inLoop(realm, refuseNative(host, packages)),
    nativeCommands,
    placeStandIns: (project, packages) =>
      inLoop(
        realm,
        cache().then((kept) => placeStandIns({ fs, project, registryUrl, cache: kept }, packages)),
      ),
    isStandIn: (folder) => fs.access(`${folder}/${STAND_IN_MARK}`, 0) === 0,
    beginInstall: (project) => InstallTransaction.begin(fs, host.slots.self, project),
    report: (done, total, name, sizeBytes, isFinished, durationMs) =>
      host.reportInstall({ done, total, name, sizeBytes, isFinished, durationMs }),
    run: async (require, module, filename) => {
      const url = new URL(npmCliUrl, import.meta.url).href;
      const { runNpm } = await inLoop(realm, import(/* @vite-ignore */ url) as Promise<NpmCli>);
      runNpm(require, module, filename, `${NPM_FOLDER}/lib`);
    },
  };
}

async function request(realm: Realm, url: string, init: RequestInit): Promise<DoorResponse> {
  const response = await realm.primitives.fetch(url, init);
  return {
    url: response.url,
    status: response.status,
    statusText: response.statusText,
    headers: [...response.headers],
    bytes: async () => new Uint8Array(await inLoop(realm, response.arrayBuffer())),
  };
}
