// The `util` binding: what util.inspect and the library need to know that JavaScript does not tell. Runs in the process worker.
import { handleTypeOf } from '../descriptors.ts';
import { isProxy, proxyParts } from '../proxies.ts';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { callSites } from '../v8-stacks.ts';
import { isObject, moduleNamespaces, typeChecks } from './types.ts';
import { parseEnvText } from './util/env-text.ts';

/** libuv's handle types in the order of Node's `guessHandleType`. */
const HANDLE_TYPES = ['TCP', 'TTY', 'UDP', 'FILE', 'PIPE', 'UNKNOWN', 'INVALID'];
const ONLY_ENUMERABLE = 2;
const SKIP_SYMBOLS = 16;
const PENDING = 0;
const ARRAY_INDEX = /^(?:0|[1-9]\d*)$/;
const MAX_ARRAY_INDEX = 4294967294;

/** State of promises the runtime came to know: unhandled rejections. Others look pending, as a browser cannot tell. */
export const knownPromises = new WeakMap<object, readonly [state: number, result: unknown]>();

export const util: BindingFactory = (realm, binding) => {
  for (const name of Object.keys(binding['privateSymbols'])) binding['privateSymbols'][name] = realm.privateSymbol(name);
  for (const name of [
    'isArrayBuffer',
    'isAnyArrayBuffer',
    'isAsyncFunction',
    'isDataView',
    'isDate',
    'isExternal',
    'isMap',
    'isMapIterator',
    'isNativeError',
    'isPromise',
    'isRegExp',
    'isSet',
    'isSetIterator',
  ]) {
    binding[name] = typeChecks[name];
  }
  binding['isArrayBufferView'] = ArrayBuffer.isView;
  binding['isTypedArray'] = (value: unknown) => ArrayBuffer.isView(value) && !(value instanceof DataView);
  binding['isUint8Array'] = (value: unknown) => value instanceof Uint8Array;
  installInspection(binding);
  installCallSites(binding);
  binding['defineLazyProperties'] = (target: object, id: string, keys: readonly string[], isEnumerable = true) => {
    for (const key of keys) defineLazy(realm, target, id, key, isEnumerable);
  };
  binding['sleep'] = (durationMs: number) => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, durationMs);
  binding['guessHandleType'] = (fd: number) => HANDLE_TYPES.indexOf(handleTypeOf(realm, fd));
  binding['arrayBufferViewHasBuffer'] = () => true;
  binding['constructSharedArrayBuffer'] = (sizeBytes: number) => new SharedArrayBuffer(sizeBytes);
  binding['parseEnv'] = parseEnvText;
  binding['shouldAbortOnUncaughtToggle'] = new Uint32Array(1);
  binding['getExternalValue'] = () => 0n;
  binding['getSystemErrorName'] = (errno: number) => realm.internalBinding('uv')['errname'](errno);
  binding['WeakReference'] = CountedReference;
};

function installInspection(binding: BindingObject): void {
  binding['getProxyDetails'] = (value: object, wantsBoth: boolean | number = true) => {
    // Namespaces are proxies here and nowhere else.
    const parts = isProxy(value) && !moduleNamespaces.has(value) ? proxyParts(value) : undefined;
    return parts === undefined || wantsBoth ? parts : parts[0];
  };
  binding['getPromiseDetails'] = (promise: object) => knownPromises.get(promise) ?? [PENDING, undefined];
  binding['previewEntries'] = previewEntries;
  binding['getOwnNonIndexProperties'] = (value: object, filter: number) =>
    Reflect.ownKeys(value).filter(
      (key) =>
        !isArrayIndex(key) &&
        !((filter & SKIP_SYMBOLS) !== 0 && typeof key === 'symbol') &&
        ((filter & ONLY_ENUMERABLE) === 0 || Object.prototype.propertyIsEnumerable.call(value, key)),
    );
  binding['getConstructorName'] = constructorName;
}

/** Entries of a collection; with `wantsKind` also whether they are key-value pairs. Iterators cannot be read without moving them. */
function previewEntries(value: unknown, wantsKind?: boolean): unknown {
  const isMap = typeChecks['isMap']?.(value) === true;
  const entries: unknown[] = [];
  if (isMap) for (const [key, item] of Map.prototype.entries.call(value as Map<unknown, unknown>)) entries.push(key, item);
  else if (typeChecks['isSet']?.(value) === true) entries.push(...Set.prototype.values.call(value as Set<unknown>));
  return wantsKind === true ? [entries, isMap] : entries;
}

function isArrayIndex(key: string | symbol): boolean {
  return typeof key === 'string' && ARRAY_INDEX.test(key) && Number(key) <= MAX_ARRAY_INDEX;
}

function constructorName(value: object): string {
  if (moduleNamespaces.has(value)) return 'Module';
  for (let object: object | null = value; object !== null; object = Object.getPrototypeOf(object) as object | null) {
    const made = Object.getOwnPropertyDescriptor(object, 'constructor')?.value as unknown;
    if (typeof made === 'function' && made.name !== '') return made.name;
  }
  return 'Object';
}

function installCallSites(binding: BindingObject): void {
  binding['getCallSites'] = (count: number) =>
    callSites(count + 1)
      .slice(1, count + 1)
      .map((site) => ({
        functionName: site.getFunctionName() ?? '',
        scriptId: '0',
        scriptName: site.getFileName() ?? '',
        lineNumber: site.getLineNumber() ?? 0,
        columnNumber: site.getColumnNumber() ?? 0,
        column: site.getColumnNumber() ?? 0,
      }));
  binding['getCallerLocation'] = () => {
    const site = callSites(3)[2];
    return site === undefined ? undefined : [site.getLineNumber() ?? 0, site.getColumnNumber() ?? 0, site.getFileName() ?? ''];
  };
  binding['isInsideNodeModules'] = () => callSites(10).some((site) => /[\\/]node_modules[\\/]/.test(site.getFileName() ?? ''));
}

function defineLazy(realm: Realm, target: object, id: string, key: string, isEnumerable: boolean): void {
  let value: unknown;
  let isLoaded = false;
  const get = (): unknown => {
    if (!isLoaded) value = realm.requireBuiltin(id)[key];
    isLoaded = true;
    return value;
  };
  const set = (replacement: unknown): void => {
    Object.defineProperty(target, key, { value: replacement, writable: true, enumerable: isEnumerable, configurable: true });
  };
  Object.defineProperty(get, 'name', { value: `get ${key}` });
  Object.defineProperty(set, 'name', { value: `set ${key}` });
  Object.defineProperty(target, key, { get, set, enumerable: isEnumerable, configurable: true });
}

class CountedReference {
  static readonly name = 'WeakReference';
  readonly #weak: WeakRef<object>;
  #strong: object | null = null;
  #count = 0;

  constructor(target: object) {
    if (!isObject(target)) throw new TypeError('WeakReference needs an object');
    this.#weak = new WeakRef(target);
  }

  get(): object | undefined {
    return this.#weak.deref();
  }

  incRef(): void {
    if (++this.#count === 1) this.#strong = this.#weak.deref() ?? null;
  }

  decRef(): void {
    if (--this.#count === 0) this.#strong = null;
  }

  get isHeld(): boolean {
    return this.#strong !== null;
  }
}
