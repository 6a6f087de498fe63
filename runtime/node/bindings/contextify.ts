// The `contextify` binding: compiling CommonJS modules, `vm.Script` and contexts. Runs in the process worker.
import type { Contexts } from '../compile/contexts.ts';
import { rewriteScript } from '../compile/rewrite.ts';
import { isModuleSyntax, type ScriptCompiler, sourceMapUrl, withoutHashbang } from '../compile/scripts.ts';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { heapUsed } from './system.ts';

/** Node's `measureMemory.mode`. */
const DETAILED = 1;
const CJS_PARAMETERS = ['exports', 'require', 'module', '__filename', '__dirname'];

export function contextify(compiler: ScriptCompiler, contexts: Contexts): BindingFactory {
  return (realm, binding) => {
    installModuleCompiler(realm, binding, compiler);
    binding['compileFunction'] = (
      code: string,
      name: string,
      _line: number,
      _column: number,
      _cached: unknown,
      producesCache: boolean,
      context: object | undefined,
      extensions: object[],
      parameters: string[] | undefined,
      referrer: symbol | undefined,
    ) => {
      const symbol = referrer ?? Symbol(name);
      const compiled =
        context !== undefined && contexts.has(context)
          ? contexts.compileFunction(context, withoutHashbang(code), parameters ?? [], name, compiler.register(name, symbol))
          : extensions?.length > 0
            ? withExtensions(code, parameters ?? [], extensions)
            : compiler.compileFunction(code, parameters ?? [], name, symbol);
      markReferrer(realm, compiled, symbol);
      return {
        __proto__: null,
        function: compiled,
        sourceMapURL: sourceMapUrl(code),
        cachedDataProduced: producesCache ? false : undefined,
      };
    };
    binding['makeContext'] = (sandbox: object | symbol, name: string, ...rest: unknown[]) => {
      const object = typeof sandbox === 'symbol' ? {} : sandbox;
      contexts.create(object, typeof sandbox === 'symbol');
      const referrer = rest.at(-1);
      // Only who brings an `importModuleDynamically` is looked up by it.
      if (typeof referrer === 'symbol' && referrer.description === name) markReferrer(realm, object, referrer);
      return object;
    };
    binding['ContextifyScript'] = scriptClass(realm, compiler, contexts);
    // A Ctrl-C ends the wait of a script, not its loops: those cannot be interrupted in their own thread.
    binding['startSigintWatchdog'] = () => true;
    binding['stopSigintWatchdog'] = () => false;
    binding['watchdogHasPendingSigint'] = () => false;
    // A browser tells one number for the whole worker: an estimate, which is all that the API promises.
    binding['measureMemory'] = async (mode: number) => {
      const jsMemoryEstimate = heapUsed(realm.primitives.performance);
      const total = { jsMemoryEstimate, jsMemoryRange: [jsMemoryEstimate, jsMemoryEstimate] };
      return mode === DETAILED ? { total, current: total, other: [] } : { total };
    };
  };
}

function installModuleCompiler(realm: Realm, binding: BindingObject, compiler: ScriptCompiler): void {
  const referrer = (): symbol => realm.internalBinding('symbols')['vm_dynamic_import_default_internal'] as symbol;
  binding['compileFunctionForCJSLoader'] = (code: string, name: string, _isSea: boolean, detectsModule: boolean) => {
    const result = { __proto__: null, cachedDataRejected: false, sourceMapURL: sourceMapUrl(code), canParseAsESM: false };
    try {
      return { ...result, function: compiler.compileFunction(code, CJS_PARAMETERS, name, referrer()) };
    } catch (error) {
      if (detectsModule && isModuleSyntax(error, code)) return { ...result, canParseAsESM: true, function: undefined };
      throw error;
    }
  };
  binding['containsModuleSyntax'] = (code: string, name: string) => {
    try {
      compiler.compileFunction(code, CJS_PARAMETERS, name, referrer());
      return false;
    } catch (error) {
      return isModuleSyntax(error, code);
    }
  };
}

