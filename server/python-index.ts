// `/-/python/*`: a read-only proxy to one Python package index (PEP 503 and 691), so that browsers need no CORS and repeat
// installs no network. Only pages and files that a page named pass: this is not an open proxy.
import path from 'node:path';
import { answer, fingerprint, readBounded, readIfThere, refuse, replaceFile, TooLargeError, UpstreamError } from './caching-proxy.ts';

const SIMPLE_JSON = 'application/vnd.pypi.simple.v1+json';
const ACCEPT = `${SIMPLE_JSON}, application/vnd.pypi.simple.v1+html;q=0.2, text/html;q=0.1`;
const PROJECT_PATH = /^simple\/([A-Za-z0-9][A-Za-z0-9._-]*)\/?$/;
const FILE_PATH = /^files\/([0-9a-f]{32})\/([\w.!+~%-]+?)(\.metadata)?$/;
/** The largest pages of the public index are below this. */
const MAX_PAGE_BYTES = 64 * 1024 * 1024;
const MAX_FILE_BYTES = 512 * 1024 * 1024;
const UPSTREAM_TIMEOUT_MS = 60_000;
const LOCK_TIMEOUT_MS = 5000;
/** How long a page is served without asking upstream: the public index itself says ten minutes. */
const FRESH_MS = 300_000;

export interface PythonIndexOptions {
  /** Upstream of pages, ending in a slash: `https://index.example/simple/`; null: what the built pip asks by itself. */
  readonly index: string | null;
  /** Where the wheels of Pyodide's own lock are, ending in a slash; null: where the built Pyodide looks by itself. */
  readonly packages: string | null;
  /** What the build made for Python: defaults, and the lock whose wheels are offered beside the index's. */
  readonly builtFolder: string;
  readonly cacheFolder: string;
}

export interface PythonIndex {
  /** `indexPath` is what follows `/-/python/`. */
  handle(indexPath: string, request: Request): Promise<Response>;
}

interface IndexFile {
  readonly filename: string;
  readonly url: string;
  readonly hashes: Readonly<Record<string, string>>;
  readonly 'requires-python'?: string | null;
  readonly yanked?: boolean | string;
  readonly 'core-metadata'?: boolean | Readonly<Record<string, string>>;
}

interface StoredPage {
  readonly fetchedAtMs: number;
  readonly files: readonly IndexFile[];
}

interface LockPackage {
  readonly name: string;
  readonly file_name: string;
  readonly sha256: string;
}

export function createPythonIndex(options: PythonIndexOptions): PythonIndex {
  let settings: Promise<Settings> | null = null;
  const ready = (): Promise<Settings> => (settings ??= readSettings(options));

  async function page(name: string, request: Request): Promise<Response> {
    const project = name.toLowerCase().replace(/[-_.]+/g, '-');
    const upstream = await upstreamFiles(project);
    const own = (await ready()).lock.get(project);
    // A pure wheel of the lock adds nothing to those of the index; one for the interpreter's own platform does.
    const isUseful = own !== undefined && (upstream.files.length === 0 || !own.filename.endsWith('-none-any.whl'));
    const files = isUseful && (await canFetch(own)) ? [...upstream.files, own] : upstream.files;
    if (files.length === 0)
      return upstream.isReachable ? refuse(404, 'No such project.') : refuse(504, 'The Python index could not be reached.');
    const served = await Promise.all(files.map(async (file) => ({ ...file, url: await localUrl(file) })));
    const body = JSON.stringify({ meta: { 'api-version': '1.0' }, name: project, files: served });
    return answer(request, Buffer.from(body), { 'Content-Type': SIMPLE_JSON, 'Cache-Control': 'no-cache' });
  }

  let lockAnswered: { readonly atMs: number; readonly isReachable: boolean } | null = null;

  /** Whether a wheel of the lock can be had: an offer that cannot be kept would hide what the index has. */
  async function canFetch(file: IndexFile): Promise<boolean> {
    const id = fingerprint(file.url).slice(0, 32);
    if ((await readIfThere(path.join((await ready()).folder, 'files', id))) !== null) return true;
    if (lockAnswered !== null && Date.now() - lockAnswered.atMs < FRESH_MS) return lockAnswered.isReachable;
    const response = await fetch(file.url, { method: 'HEAD', signal: AbortSignal.timeout(LOCK_TIMEOUT_MS) }).catch(() => null);
    lockAnswered = { atMs: Date.now(), isReachable: response?.ok === true };
    return lockAnswered.isReachable;
  }

  /** Fresh, or from the cache; a stale page beats none when upstream is out of reach. */
  async function upstreamFiles(project: string): Promise<{ files: readonly IndexFile[]; isReachable: boolean }> {
    const { index, folder } = await ready();
    const stored = path.join(folder, 'pages', `${project}.json`);
    const text = await readIfThere(stored);
    const known = text === null ? null : (JSON.parse(text.toString()) as StoredPage);
    if (known !== null && Date.now() - known.fetchedAtMs < FRESH_MS) return { files: known.files, isReachable: true };
    try {
      const url = new URL(`${project}/`, index);
      const response = await fetch(url, { headers: { Accept: ACCEPT }, signal: AbortSignal.timeout(UPSTREAM_TIMEOUT_MS) });
      if (response.status === 404) return { files: [], isReachable: true };
      if (!response.ok) throw new Error(`the index answered ${response.status}`);
      const files = parsePage(await readBounded(response, MAX_PAGE_BYTES, 'the Python index'), response);
      await replaceFile(stored, JSON.stringify({ fetchedAtMs: Date.now(), files } satisfies StoredPage));
      return { files, isReachable: true };
    } catch (error) {
      if (error instanceof TooLargeError) throw error;
      return { files: known?.files ?? [], isReachable: known !== null };
    }
  }

  /** The address under which this proxy serves a file; remembers what it stands for. */
  async function localUrl(file: IndexFile): Promise<string> {
    const id = fingerprint(file.url).slice(0, 32);
    const known = path.join((await ready()).folder, 'urls', id);
    if ((await readIfThere(known)) === null) await replaceFile(known, file.url);
    return `../../files/${id}/${encodeURIComponent(file.filename)}`;
  }

  async function file(id: string, suffix: string, request: Request): Promise<Response> {
    const stored = path.join((await ready()).folder, 'files', `${id}${suffix}`);
    const cached = await readIfThere(stored);
    const bytes = cached ?? (await fetchFile(id, suffix, stored));
    if (bytes === null) return refuse(404, 'No page of the index named this file.');
    return answer(request, bytes, {
      'Content-Type': 'application/octet-stream',
      'Cache-Control': 'public, max-age=31536000, immutable',
      ETag: `"${id}"`,
    });
  }

  async function fetchFile(id: string, suffix: string, stored: string): Promise<Buffer | null> {
    const url = await readIfThere(path.join((await ready()).folder, 'urls', id));
    if (url === null) return null;
    const response = await fetch(`${url.toString()}${suffix}`, { signal: AbortSignal.timeout(UPSTREAM_TIMEOUT_MS) });
    if (!response.ok) throw new UpstreamError(response.status);
    const bytes = await readBounded(response, MAX_FILE_BYTES, 'the Python index');
    await replaceFile(stored, bytes);
    return bytes;
  }

  return {
    async handle(indexPath, request) {
      if (request.method !== 'GET' && request.method !== 'HEAD') return refuse(405, 'The Python index proxy only reads.');
      try {
        const project = PROJECT_PATH.exec(indexPath)?.[1];
        if (project !== undefined) return await page(project, request);
        const [, id, , suffix = ''] = FILE_PATH.exec(indexPath) ?? [];
        return id === undefined ? refuse(404, 'Not a page or file of a Python index.') : await file(id, suffix, request);
      } catch (error) {
        if (error instanceof UpstreamError) return refuse(error.status === 404 ? 404 : 502, `The Python index answered ${error.status}.`);
        if (error instanceof TooLargeError) return refuse(413, error.message);
        return refuse(504, 'The Python index could not be reached.');
      }
    },
  };
}

