// Reads packuments of the registry, for what is installed beside the lockfile. Any worker.
import { VerkletError } from '#protocol';
import { fetch } from '../process/intrinsics.ts';

/** The parts of an abbreviated packument's version that an installation needs. */
export interface RegistryManifest {
  readonly name: string;
  readonly version: string;
  readonly dist: { readonly integrity?: string };
  readonly bin?: string | Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
}

export type Versions = Readonly<Record<string, RegistryManifest>>;

const ABBREVIATED = 'application/vnd.npm.install-v1+json';

/** Rejects with `ERR_REGISTRY`. */
export async function fetchVersions(name: string, registryUrl: string): Promise<Versions> {
  let reason: string;
  try {
    const response = await fetch(`${registryUrl}${name}`, { headers: { Accept: ABBREVIATED }, credentials: 'omit' });
    if (response.ok) return ((await response.json()) as { versions?: Versions }).versions ?? {};
    reason = `status ${response.status}`;
  } catch (error) {
    reason = error instanceof Error ? error.message : String(error);
  }
  throw new VerkletError('ERR_REGISTRY', { name, reason });
}
