// `vm` contexts without a second V8 realm, which a worker cannot make: scripts run inside `with` over a scope that shows the
// sandbox, then the language's own globals, and nothing of the process. Intrinsics are shared. Runs in the process worker.
import type { ScriptCompiler } from './scripts.ts';
import { contextEdits } from './context-edits.ts';
import { applyEdits } from './edits.ts';
import { SUPPORT } from './rewrite.ts';

/** ECMAScript's own globals: the only ones a fresh context has. */
const INTRINSICS = new Set(
  `AggregateError Array ArrayBuffer AsyncDisposableStack Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date
  DisposableStack Error EvalError FinalizationRegistry Float16Array Float32Array Float64Array Function Infinity Int16Array Int32Array
  Int8Array Intl Iterator JSON Map Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer
  String SuppressedError Symbol SyntaxError TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef
  WeakSet WebAssembly console decodeURI decodeURIComponent encodeURI encodeURIComponent escape eval globalThis isFinite isNaN
  parseFloat parseInt undefined unescape`.split(/\s+/),
);

const NONE: ReadonlySet<unknown> = new Set();

interface Lexical {
  value: unknown;
  readonly isConstant: boolean;
  isInitialized: boolean;
}

export class Contexts {
  readonly #compiler: ScriptCompiler;
  readonly #known = new WeakMap<object, Context>();

  constructor(compiler: ScriptCompiler) {
    this.#compiler = compiler;
  }

  /** `ownsGlobals`: the object is the global object itself, so the language's globals are its own properties. */
  create(sandbox: object, ownsGlobals: boolean): void {
    if (ownsGlobals) for (const name of INTRINSICS) defineIntrinsic(sandbox, name);
    this.#known.set(sandbox, new Context(sandbox, this.#compiler));
  }

  has(value: unknown): boolean {
    return typeof value === 'object' && value !== null && this.#known.has(value);
  }

  /** Runs a script with `sandbox` as its global object; returns the completion value. */
  run(sandbox: object, code: string, name: string, checkTime?: () => void): unknown {
    const edits = contextEdits(code, SUPPORT, checkTime !== undefined);
    this.#compiler.record(name, { prefixLength: 0, source: code, edits });
    return this.#contextOf(sandbox).evaluate(`${applyEdits(code, edits)}\n//# sourceURL=${name}`, checkTime);
  }

  /** The value of an expression, usually a function, that sees the sandbox's names. */
  evaluate(sandbox: object, expression: string): unknown {
    return this.#contextOf(sandbox).evaluate(expression);
  }

  #contextOf(sandbox: object): Context {
    const context = this.#known.get(sandbox);
    if (context === undefined) throw new TypeError('The object is not a context');
    return context;
  }
}

class Context {
  readonly #compiler: ScriptCompiler;
  readonly #sandbox: object;
  /** Top-level `let`, `const` and classes of all scripts: visible to scripts, not on the global object. */
  readonly #lexicals = new Map<string, Lexical>();
  readonly #global: object;
  #hidden: ReadonlySet<unknown> = NONE;
  readonly #scope: object;

  constructor(sandbox: object, compiler: ScriptCompiler) {
    this.#compiler = compiler;
    this.#sandbox = sandbox;
    this.#global = globalOf(sandbox);
    this.#scope = this.#makeScope();
  }

  evaluate(source: string, checkTime: () => void = () => {}): unknown {
    const support = {
      declare: (names: readonly string[]) => {
        for (const name of names) if (!(name in this.#sandbox)) Reflect.set(this.#sandbox, name, undefined);
      },
      hide: (names: readonly string[]) => (this.#hidden = new Set(names)),
      functions: (functions: Record<string, unknown>) => {
        this.#hidden = NONE;
        Object.assign(this.#sandbox, functions);
      },
      lexical: (names: readonly string[], isConstant: boolean) => this.#declareLexicals(names, isConstant),
      typeOf: (read: () => unknown) => {
        try {
          return typeof read();
        } catch (error) {
          if (error instanceof ReferenceError) return 'undefined';
          throw error;
        }
      },
      tick: checkTime,
      await: this.#compiler.keep,
      import: (id: number, specifier: unknown, options?: unknown) => this.#compiler.importFrom(id, specifier, options),
    };
    // Sloppy by construction: `with` needs it.
    const run = new Function('$$scope', '$$source', SUPPORT, 'with ($$scope) { return eval($$source); }');
    return Reflect.apply(run, this.#global, [this.#scope, source, support]);
  }

  #declareLexicals(names: readonly string[], isConstant: boolean): void {
    for (const name of names) {
      if (this.#lexicals.has(name)) throw new SyntaxError(`Identifier '${name}' has already been declared`);
    }
    for (const name of names) this.#lexicals.set(name, { value: undefined, isConstant, isInitialized: false });
  }

  #makeScope(): object {
    const lexicals = this.#lexicals;
    return new Proxy(this.#sandbox, {
      has: (_target, key) => key !== '$$scope' && key !== '$$source' && key !== SUPPORT && !this.#hidden.has(key),
      get: (target, key) => {
        if (key === Symbol.unscopables) return undefined;
        const lexical = lexicals.get(key as string);
        if (lexical !== undefined) {
          if (!lexical.isInitialized) throw new ReferenceError(`Cannot access '${String(key)}' before initialization`);
          return lexical.value;
        }
        if (key === 'globalThis' && !Object.hasOwn(target, key)) return this.#global;
        if (key in target) return Reflect.get(target, key, target) as unknown;
        if (typeof key === 'string' && INTRINSICS.has(key)) return (globalThis as Record<string, unknown>)[key];
        throw new ReferenceError(`${String(key)} is not defined`);
      },
      set: (target, key, value) => {
        const lexical = lexicals.get(key as string);
        if (lexical === undefined) return Reflect.set(target, key, value, target);
        if (lexical.isConstant && lexical.isInitialized) throw new TypeError('Assignment to constant variable.');
        lexical.value = value;
        lexical.isInitialized = true;
        return true;
      },
      deleteProperty: (target, key) => !lexicals.has(key as string) && Reflect.deleteProperty(target, key),
    });
  }
}

/** What `this` and `globalThis` are inside: the sandbox, with the language's globals behind it. */
function globalOf(sandbox: object): object {
  const isIntrinsic = (key: PropertyKey): key is string => typeof key === 'string' && INTRINSICS.has(key);
  const global: object = new Proxy(sandbox, {
    has: (target, key) => key in target || isIntrinsic(key),
    get(target, key) {
      if (key in target || !isIntrinsic(key)) return Reflect.get(target, key, target) as unknown;
      return key === 'globalThis' ? global : (globalThis as Record<string, unknown>)[key];
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
    getOwnPropertyDescriptor(target, key) {
      const own = Reflect.getOwnPropertyDescriptor(target, key);
      if (own !== undefined || !isIntrinsic(key)) return own;
      const value = key === 'globalThis' ? global : (globalThis as Record<string, unknown>)[key];
      return { value, writable: true, enumerable: false, configurable: true };
    },
  });
  return global;
}

function defineIntrinsic(target: object, name: string): void {
  const value = name === 'globalThis' ? target : (globalThis as Record<string, unknown>)[name];
  if (!Object.hasOwn(target, name)) Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
}
