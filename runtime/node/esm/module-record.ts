// One ES module between linking and evaluation, after ECMA-262's module records: exports resolve through `export *` and
// re-exports, evaluation runs dependencies first and waits where one awaits. Runs in the process worker.
import { moduleNamespaces } from '../bindings/types.ts';
import type { AwaitHelper } from '../library.ts';
import type { TransformedModule } from './transform.ts';

export type ModuleStatus = 'uninstantiated' | 'instantiating' | 'instantiated' | 'evaluating' | 'evaluated' | 'errored';

type Getter = () => unknown;

/** What the generated function sees of a dependency. */
interface ImportedModule {
  readonly namespace: object;
  readonly names: object;
}

type Body = Generator<void, void> | AsyncGenerator<void, void>;

/** Runs the generated code; made by the ModuleWrap binding, which knows `import.meta` and `import()`. */
export interface ModuleEnvironment {
  compile(code: string, url: string): (...args: unknown[]) => Body;
  meta(): object;
  import(specifier: unknown, options?: unknown): Promise<unknown>;
  /** Keeps the async context across an await. */
  readonly keep: AwaitHelper;
  /** Node's error for an import that its dependency does not export. */
  missingExport(message: string, line: number, column: number, name: string): Error;
}

export interface Resolution {
  readonly module: ModuleRecord;
  /** `null`: the module's namespace. */
  readonly name: string | null;
}

export abstract class ModuleRecord {
  status: ModuleStatus = 'uninstantiated';
  error: unknown = undefined;
  readonly url: string;
  dependencies: readonly ModuleRecord[] = [];
  /** Settles when the module ran, where that took more than one turn. */
  pending: Promise<void> | null = null;
  #namespace: object | null = null;

  constructor(url: string) {
    this.url = url;
  }

  abstract get hasTopLevelAwait(): boolean;
  abstract resolve(name: string, seen?: Set<string>): Resolution | 'ambiguous' | null;
  abstract exportNames(seen?: Set<ModuleRecord>): string[];
  /** Reads a binding of this module; throws a ReferenceError before it is initialized. */
  abstract read(name: string): unknown;
  protected abstract prepare(): void;
  protected abstract execute(): Promise<void> | void;

  instantiate(): void {
    if (this.status !== 'uninstantiated') return;
    this.status = 'instantiating';
    try {
      for (const dependency of this.dependencies) dependency.instantiate();
      this.prepare();
    } catch (error) {
      this.status = 'uninstantiated';
      throw error;
    }
    this.status = 'instantiated';
  }

  /** Runs dependencies, then the body. Returns a promise only where something awaits; throws what the body throws. */
  evaluate(): Promise<void> | null {
    if (this.status === 'errored') throw this.error;
    if (this.status === 'evaluating' || this.status === 'evaluated') return this.pending;
    this.status = 'evaluating';
    try {
      const waits = this.dependencies.map((dependency) => dependency.evaluate()).filter((wait) => wait !== null);
      const wait = waits.length > 0 ? Promise.all(waits).then(() => this.execute()) : this.execute();
      if (wait === undefined) this.status = 'evaluated';
      else this.pending = this.#settle(wait);
    } catch (error) {
      throw this.#fail(error);
    }
    return this.pending;
  }

  get isGraphAsync(): boolean {
    return this.#reaches(new Set());
  }

  get namespace(): object {
    return (this.#namespace ??= makeNamespace(this));
  }

  /** A getter for an exported name, through any chain of re-exports. */
  getterFor(name: string): Getter | null {
    const resolution = this.resolve(name);
    if (resolution === null || resolution === 'ambiguous') return null;
    const { module, name: local } = resolution;
    return local === null ? () => module.namespace : () => module.read(local);
  }

  #settle(wait: Promise<void>): Promise<void> {
    const settled = wait.then(
      () => void (this.status = 'evaluated'),
      (error: unknown) => {
        throw this.#fail(error);
      },
    );
    // Whoever evaluates awaits it; a dependency's own failure is reported through its importer.
    settled.catch(() => undefined);
    return settled;
  }

  #fail(error: unknown): unknown {
    this.status = 'errored';
    this.error = error;
    return error;
  }

  #reaches(seen: Set<ModuleRecord>): boolean {
    if (seen.has(this)) return false;
    seen.add(this);
    return this.hasTopLevelAwait || this.dependencies.some((dependency) => dependency.#reaches(seen));
  }
}

/** A module whose exports are set by hand: CommonJS, JSON, built-in modules. */
export class SyntheticModule extends ModuleRecord {
  readonly hasTopLevelAwait = false;
  readonly #names: readonly string[];
  readonly #values = new Map<string, unknown>();
  readonly #evaluate: () => unknown;

  constructor(url: string, names: readonly string[], evaluate: () => unknown) {
    super(url);
    this.#names = [...new Set(names)];
    this.#evaluate = evaluate;
  }

