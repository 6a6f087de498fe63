// The `module_wrap` binding: Node's own ESM loader links and runs modules through it. Runs in the process worker.
import type { Contexts } from '../compile/contexts.ts';
import type { ScriptCompiler } from '../compile/scripts.ts';
import { sourceMapUrl } from '../compile/scripts.ts';
import { type ModuleEnvironment, type ModuleRecord, type ModuleStatus, SourceModule, SyntheticModule } from '../esm/module-record.ts';
import { asV8SaysIt } from '../esm/syntax-message.ts';
import { MODULE_BODY, type TransformedModule, transformModule } from '../esm/transform.ts';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { moduleNamespaces } from './types.ts';
import { knownPromises } from './util.ts';

type MetaCallback = (referrer: symbol, meta: object, wrap: object) => void;
type SyntheticSteps = (this: object, wrap: object) => unknown;

const STATUS_CONSTANT: Readonly<Record<ModuleStatus, string>> = {
  uninstantiated: 'kUninstantiated',
  instantiating: 'kInstantiating',
  instantiated: 'kInstantiated',
  evaluating: 'kEvaluating',
  evaluated: 'kEvaluated',
  errored: 'kErrored',
};

export function moduleWrap(compiler: ScriptCompiler, contexts: Contexts): BindingFactory {
  return (realm, binding) => {
    const factory = new WrapFactory(realm, binding, compiler, contexts);
    binding['ModuleWrap'] = factory.wrapClass();
    binding['setImportModuleDynamicallyCallback'] = (callback: ScriptCompiler['importCallback']) => {
      compiler.importCallback = callback;
    };
    binding['setInitializeImportMetaObjectCallback'] = (callback: MetaCallback) => {
      factory.metaCallback = callback;
    };
    binding['createRequiredModuleFacade'] = requiredFacade;
    binding['throwIfPromiseRejected'] = () => {};
  };
}

class WrapFactory {
  metaCallback: MetaCallback | null = null;
  readonly #realm: Realm;
  readonly #binding: BindingObject;
  readonly #compiler: ScriptCompiler;
  readonly #contexts: Contexts;

  constructor(realm: Realm, binding: BindingObject, compiler: ScriptCompiler, contexts: Contexts) {
    this.#contexts = contexts;
    this.#realm = realm;
    this.#binding = binding;
    this.#compiler = compiler;
  }

