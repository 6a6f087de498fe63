// `vm` contexts without a second V8 realm, which a worker cannot make: scripts run inside `with` over a scope that shows the
// sandbox, then the language's own globals, and nothing of the process. Intrinsics are shared. Runs in the process worker.
import type { ScriptCompiler } from './scripts.ts';
import { contextEdits, contextFunctionEdits } from './context-edits.ts';
import { applyEdits, type Edit } from './edits.ts';
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

/** So many functions' edits are remembered. */
const KEPT_EDITS = 2000;

const NONE: ReadonlySet<unknown> = new Set();

interface Lexical {
  value: unknown;
  readonly isConstant: boolean;
  isInitialized: boolean;
}

export class Contexts {
  readonly #compiler: ScriptCompiler;
  readonly #known = new WeakMap<object, Context>();
  /** Test runners compile the same modules again for every file. */
  readonly #functionEdits = new Map<string, readonly Edit[]>();

  constructor(compiler: ScriptCompiler) {
    this.#compiler = compiler;
  }

  /** `ownsGlobals`: the object is the global object itself, so the language's globals are its own properties. */
  create(sandbox: object, ownsGlobals: boolean): void {
    const context = new Context(sandbox, this.#compiler);
    if (ownsGlobals) for (const name of INTRINSICS) if (!Object.hasOwn(sandbox, name)) context.defineIntrinsic(sandbox, name);
    this.#known.set(sandbox, context);
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

  /** A function with these parameters around `code`, which sees the sandbox's names. `id` is the one that {@link ScriptCompiler.register} gave. */
  compileFunction(sandbox: object, code: string, parameters: readonly string[], name: string, id: number): Function {
    const key = `${parameters.join()}\n${code}`;
    let edits = this.#functionEdits.get(key);
    if (edits === undefined) {
      if (this.#functionEdits.size >= KEPT_EDITS) this.#functionEdits.clear();
      this.#functionEdits.set(key, (edits = contextFunctionEdits(code, parameters, SUPPORT)));
    }
    const head = `(function (${parameters.join(', ')}) {`;
    this.#compiler.record(name, { prefixLength: head.length, source: code, edits });
    return this.#contextOf(sandbox).evaluate(`${head}${applyEdits(code, edits)}\n})\n//# sourceURL=${name}`, undefined, id) as Function;
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
  #function: unknown;

  constructor(sandbox: object, compiler: ScriptCompiler) {
    this.#compiler = compiler;
    this.#sandbox = sandbox;
    this.#global = this.#makeGlobal();
    this.#scope = this.#makeScope();
  }

  evaluate(source: string, checkTime: () => void = () => {}, id = -1): unknown {
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
      receiver: (value: unknown) => (value === globalThis ? this.#global : value),
      tick: checkTime,
      self: (receiver: unknown) => (receiver === globalThis ? this.#global : receiver),
      id,
      await: this.#compiler.keep,
      import: (id: number, specifier: unknown, options?: unknown) => this.#compiler.importFrom(id, specifier, options),
    };
    // Sloppy by construction: `with` needs it.
    const run = new Function('$$scope', '$$source', SUPPORT, 'with ($$scope) { return eval($$source); }');
    return Reflect.apply(run, this.#global, [this.#scope, source, support]);
  }

  defineIntrinsic(target: object, name: string): void {
    const value = name === 'globalThis' ? target : this.#intrinsic(name);
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  }

  #intrinsic(name: string): unknown {
    if (name === 'globalThis') return this.#global;
    return name === 'Function' ? (this.#function ??= this.#makeFunction()) : (globalThis as Record<string, unknown>)[name];
  }

  /** `Function`, whose functions see the context. Its prototype, and so what `instanceof` says, is the shared one. */
  #makeFunction(): unknown {
    const make = (args: readonly unknown[], target: unknown): object => {
      const parts = args.map(String);
      const [parameters, body] = [parts.slice(0, -1).join(','), parts.at(-1) ?? ''];
      // The engine's own message where it is not one function, and no way out of the wrapper.
      Reflect.construct(Function, parts);
      const edits = contextFunctionEdits(body, [], SUPPORT, true);
      const made = this.evaluate(`(function anonymous(${parameters}\n) {\n${applyEdits(body, edits)}\n})`) as object;
      const prototype: unknown = target === undefined ? undefined : (target as { prototype: unknown }).prototype;
      if (typeof prototype === 'object' && prototype !== null) Object.setPrototypeOf(made, prototype);
      return made;
    };
    const own: unknown = new Proxy(Function, {
      apply: (_target, _receiver, args: unknown[]) => make(args, undefined),
      construct: (_target, args: unknown[], target: unknown) => make(args, target === own ? undefined : target),
    });
    return own;
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
        if (typeof key === 'string' && INTRINSICS.has(key)) return this.#intrinsic(key);
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

  /** What `this` and `globalThis` are inside: the sandbox, with the language's globals behind it. */
  #makeGlobal(): object {
    const isIntrinsic = (key: PropertyKey): key is string => typeof key === 'string' && INTRINSICS.has(key);
    return new Proxy(this.#sandbox, {
      has: (target, key) => key in target || isIntrinsic(key),
      get: (target, key) => (key in target || !isIntrinsic(key) ? (Reflect.get(target, key, target) as unknown) : this.#intrinsic(key)),
      set: (target, key, value) => Reflect.set(target, key, value, target),
      ownKeys: (target) => {
        const own = Reflect.ownKeys(target);
        return Object.isExtensible(target) ? [...new Set([...own, ...INTRINSICS])] : own;
      },
      getOwnPropertyDescriptor: (target, key) => {
        const own = Reflect.getOwnPropertyDescriptor(target, key);
        if (own !== undefined || !isIntrinsic(key) || !Object.isExtensible(target)) return own;
        return { value: this.#intrinsic(key), writable: true, enumerable: false, configurable: true };
      },
    });
  }
}