  set(name: string, value: unknown): void {
    if (!this.#names.includes(name)) throw new ReferenceError(`Export '${name}' is not defined in module`);
    this.#values.set(name, value);
  }

  resolve(name: string): Resolution | null {
    return this.#names.includes(name) ? { module: this, name } : null;
  }

  exportNames(): string[] {
    return [...this.#names];
  }

  read(name: string): unknown {
    return this.#values.get(name);
  }

  protected prepare(): void {
    // Nothing to compile.
  }

  protected execute(): void {
    // What the steps return is nobody's business, a promise included.
    this.#evaluate();
  }
}

export class SourceModule extends ModuleRecord {
  readonly transformed: TransformedModule;
  readonly #environment: ModuleEnvironment;
  #getters: Record<string, Getter> = {};
  #body: Body | null = null;

  constructor(url: string, transformed: TransformedModule, environment: ModuleEnvironment) {
    super(url);
    this.transformed = transformed;
    this.#environment = environment;
  }

  get hasTopLevelAwait(): boolean {
    return this.transformed.hasTopLevelAwait;
  }

  resolve(name: string, seen: Set<string> = new Set()): Resolution | 'ambiguous' | null {
    const key = `${this.url}\0${name}`;
    if (seen.has(key)) return null;
    seen.add(key);
    if (this.transformed.locals.includes(name)) return { module: this, name };
    const indirect = this.transformed.indirect.find((one) => one.name === name);
    if (indirect !== undefined) {
      const module = this.#dependency(indirect.request);
      return indirect.imported === null ? { module, name: null } : module.resolve(indirect.imported, seen);
    }
    return name === 'default' ? null : this.#resolveStars(name, seen);
  }

  exportNames(seen: Set<ModuleRecord> = new Set()): string[] {
    if (seen.has(this)) return [];
    seen.add(this);
    const names = new Set([...this.transformed.locals, ...this.transformed.indirect.map(({ name }) => name)]);
    for (const request of this.transformed.stars) {
      for (const name of this.#dependency(request).exportNames(seen)) if (name !== 'default') names.add(name);
    }
    return [...names];
  }

  read(name: string): unknown {
    const getter = this.#getters[name];
    if (getter === undefined) throw new ReferenceError(`Cannot access '${name}' before initialization`);
    return getter();
  }

  protected prepare(): void {
    this.#checkImports();
    const factory = this.#environment.compile(this.transformed.code, this.url);
    const imports = this.dependencies.map((dependency) => importedModule(dependency));
    const { meta, import: importModule, keep } = this.#environment;
    this.#body = factory.call(undefined, imports, (getters: Record<string, Getter>) => (this.#getters = getters), meta, importModule, keep);
    // Hoists functions and hands out the getters; an async generator does so before its first await, too.
    void this.#body.next();
  }

  protected execute(): Promise<void> | void {
    const step = this.#body?.next();
    return step instanceof Promise ? step.then(() => undefined) : undefined;
  }

  #resolveStars(name: string, seen: Set<string>): Resolution | 'ambiguous' | null {
    let found: Resolution | null = null;
    for (const request of this.transformed.stars) {
      const next = this.#dependency(request).resolve(name, seen);
      if (next === 'ambiguous') return next;
      if (next === null) continue;
      if (found !== null && (found.module !== next.module || found.name !== next.name)) return 'ambiguous';
      found = next;
    }
    return found;
  }

  #checkImports(): void {
    for (const { request, name, line, column } of this.transformed.imports) {
      if (name === null) continue;
      const resolution = this.#dependency(request).resolve(name);
      if (resolution !== null && resolution !== 'ambiguous') continue;
      const specifier = this.transformed.requests[request]?.specifier ?? '';
      const message =
        resolution === null
          ? `The requested module '${specifier}' does not provide an export named '${name}'`
          : `The requested module '${specifier}' contains conflicting star exports for name '${name}'`;
      throw this.#environment.missingExport(message, line, column, name);
    }
  }

  #dependency(request: number): ModuleRecord {
    const dependency = this.dependencies[request];
    if (dependency === undefined) throw new Error(`linking error, dependency ${request} of ${this.url} is missing`);
    return dependency;
  }
}

function importedModule(module: ModuleRecord): ImportedModule {
  const names: object = Object.create(null) as object;
  for (const name of module.exportNames()) {
    const get = module.getterFor(name);
    if (get !== null) Object.defineProperty(names, name, { get, enumerable: true });
  }
  return {
    names,
    get namespace() {
      return module.namespace;
    },
  };
}

/** A module namespace exotic object, as near as a proxy comes. */
function makeNamespace(module: ModuleRecord): object {
  const target: object = Object.create(null) as object;
  for (const name of module.exportNames().sort()) {
    const get = module.getterFor(name);
    if (get !== null) Object.defineProperty(target, name, { get, enumerable: true, configurable: true });
  }
  Object.defineProperty(target, Symbol.toStringTag, { value: 'Module' });
  const namespace = new Proxy(target, {
    getOwnPropertyDescriptor(object, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(object, key);
      return descriptor?.get === undefined
        ? descriptor
        : { value: descriptor.get.call(undefined) as unknown, writable: true, enumerable: true, configurable: true };
    },
    set: () => false,
    defineProperty: () => false,
    deleteProperty: (object, key) => !Reflect.has(object, key),
    setPrototypeOf: (_object, prototype) => prototype === null,
  });
  moduleNamespaces.add(namespace);
  return namespace;
}
