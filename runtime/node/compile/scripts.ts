// Compiles CommonJS modules and scripts with V8's own eval, so that stack frames show the program's files. Process worker.
import { parse } from 'acorn';
import type { AwaitHelper } from '../library.ts';
import type { Realm } from '../realm.ts';
import { type Edit, originalColumn } from './edits.ts';
import { installFunctionImports } from './function-imports.ts';
import { AWAIT_KEY, AWAIT_NAME, EVAL_KEY, IMPORT_KEY, rewriteScript, TICK_KEY } from './rewrite.ts';

const HASHBANG = /^#!/;
const SOURCE_MAP = /\/\/[#@] sourceMappingURL=(\S+)\s*$/;
/** What V8 says of module syntax in a script; everything else is a plain syntax error. */
const MODULE_ERRORS = [
  'Cannot use import statement outside a module',
  "Unexpected token 'export'",
  "Cannot use 'import.meta' outside a module",
];
/** Errors that top-level await or a redeclared wrapper variable may cause: a module where the text parses as one. */
const MAYBE_MODULE_ERRORS = ['await is only valid', 'Unexpected reserved word', 'missing ) after argument list', "Identifier '"];
const SOURCE_MAP_TAIL = 4096;

/** Asks Node's loader for an `import()`: the symbol says which kind of code asks. */
export type ImportCallback = (referrer: symbol, specifier: string, phase: number, attributes: object, name: string) => Promise<unknown>;

interface Script {
  readonly referrer: symbol;
  readonly name: string;
}

/** How a compiled text differs from the file that a stack frame should tell about. */
interface CompiledText {
  /** Characters that the wrapper puts before the first line. */
  readonly prefixLength: number;
  readonly source: string;
  readonly edits: readonly Edit[];
}

const EVALUATION_PHASE = 2;

export class ScriptCompiler {
  importCallback: ImportCallback | null = null;
  readonly #realm: Realm;
  readonly #evaluate: (source: string) => unknown;
  readonly #scripts: Script[] = [];
  readonly #idsByName = new Map<string, number>();
  readonly #compiled = new Map<string, CompiledText>();

  constructor(realm: Realm) {
    this.#realm = realm;
    this.#evaluate = realm.globalThis.eval;
    Object.defineProperty(realm.globalThis, Symbol.for(IMPORT_KEY), {
      value: (id: number, specifier: unknown, options?: unknown) => this.importFrom(id, specifier, options),
    });
    Object.defineProperty(realm.globalThis, Symbol.for(EVAL_KEY), {
      value: (id: number, text: unknown) => (typeof text === 'string' ? rewriteScript(text, id, { isGlobal: true }).source : text),
    });
    installFunctionImports(realm.globalThis, (name) => this.#idsByName.get(name));
    Object.defineProperty(realm.globalThis, Symbol.for(AWAIT_KEY), { value: realm.asyncContext.keep });
  }

  /** What compiled code calls around everything it awaits. */
  get keep(): AwaitHelper {
    return this.#realm.asyncContext.keep;
  }

  /** Registers who asks when code of this name calls `import()`. Returns the id that the rewritten code carries. */
  register(name: string, referrer: symbol): number {
    const id = this.#scripts.push({ name, referrer }) - 1;
    this.#idsByName.set(name, id);
    return id;
  }

  async importFrom(id: number, specifier: unknown, options: unknown): Promise<unknown> {
    const script = this.#scripts[id];
    if (script === undefined || this.importCallback === null) throw new TypeError('import() is not available here');
    const { with: attributes } = (options ?? {}) as { with?: object };
    const imported = this.importCallback(
      script.referrer,
      `${specifier as string}`,
      EVALUATION_PHASE,
      Object.assign(Object.create(null), attributes) as object,
      script.name,
    );
    return this.#realm.loop.track(imported);
  }

  /** A function with these parameters around `code`, as V8's CompileFunction makes it. */
  compileFunction(code: string, parameters: readonly string[], name: string, referrer: symbol): Function {
    const { source, awaits, edits } = rewriteScript(withoutHashbang(code), this.register(name, referrer));
    try {
      const wrapper = awaits ? [`(function (${AWAIT_NAME}) { return `, '; })'] : ['', ''];
      const head = `${wrapper[0]}(function (${parameters.join(', ')}) {`;
      this.record(name, { prefixLength: head.length, source: code, edits });
      const made: unknown = this.#evaluate(`${head}${source}\n})${wrapper[1]}\n//# sourceURL=${name}`);
      const compiled: unknown = awaits ? (made as Function)(this.#realm.asyncContext.keep) : made;
      // Code like `}) (function () {` would break out of the wrapper.
      if (typeof compiled !== 'function') throw new SyntaxError("Unexpected token '}'");
      return compiled;
    } catch (error) {
      throw this.decorate(error, code, name);
    }
  }

  /** Stack frames are put right by it. */
  record(name: string, text: CompiledText): void {
    this.#compiled.set(name, text);
  }

  /** Whether the file was compiled inside a wrapper function, as CommonJS modules are. */
  isWrapped(name: string): boolean {
    return (this.#compiled.get(name)?.prefixLength ?? 0) > 0;
  }

  /** Whether the file was compiled here: V8 shows its outermost code as `eval`. */
  isCompiled(name: string): boolean {
    return this.#compiled.has(name);
  }

  /** The column (from 1) in the program's own text. */
  columnOf(name: string, line: number, column: number): number {
    const text = this.#compiled.get(name);
    if (text === undefined) return column;
    const unwrapped = line === 1 ? Math.max(1, column - text.prefixLength) : column;
    return text.edits.length === 0 ? unwrapped : originalColumn(text.source, text.edits, line, unwrapped);
  }

  /** The text of a program that was compiled here; undefined for files nobody compiled. */
  sourceOf(name: string): string | undefined {
    return this.#compiled.get(name)?.source;
  }

  /** Runs a script in the global scope; its value is the completion value. */
  run(code: string, name: string, id: number, persists: boolean, checkTime?: () => void): unknown {
    const isGlobal = true;
    const { source, edits, persistent } = rewriteScript(code, id, { isGlobal, persists, checksTime: checkTime !== undefined });
    this.record(name, { prefixLength: 0, source: code, edits });
    const key = Symbol.for(TICK_KEY);
    if (checkTime !== undefined) Object.defineProperty(this.#realm.globalThis, key, { value: checkTime, configurable: true });
    try {
      return this.#evaluate(`${source}\n//# sourceURL=${name}`);
    } finally {
      // Lexical declarations are not seen by `for in` over the global object; as properties they would be.
      for (const one of persistent) if (Object.hasOwn(globalThis, one)) Object.defineProperty(globalThis, one, { enumerable: false });
    }
  }

  /** Checks a script without running it. */
  check(code: string, name: string): void {
    try {
      // A function body is parsed fully and never called; `return` outside functions is the one difference.
      parse(code, { ecmaVersion: 'latest', sourceType: 'script', allowHashBang: true });
    } catch {
      this.#checkWithV8(code, name);
    }
  }

  /** V8's own message is the one that programs expect. */
  #checkWithV8(code: string, name: string): void {
    try {
      this.#evaluate(`throw null;${code}\n//# sourceURL=${name}`);
    } catch (error) {
      if (error instanceof SyntaxError) throw this.decorate(error, code, name);
    }
  }

  /** Puts `file:line`, the line and a caret on a syntax error, which V8 tells native Node but not JavaScript. */
  decorate(error: unknown, code: string, name: string): unknown {
    if (!(error instanceof SyntaxError)) return error;
    try {
      parse(withoutHashbang(code), { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true });
    } catch (found) {
      const { line, column } = (found as { loc?: { line: number; column: number } }).loc ?? { line: 1, column: 0 };
      const arrow = `${name}:${line}\n${code.split('\n')[line - 1] ?? ''}\n${' '.repeat(column)}^\n`;
      Object.defineProperty(error, this.#realm.privateSymbol('arrow_message_private_symbol'), { value: arrow, configurable: true });
      error.stack = `${arrow}\n${error.stack ?? ''}`;
    }
    return error;
  }
}

/** The comment keeps columns of the first line right. */
export function withoutHashbang(code: string): string {
  return HASHBANG.test(code) ? `//${code.slice(2)}` : code;
}

export function sourceMapUrl(code: string): string | undefined {
  return SOURCE_MAP.exec(code.slice(-SOURCE_MAP_TAIL))?.[1];
}

/** Whether a script that failed to compile is an ES module instead. */
export function isModuleSyntax(error: unknown, code: string): boolean {
  if (!(error instanceof SyntaxError)) return false;
  if (MODULE_ERRORS.some((message) => error.message.includes(message))) return true;
  return MAYBE_MODULE_ERRORS.some((message) => error.message.includes(message)) && parsesAsModule(code);
}

function parsesAsModule(code: string): boolean {
  try {
    parse(code, { ecmaVersion: 'latest', sourceType: 'module', allowHashBang: true });
    return true;
  } catch {
    return false;
  }
}
