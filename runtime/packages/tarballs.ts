// Gets a package's tarball and unpacks it in memory: fetched, checked against its integrity, decompressed within limits.
import { VerkletError } from '#protocol';
import { Blob, DecompressionStream, fetch } from '../process/intrinsics.ts';
import { checkIntegrity } from './integrity.ts';
import { type LockedPackage, packageName } from './lockfile.ts';
import { keepPackage, type PackageCache } from './package-cache.ts';
import { readTar, type TarFile } from './untar.ts';

/** No package needs more, and a small archive that claims to is an attack. */
const MAX_UNPACKED_BYTES = 1024 * 1024 * 1024;
const MAX_RATIO = 200;
const RATIO_FLOOR_BYTES = 1024 * 1024;
const ATTEMPTS = 3;
const RETRY_MS = 300;

export interface FetchedPackage {
  readonly files: readonly TarFile[];
  readonly packedBytes: number;
  /** Resolves when the archive is in the cache, or cannot be. */
  readonly caching: Promise<void>;
}

/** The address of a tarball: the lockfile's path on the configured registry, or the conventional one. */
export function tarballUrl(folder: string, entry: LockedPackage, registryUrl: string): string {
  const name = packageName(folder, entry);
  const base = registryUrl.endsWith('/') ? registryUrl : `${registryUrl}/`;
  const file = `${name.slice(name.lastIndexOf('/') + 1)}-${entry.version ?? ''}.tgz`;
  // As npm's replace-registry-host: only the path of a foreign address counts, and registries agree on it.
  return `${base}${name}/-/${file}`;
}

/** From the cache where it is there. Rejects with `ERR_REGISTRY`, `ERR_INTEGRITY` or `ERR_BAD_ARCHIVE`. */
export async function fetchPackage(
  folder: string,
  entry: LockedPackage,
  registryUrl: string,
  cache: PackageCache | null,
): Promise<FetchedPackage> {
  const label = `${packageName(folder, entry)}@${entry.version ?? ''}`;
  const { integrity } = entry;
  if (integrity === undefined) throw new VerkletError('ERR_LOCKFILE', { reason: `${label} has no integrity` });
  const kept = (await cache?.get(integrity)) ?? null;
  const packed = kept ?? (await download(tarballUrl(folder, entry, registryUrl), label));
  await checkIntegrity(label, packed, integrity);
  const caching = kept === null ? keepPackage(cache, integrity, packed) : Promise.resolve();
  return { files: readTar(await gunzip(packed, label), label), packedBytes: packed.length, caching };
}

async function download(url: string, label: string): Promise<Uint8Array<ArrayBuffer>> {
  let reason = 'no answer';
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** attempt));
    try {
      const response = await fetch(url);
      if (response.ok) return new Uint8Array(await response.arrayBuffer());
      reason = `status ${response.status}`;
      if (response.status < 500 && response.status !== 429) break;
    } catch (error) {
      reason = error instanceof Error ? error.message : String(error);
    }
  }
  throw new VerkletError('ERR_REGISTRY', { name: label, reason });
}

/** Decompresses with limits on size and ratio. */
export async function gunzip(packed: Uint8Array<ArrayBuffer>, label: string): Promise<Uint8Array> {
  const limit = Math.min(MAX_UNPACKED_BYTES, Math.max(RATIO_FLOOR_BYTES, packed.length * MAX_RATIO));
  const chunks: Uint8Array[] = [];
  let sizeBytes = 0;
  try {
    const reader = new Blob([packed]).stream().pipeThrough(new DecompressionStream('gzip')).getReader();
    for (let next = await reader.read(); !next.done; next = await reader.read()) {
      sizeBytes += next.value.length;
      if (sizeBytes > limit) {
        await reader.cancel();
        throw new VerkletError('ERR_BAD_ARCHIVE', { name: label, reason: `it unpacks to more than ${limit} bytes` });
      }
      chunks.push(next.value);
    }
  } catch (error) {
    if (error instanceof VerkletError) throw error;
    throw new VerkletError('ERR_BAD_ARCHIVE', { name: label, reason: 'it is not a whole gzip file' });
  }
  return join(chunks, sizeBytes);
}

function join(chunks: readonly Uint8Array[], sizeBytes: number): Uint8Array {
  if (chunks.length === 1 && chunks[0] !== undefined) return chunks[0];
  const whole = new Uint8Array(sizeBytes);
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
