// `/-/registry/*`: a read-only proxy to one package registry, so that browsers need no CORS and repeat installs no network.
// Only packument and tarball paths pass; the upstream is fixed, so this is not an open proxy.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { gzip as gzipCallback } from 'node:zlib';
import { promisify } from 'node:util';
import { answer, fingerprint, readBounded, readIfThere, refuse, replaceFile, TooLargeError, UpstreamError } from './caching-proxy.ts';

const gzip = promisify(gzipCallback);

const NAME = String.raw`(?:@[a-z0-9~][\w.~-]*(?:\/|%2f))?[a-zA-Z0-9~_-][\w.~-]*`;
const PACKUMENT_PATH = new RegExp(`^${NAME}$`, 'i');
const TARBALL_PATH = new RegExp(String.raw`^${NAME}\/-\/[\w.~+-]+\.tgz$`, 'i');

/** The form npm asks for: only what an install needs. */
const ABBREVIATED = 'application/vnd.npm.install-v1+json';
/** The largest abbreviated packument seen is 15 MB; full ones pass 50. */
const MAX_PACKUMENT_BYTES = 128 * 1024 * 1024;
/** The registry's own publish limit is below this. */
const MAX_TARBALL_BYTES = 512 * 1024 * 1024;
const UPSTREAM_TIMEOUT_MS = 60_000;
/** How long a packument is served without asking upstream: npm's own clients use five minutes. */
const FRESH_MS = 300_000;

export interface RegistryProxy {
  /** `registryPath` is what follows `/-/registry/`. */
  handle(registryPath: string, request: Request): Promise<Response>;
}

interface CachedPackument {
  readonly etag: string;
  readonly fetchedAtMs: number;
  readonly type: string;
}

export function createRegistryProxy(upstream: string, cacheFolder: string): RegistryProxy {
  const folder = path.join(cacheFolder, 'registry', fingerprint(upstream).slice(0, 12));
  const underway = new Map<string, Promise<Buffer>>();

  async function tarball(registryPath: string, request: Request): Promise<Response> {
    const file = path.join(folder, 'tarballs', fingerprint(registryPath));
    const bytes = (await readIfThere(file)) ?? (await once(registryPath, () => fetchTarball(registryPath, file)));
    return answer(request, bytes, {
      'Content-Type': 'application/octet-stream',
      'Cache-Control': 'public, max-age=31536000, immutable',
      ETag: `"${fingerprint(registryPath).slice(0, 32)}"`,
    });
  }

  async function fetchTarball(registryPath: string, file: string): Promise<Buffer> {
    const response = await ask(new URL(registryPath, upstream), {});
    if (!response.ok) throw new UpstreamError(response.status);
    const bytes = await readBounded(response, MAX_TARBALL_BYTES, 'the registry');
    await replaceFile(file, bytes);
    return bytes;
  }

  // Kept compressed: a packument is up to 15 MB of JSON and about 3 % of that as gzip.
  async function packument(registryPath: string, request: Request): Promise<Response> {
    const isAbbreviated = (request.headers.get('accept') ?? '').includes(ABBREVIATED);
    const key = `${registryPath.toLowerCase().replace('%2f', '/')} ${isAbbreviated}`;
    const file = path.join(folder, 'packuments', fingerprint(key));
    const noCache = /no-cache/.test(request.headers.get('cache-control') ?? '');
    const compressed = await once(key, () => freshPackument(registryPath, isAbbreviated, file, noCache));
    const meta = JSON.parse(await readFile(`${file}.json`, 'utf8')) as CachedPackument;
    const acceptsGzip = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '');
    const headers = { 'Content-Type': meta.type, 'Cache-Control': 'public, max-age=300', ETag: meta.etag, Vary: 'Accept, Accept-Encoding' };
    if (acceptsGzip) return answer(request, compressed, { ...headers, 'Content-Encoding': 'gzip' });
    const { gunzipSync } = await import('node:zlib');
    return answer(request, gunzipSync(compressed), headers);
  }

  async function freshPackument(registryPath: string, isAbbreviated: boolean, file: string, noCache: boolean): Promise<Buffer> {
    const cached = await readIfThere(file);
    const metaText = cached ? await readIfThere(`${file}.json`) : null;
    const meta = metaText ? (JSON.parse(metaText.toString()) as CachedPackument) : null;
    if (cached && meta && !noCache && Date.now() - meta.fetchedAtMs < FRESH_MS) return cached;
    const headers: Record<string, string> = {
      Accept: isAbbreviated ? `${ABBREVIATED}; q=1.0, application/json; q=0.8` : 'application/json',
    };
    if (meta) headers['If-None-Match'] = meta.etag;
    let response: Response;
    try {
      response = await ask(new URL(registryPath.replace('/', '%2f').replace(/^%2f/, '/'), upstream), headers);
    } catch (error) {
      if (cached && meta) return cached; // upstream is out of reach: a stale packument beats none
      throw error;
    }
    if (response.status === 304 && cached && meta) {
      await replaceFile(`${file}.json`, JSON.stringify({ ...meta, fetchedAtMs: Date.now() }));
      return cached;
    }
    if (!response.ok) throw new UpstreamError(response.status);
    const bytes = await readBounded(response, MAX_PACKUMENT_BYTES, 'the registry');
    const compressed = await gzip(bytes, { level: 6 });
    const etag = response.headers.get('etag') ?? `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
    const type = response.headers.get('content-type') ?? 'application/json';
    await replaceFile(file, compressed);
    await replaceFile(`${file}.json`, JSON.stringify({ etag, type, fetchedAtMs: Date.now() } satisfies CachedPackument));
    return compressed;
  }

  /** One upstream request per resource at a time, however many clients ask. */
  async function once(key: string, load: () => Promise<Buffer>): Promise<Buffer> {
    const running = underway.get(key);
    if (running) return running;
    const started = load().finally(() => underway.delete(key));
    underway.set(key, started);
    return started;
  }

  return {
    async handle(registryPath, request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'The registry proxy only reads.');
      try {
        if (TARBALL_PATH.test(registryPath)) return await tarball(registryPath, request);
        if (PACKUMENT_PATH.test(registryPath)) return await packument(registryPath, request);
        return refuse(404, 'Not a packument or tarball path.');
      } catch (error) {
        if (error instanceof UpstreamError) return refuse(error.status === 404 ? 404 : 502, `The registry answered ${error.status}.`);
        if (error instanceof TooLargeError) return refuse(413, error.message);
        return refuse(504, 'The registry could not be reached.');
      }
    },
  };
}

function ask(url: URL, headers: Record<string, string>): Promise<Response> {
  return fetch(url, { headers, signal: AbortSignal.timeout(UPSTREAM_TIMEOUT_MS) });
}
