// Compiles CommonJS modules and scripts with V8's own eval, so that stack frames show the program's files. Process worker.
import { parse } from 'acorn';
import type { Realm } from '../realm.ts';
import { IMPORT_KEY, rewriteDynamicImports } from './dynamic-import.ts';

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

const EVALUATION_PHASE = 2;

export class ScriptCompiler {
  importCallback: ImportCallback | null = null;
  readonly #realm: Realm;
  readonly #evaluate: (source: string) => unknown;
  readonly #scripts: Script[] = [];
  readonly #prefixes = new Map<string, number>();

  constructor(realm: Realm) {
    this.#realm = realm;
    this.#evaluate = realm.globalThis.eval;
    Object.defineProperty(realm.globalThis, Symbol.for(IMPORT_KEY), {
      value: (id: number, specifier: unknown, options?: unknown) => this.importFrom(id, specifier, options),
    });
  }

  /** Registers who asks when code of this name calls `import()`. Returns the id that the rewritten code carries. */
  register(name: string, referrer: symbol): number {
    return this.#scripts.push({ name, referrer }) - 1;
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
    const source = rewriteDynamicImports(withoutHashbang(code), this.register(name, referrer));
    try {
      const head = `(function (${parameters.join(', ')}) {`;
      this.recordPrefix(name, head.length);
      const compiled: unknown = this.#evaluate(`${head}${source}\n})\n//# sourceURL=${name}`);
      // Code like `}) (function () {` would break out of the wrapper.
      if (typeof compiled !== 'function') throw new SyntaxError("Unexpected token '}'");
      return compiled;
    } catch (error) {
      throw this.decorate(error, code, name);
    }
  }

  /** Notes how far the wrapper moves the first line of a file: stack frames are put right by it. */
  recordPrefix(name: string, length: number): void {
    this.#prefixes.set(name, length);
  }

  /** 0 for files that were not compiled here. */
  prefixLength(name: string): number {
    return this.#prefixes.get(name) ?? 0;
  }

  /** Runs a script in the global scope; its value is the completion value. */
  run(code: string, name: string): unknown {
    return this.#evaluate(`${code}\n//# sourceURL=${name}`);
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