function withExtensions(code: string, parameters: readonly string[], extensions: readonly object[]): Function {
  const scopes = extensions.map((_extension, index) => `with ($extensions[${index}]) `).join('');
  return new Function('$extensions', `${scopes}return (function (${parameters.join(', ')}) {${code}\n});`)(extensions) as Function;
}

function markReferrer(realm: Realm, target: object, referrer: symbol): void {
  Object.defineProperty(target, realm.privateSymbol('host_defined_option_symbol'), { value: referrer, configurable: true });
}

/** Scripts whose declarations nobody looks for afterwards. */
const ENDS_WITH_ITSELF = /^\[(?:eval|stdin)\]/;

function scriptClass(realm: Realm, compiler: ScriptCompiler, contexts: Contexts): unknown {
  return class ContextifyScript {
    readonly #code: string;
    readonly #indent: number;
    readonly #name: string;
    readonly #id: number;
    sourceMapURL: string | undefined;
    cachedDataRejected: boolean | undefined;

    constructor(
      code: string,
      name: string,
      lineOffset = 0,
      columnOffset = 0,
      cachedData?: unknown,
      _producesCache?: boolean,
      _context?: object,
      referrer?: symbol,
    ) {
      const symbol = referrer ?? Symbol(name);
      markReferrer(realm, this, symbol);
      this.#name = name;
      this.#indent = Math.max(0, columnOffset);
      this.#code = '\n'.repeat(Math.max(0, lineOffset)) + ' '.repeat(this.#indent) + withoutHashbang(code);
      compiler.check(this.#code, name);
      this.#id = compiler.register(name, symbol);
      this.sourceMapURL = sourceMapUrl(code);
      if (cachedData !== undefined) this.cachedDataRejected = false;
    }

    runInContext(context: object | null, timeoutMs = -1, displaysErrors = true): unknown {
      try {
        return this.#run(context, timeoutMs);
      } catch (error) {
        if (displaysErrors) this.#decorate(error);
        throw error;
      }
    }

    #run(context: object | null, timeoutMs: number): unknown {
      const checkTime = timeoutMs > 0 ? clock(realm.primitives.performance, timeoutMs) : undefined;
      if (context === null) return compiler.run(this.#code, this.#name, this.#id, !ENDS_WITH_ITSELF.test(this.#name), checkTime);
      return contexts.run(context, rewriteScript(this.#code, this.#id, { isInContext: true }).source, this.#name, checkTime);
    }

    /** Puts the place and its line before the stack, once, as Node's native code does. */
    #decorate(error: unknown): void {
      const decorated = realm.privateSymbol('decorated_private_symbol');
      if (!(error instanceof Error) || typeof error.stack !== 'string' || Object.hasOwn(error, decorated)) return;
      const place = error.stack.split('\n').find((line) => line.includes(`${this.#name}:`) && line.trimStart().startsWith('at '));
      const [, line, column] = /:(\d+):(\d+)\)?$/.exec(place ?? '') ?? [];
      const text = this.#code.split('\n')[Number(line) - 1];
      if (text === undefined) return;
      const isFirst = text.startsWith(' '.repeat(this.#indent)) && !this.#code.slice(0, this.#code.indexOf(text)).trim();
      const indent = isFirst ? this.#indent : 0;
      // The stack names where the error was made; V8 points at where it was thrown, usually the same statement.
      const at = text.slice(0, Number(column) - 1).replace(/\bthrow\s+$/, '').length - indent;
      error.stack = `${this.#name}:${line}\n${text.slice(indent)}\n${' '.repeat(Math.max(0, at))}^\n\n${error.stack}`;
      Object.defineProperty(error, decorated, { value: true, configurable: true });
    }

    createCachedData(): unknown {
      return realm.requireBuiltin('buffer')['Buffer'].alloc(0);
    }
  };
}

/** Throws when the time is over: code in this thread cannot be stopped from outside. */
function clock(performance: Performance, timeoutMs: number): () => void {
  const end = performance.now() + timeoutMs;
  return () => {
    if (performance.now() < end) return;
    throw nodeError(Error, 'ERR_SCRIPT_EXECUTION_TIMEOUT', `Script execution timed out after ${timeoutMs}ms`);
  };
}