/** A page in either form, with absolute addresses. */
export function parsePage(body: Buffer, response: { readonly url: string; readonly headers: Headers }): IndexFile[] {
  if ((response.headers.get('content-type') ?? '').includes('json')) {
    const { files } = JSON.parse(body.toString()) as { files: IndexFile[] };
    return files.map((file) => ({ ...file, url: new URL(file.url, response.url).href }));
  }
  return [...body.toString().matchAll(/<a\s([^>]*)>([^<]*)<\/a>/gi)].flatMap(([, attributes = '', text = '']) => {
    const href = attribute(attributes, 'href');
    if (href === null) return [];
    const url = new URL(href, response.url);
    const [algorithm = '', digest = ''] = url.hash.slice(1).split('=');
    url.hash = '';
    const requires = attribute(attributes, 'data-requires-python');
    const yanked = attribute(attributes, 'data-yanked');
    return [
      {
        filename: text.trim(),
        url: url.href,
        hashes: digest === '' ? {} : { [algorithm]: digest },
        ...(requires !== null && { 'requires-python': requires }),
        ...(yanked !== null && { yanked: yanked || true }),
      },
    ];
  });
}

function attribute(text: string, name: string): string | null {
  const value = new RegExp(`(?:^|\\s)${name}=(?:"([^"]*)"|'([^']*)')`, 'i').exec(text);
  if (value === null) return null;
  const entities: Readonly<Record<string, string>> = { '&gt;': '>', '&lt;': '<', '&quot;': '"', '&#39;': "'", '&amp;': '&' };
  return (value[1] ?? value[2] ?? '').replace(/&(?:gt|lt|quot|#39|amp);/g, (entity) => entities[entity] ?? entity);
}

interface Settings {
  readonly index: string;
  readonly folder: string;
  readonly lock: ReadonlyMap<string, IndexFile>;
}

async function readSettings({ index, packages, builtFolder, cacheFolder }: PythonIndexOptions): Promise<Settings> {
  const manifest = await readIfThere(path.join(builtFolder, 'manifest.json'));
  const built = manifest === null ? {} : (JSON.parse(manifest.toString()) as { defaultIndex?: string; packagesUrl?: string });
  const upstream = index ?? built.defaultIndex;
  if (upstream === undefined) throw new Error('no Python index is configured');
  const folder = path.join(cacheFolder, 'python', fingerprint(upstream).slice(0, 12));
  return { index: upstream, folder, lock: await readLock(builtFolder, packages ?? built.packagesUrl ?? '') };
}

async function readLock(builtFolder: string, packages: string): Promise<ReadonlyMap<string, IndexFile>> {
  const text = packages === '' ? null : await readIfThere(path.join(builtFolder, 'pyodide-lock.json'));
  const locked = text === null ? {} : (JSON.parse(text.toString()) as { packages: Record<string, LockPackage> }).packages;
  const wheels = Object.values(locked).filter(({ file_name }) => file_name.endsWith('.whl'));
  return new Map(
    wheels.map(({ name, file_name, sha256 }) => [
      name.toLowerCase().replace(/[-_.]+/g, '-'),
      { filename: file_name, url: new URL(file_name, packages).href, hashes: { sha256 } },
    ]),
  );
}
