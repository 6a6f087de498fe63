// Reads package-lock.json (version 2 and 3) and says what an installation from it consists of. Pure; any environment.
import { VerkletError } from '#protocol';

/** One entry of `packages`, as npm writes it. */
export interface LockedPackage {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
  readonly link?: boolean;
  readonly dev?: boolean;
  readonly optional?: boolean;
  readonly devOptional?: boolean;
  readonly peer?: boolean;
  readonly inBundle?: boolean;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly os?: readonly string[];
  readonly cpu?: readonly string[];
  readonly libc?: readonly string[];
  readonly hasInstallScript?: boolean;
  readonly name?: string;
  readonly funding?: unknown;
}

export interface PackageManifest {
  readonly name?: string;
  readonly version?: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly workspaces?: unknown;
  /** npm 11: which packages may run their install scripts. */
  readonly allowScripts?: unknown;
}

interface LockfileText {
  readonly name?: string;
  readonly version?: string;
  readonly lockfileVersion?: number;
  readonly packages?: Readonly<Record<string, LockedPackage & PackageManifest>>;
}

export interface Lockfile {
  readonly name: string | undefined;
  readonly version: string | undefined;
  /** By folder relative to the project, as `node_modules/express`; the root entry is not among them. */
  readonly packages: ReadonlyMap<string, LockedPackage>;
}

const DEPENDENCY_KINDS = ['dependencies', 'devDependencies', 'optionalDependencies', 'peerDependencies'] as const;

/** Throws `ERR_LOCKFILE` when the text is no usable lockfile or does not belong to the manifest. */
export function readLockfile(text: string, manifest: PackageManifest): Lockfile {
  const parsed = parse(text);
  const { lockfileVersion = 1, packages } = parsed;
  if (lockfileVersion < 2 || packages === undefined) throw refuse(`it is of version ${lockfileVersion}; versions 2 and 3 are supported`);
  requireSync(packages[''] ?? {}, manifest);
  const entries = Object.entries(packages).filter(([folder]) => folder !== '');
  for (const [folder] of entries) {
    if (!isPackageFolder(folder)) throw refuse(`${folder} is not a folder below node_modules`);
  }
  return { name: manifest.name ?? parsed.name, version: manifest.version, packages: new Map(entries) };
}

/** `express` for `node_modules/a/node_modules/express`; the entry's own name wins (aliases). */
export function packageName(folder: string, entry: LockedPackage): string {
  return entry.name ?? folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
}

function parse(text: string): LockfileText {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === 'object' && value !== null) return value;
  } catch {
    // Said below: what matters to the user is that it is not JSON.
  }
  throw refuse('it is not a JSON object');
}

/** The root entry repeats the manifest's dependencies: any difference means that one was edited without the other. */
function requireSync(root: PackageManifest, manifest: PackageManifest): void {
  const differences: string[] = [];
  for (const kind of DEPENDENCY_KINDS) {
    const [locked, wanted] = [root[kind] ?? {}, manifest[kind] ?? {}];
    for (const [name, range] of Object.entries(wanted))
      if (locked[name] !== range) differences.push(`${name}@${range} from package.json is not in it`);
    for (const name of Object.keys(locked)) if (!(name in wanted)) differences.push(`${name} is in it, but not in package.json`);
  }
  if (differences.length > 0) throw refuse(`it does not match package.json: ${differences.join('; ')}`);
}

function isPackageFolder(folder: string): boolean {
  const parts = folder.split('/');
  return parts.includes('node_modules') && parts.every((part) => part !== '' && part !== '.' && part !== '..');
}

function refuse(reason: string): VerkletError {
  return new VerkletError('ERR_LOCKFILE', { reason });
}