  wrapClass(): unknown {
    // oxlint-disable-next-line no-this-alias -- the class below has a `this` of its own
    const factory = this;
    return class ModuleWrap {
      readonly #record: ModuleRecord;
      readonly url: string;
      readonly sourceURL: string;
      readonly sourceMapURL: string | undefined;
      #moduleSource: unknown;

      constructor(url: string, context: unknown, source: string | string[], lineOrSteps: unknown, _column?: number, referrer?: unknown) {
        this.url = url;
        this.sourceURL = url;
        this.sourceMapURL = typeof source === 'string' ? sourceMapUrl(source) : undefined;
        this.#record =
          typeof source === 'string'
            ? factory.source(this, url, source, referrer, context)
            : new SyntheticModule(url, source, () => (lineOrSteps as SyntheticSteps).call(this, this));
      }

      /** For the unsettled-await warning. */
      static recordOf(wrap: ModuleWrap): ModuleRecord {
        return wrap.#record;
      }

      get hasTopLevelAwait(): boolean {
        return this.#record.hasTopLevelAwait;
      }

      get hasAsyncGraph(): boolean {
        return this.#record.isGraphAsync;
      }

      getModuleRequests(): unknown {
        return this.#record instanceof SourceModule ? this.#record.transformed.requests : [];
      }

      link(wraps: ArrayLike<ModuleWrap>): void {
        this.#record.dependencies = Array.from(wraps, (wrap) => wrap.#record);
      }

      instantiate(): void {
        this.#record.instantiate();
      }

      evaluate(): Promise<void> {
        try {
          return this.#record.evaluate() ?? settled(Promise.resolve(), FULFILLED, undefined);
        } catch (error) {
          return settled(Promise.reject(error as Error), REJECTED, error);
        }
      }

      evaluateSync(): object {
        const wait = this.#record.evaluate();
        // Node throws ERR_REQUIRE_ASYNC_MODULE before it comes here; what awaits nevertheless fails on its own promise.
        wait?.catch(() => undefined);
        return this.#record.namespace;
      }

      getNamespace(): object {
        return this.#record.namespace;
      }

      getStatus(): unknown {
        return factory.constant(this.#record.status);
      }

      getError(): unknown {
        return this.#record.error;
      }

      setExport(name: string, value: unknown): void {
        if (this.#record instanceof SyntheticModule) this.#record.set(name, value);
      }

      setModuleSourceObject(source: unknown): void {
        this.#moduleSource = source;
      }

      getModuleSourceObject(): unknown {
        return this.#moduleSource;
      }

      createCachedData(): unknown {
        return factory.emptyBuffer();
      }
    };
  }

  constant(status: ModuleStatus): unknown {
    return this.#binding[STATUS_CONSTANT[status]];
  }

  emptyBuffer(): unknown {
    return this.#realm.requireBuiltin('buffer')['Buffer'].alloc(0);
  }

  source(wrap: object, url: string, source: string, referrer: unknown, context: unknown): SourceModule {
    const symbol = typeof referrer === 'symbol' ? referrer : Symbol(url);
    Object.defineProperty(wrap, this.#realm.privateSymbol('host_defined_option_symbol'), { value: symbol, configurable: true });
    const transformed = this.#transform(source, url);
    return new SourceModule(url, transformed, this.#environment(wrap, url, transformed, symbol, context));
  }

  #environment(wrap: object, url: string, { text: source, edits }: TransformedModule, symbol: symbol, context: unknown): ModuleEnvironment {
    const id = this.#compiler.register(url, symbol);
    const contexts = this.#contexts;
    const evaluate = contexts.has(context) ? (text: string) => contexts.evaluate(context as object, text) : this.#realm.globalThis.eval;
    let meta: object | null = null;
    return {
      compile: (code, name) => {
        this.#compiler.record(name, { prefixLength: code.indexOf(MODULE_BODY) + MODULE_BODY.length, source, edits });
        return evaluate(`${code}\n//# sourceURL=${name}`) as never;
      },
      meta: () => {
        if (meta === null) this.metaCallback?.(symbol, (meta = Object.create(null) as object), wrap);
        return meta as object;
      },
      import: (specifier, options) => this.#compiler.importFrom(id, specifier, options),
      keep: this.#realm.asyncContext.keep,
      missingExport: (message, line, column, name) => pointAt(new SyntaxError(message), { url, source, line, column, width: name.length }),
    };
  }

  #transform(source: string, url: string): TransformedModule {
    try {
      return transformModule(source);
    } catch (error) {
      const { loc, pos = 0, message } = error as Error & { loc?: { line: number; column: number }; pos?: number };
      if (loc === undefined) throw error;
      throw pointAt(new SyntaxError(asV8SaysIt(message, source, pos)), { url, source, ...loc, width: 1 });
    }
  }
}

const FULFILLED = 1;
const REJECTED = 2;

/** `util.inspect` shows the state of promises that the runtime knows about. */
function settled<T>(promise: Promise<T>, state: number, result: unknown): Promise<T> {
  knownPromises.set(promise, [state, result]);
  return promise;
}

interface Place {
  readonly url: string;
  readonly source: string;
  readonly line: number;
  readonly column: number;
  readonly width: number;
}

/** Puts file, line and a caret before the stack, as V8 does for module errors. */
function pointAt(error: Error, { url, source, line, column, width }: Place): Error {
  const text = source.split('\n')[line - 1] ?? '';
  error.stack = `${url}:${line}\n${text}\n${' '.repeat(column)}${'^'.repeat(Math.max(1, width))}\n${error.stack ?? ''}`;
  return error;
}

/** What `require()` of an ES module without a `module.exports` export gives: its exports and `__esModule`. */
function requiredFacade(wrap: { getNamespace(): Record<string, unknown> }): object {
  const namespace = wrap.getNamespace();
  const facade: object = Object.create(null) as object;
  for (const name of Object.keys(namespace)) Object.defineProperty(facade, name, { get: () => namespace[name], enumerable: true });
  Object.defineProperty(facade, '__esModule', { value: true, enumerable: true });
  Object.defineProperty(facade, Symbol.toStringTag, { value: 'Module' });
  moduleNamespaces.add(facade);
  return facade;
}
