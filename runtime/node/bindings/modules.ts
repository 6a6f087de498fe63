// The `modules` binding: package.json for the module loaders, parsed once per process as Node does. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';

/** name, main, type, imports, exports, path: the order in which Node's library unpacks it. */
type PackageTuple = readonly [string | undefined, string | undefined, string, string | undefined, string | undefined, string];

interface Importer {
  readonly base: string;
  readonly specifier: string;
}

const decoder = new TextDecoder();
const COMPILE_CACHE_DISABLED = 3;

class PackageReader {
  readonly #realm: Realm;
  readonly #cache = new Map<string, PackageTuple>();

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  read(path: string, importer?: Importer): PackageTuple | undefined {
    const cached = this.#cache.get(path);
    if (cached !== undefined) return cached;
    const content = this.#realm.host.fs.readFile(path);
    if (typeof content === 'number') return undefined;
    const tuple = this.#parse(path, decoder.decode(content), importer);
    this.#cache.set(path, tuple);
    return tuple;
  }

  /** The closest package.json above `path`; the search ends at a `node_modules` folder. */
  nearest(path: string): PackageTuple | undefined {
    for (let end = path.lastIndexOf('/'); end >= 0; end = path.lastIndexOf('/', end - 1)) {
      const folder = path.slice(0, end);
      if (folder.endsWith('/node_modules')) return undefined;
      const found = this.read(`${folder}/package.json`);
      if (found !== undefined) return found;
      if (end === 0) return undefined;
    }
    return undefined;
  }

  /** As {@link nearest} for a resolved URL, but names the last place looked at when there is none. */
  scope(resolved: string): PackageTuple | string {
    const toPath = this.#realm.requireBuiltin('internal/url')['fileURLToPath'] as (url: URL) => string;
    let url = new this.#realm.primitives.URL('./package.json', resolved);
    for (;;) {
      if (url.pathname.endsWith('node_modules/package.json')) return toPathOrName(url, toPath);
      const found = url.protocol === 'file:' ? this.read(toPathOrName(url, toPath)) : undefined;
      if (found !== undefined) return found;
      const parent = new this.#realm.primitives.URL('../package.json', url);
      if (parent.pathname === url.pathname) return toPathOrName(url, toPath);
      url = parent;
    }
  }

  #parse(path: string, text: string, importer: Importer | undefined): PackageTuple {
    const parsed = parseObject(text);
    if (parsed === null) throw this.#invalid(path, importer);
    // Its own members only: a polluted prototype configures no package.
    const { name, main, type, imports, exports } = Object.assign(Object.create(null) as Record<string, unknown>, parsed);
    return [
      typeof name === 'string' ? name : undefined,
      typeof main === 'string' ? main : undefined,
      type === 'module' || type === 'commonjs' ? type : 'none',
      serialized(imports),
      serialized(exports),
      path,
    ];
  }

  #invalid(path: string, importer: Importer | undefined): Error {
    const message =
      importer === undefined
        ? `Invalid package config ${path}.`
        : `Error parsing "${path}" while importing "${importer.specifier}" from ${importerName(this.#realm, importer.base)}.`;
    return Object.assign(new Error(message), { code: 'ERR_INVALID_PACKAGE_CONFIG' });
  }
}

function importerName(realm: Realm, base: string): string {
  return base.startsWith('file:') ? (realm.requireBuiltin('internal/url')['fileURLToPath'](base) as string) : base;
}

function toPathOrName(url: URL, toPath: (url: URL) => string): string {
  return url.protocol === 'file:' ? toPath(url) : url.pathname;
}

function parseObject(text: string): BindingObject | null {
  try {
    const parsed = JSON.parse(text.startsWith('\ufeff') ? text.slice(1) : text) as unknown;
    return typeof parsed === 'object' && parsed !== null ? (parsed as BindingObject) : null;
  } catch {
    // Not JSON: the caller raises Node's own error, which names the file.
    return null;
  }
}

/** Objects travel as JSON text, strings as they are; `null` and other values do not count. */
function serialized(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : undefined;
}

export const modules: BindingFactory = (realm, binding) => {
  const reader = new PackageReader(realm);
  binding['readPackageJSON'] = (path: string, _isESM?: boolean, base?: string, specifier?: string) => {
    return reader.read(path, base === undefined || specifier === undefined ? undefined : { base, specifier });
  };
  binding['getNearestParentPackageJSON'] = (path: string) => reader.nearest(path);
  binding['getNearestParentPackageJSONType'] = (path: string) => reader.nearest(path)?.[2] ?? 'none';
  binding['getPackageScopeConfig'] = (resolved: string) => reader.scope(resolved);
  binding['getPackageType'] = (resolved: string) => {
    const scope = reader.scope(resolved);
    return typeof scope === 'string' || scope[2] === 'none' ? undefined : scope[2];
  };
  installCompileCache(realm, binding);
};

/** The browser caches compiled code by itself: Node's own cache answers that it is disabled. */
function installCompileCache(realm: Realm, binding: BindingObject): void {
  binding['enableCompileCache'] = () => [COMPILE_CACHE_DISABLED];
  binding['getCompileCacheDir'] = () => undefined;
  binding['flushCompileCache'] = () => undefined;
  binding['getCompileCacheEntry'] = () => undefined;
  binding['saveCompileCacheEntry'] = () => undefined;
  binding['setLazyPathHelpers'] = (meta: BindingObject, url: string) => {
    const filename = realm.requireBuiltin('internal/url')['fileURLToPath'](url) as string;
    meta['dirname'] = realm.requireBuiltin('path')['dirname'](filename);
    meta['filename'] = filename;
  };
}
