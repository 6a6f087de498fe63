// Replaces pacote's extraction of registry and remote tarballs: fetched whole, checked, unpacked straight into the shared file
// system, as `npm ci` does it. Runs in the Node process worker.
import { log } from 'npm:proc-log';
import npmFetch from 'npm:npm-registry-fetch';
// First: the modules below and it require each other.
import 'npm:pacote/lib/fetcher.js';
import RegistryFetcher from 'npm:pacote/lib/registry.js';
import RemoteFetcher from 'npm:pacote/lib/remote.js';
import ssri from 'npm:ssri';
import { takeDoor } from './take-door.ts';

interface Fetcher {
  readonly spec: unknown;
  readonly from: unknown;
  readonly opts: Record<string, unknown>;
  resolved: string;
  integrity: { toString(): string } | null;
  resolve(): Promise<string>;
}

interface Extracted {
  readonly resolved: string;
  readonly integrity: string;
  readonly from: unknown;
}

/** Called once, before any command runs. */
export function installExtraction(): void {
  for (const fetcher of [RemoteFetcher, RegistryFetcher]) {
    fetcher.prototype.extract = function (this: Fetcher, folder: string) {
      return extract(this, folder);
    };
  }
}

async function extract(fetcher: Fetcher, folder: string): Promise<Extracted> {
  const door = takeDoor();
  const resolved = fetcher.resolved === undefined || fetcher.resolved === '' ? await fetcher.resolve() : fetcher.resolved;
  const label = String(fetcher.spec);
  const startedAtMs = Date.now();
  const wanted = fetcher.integrity;
  const kept = wanted === null ? null : await door.cached(wanted.toString());
  const packed = kept ?? (await download(fetcher, resolved));
  if (wanted === null) fetcher.integrity = ssri.parse(await sha512(packed));
  else await check(label, packed, wanted.toString());
  if (kept === null) door.keep(String(fetcher.integrity), packed);
  const files = await door.unpack(label, packed, folder);
  log.silly('unpack', `${label} ${files} files, ${packed.length} bytes, ${Date.now() - startedAtMs}ms`);
  progress.add(label, packed.length);
  return { resolved, integrity: String(fetcher.integrity), from: fetcher.from };
}

async function download(fetcher: Fetcher, resolved: string): Promise<Uint8Array<ArrayBuffer>> {
  const response = (await npmFetch(resolved, { ...fetcher.opts, headers: {}, spec: fetcher.spec, integrity: null })) as {
    bytes(): Promise<Uint8Array<ArrayBuffer>>;
  };
  return response.bytes();
}

async function sha512(bytes: Uint8Array<ArrayBuffer>): Promise<string> {
  return `sha512-${Buffer.from(await takeDoor().digest('SHA-512', bytes)).toString('base64')}`;
}

async function check(label: string, bytes: Uint8Array<ArrayBuffer>, integrity: string): Promise<void> {
  try {
    await takeDoor().checkIntegrity(label, bytes, integrity);
  } catch (cause) {
    throw Object.assign(new Error(`Integrity verification failed for ${label}: wanted ${integrity}`, { cause }), { code: 'EINTEGRITY' });
  }
}

/** What the diagnostics stream hears of a running installation. */
class Progress {
  #done = 0;
  #sizeBytes = 0;
  total = 0;
  #startedAtMs = Date.now();

  add(name: string, sizeBytes: number): void {
    this.#done++;
    this.#sizeBytes += sizeBytes;
    this.#report(name, false);
  }

  finish(): void {
    if (this.#done > 0) this.#report('', true);
  }

  #report(name: string, isFinished: boolean): void {
    takeDoor().report(this.#done, Math.max(this.total, this.#done), name, this.#sizeBytes, isFinished, Date.now() - this.#startedAtMs);
  }
}

export const progress = new Progress();
