// `new Function('m', 'return import(m)')`: the way CommonJS tools hide `import()` from compilers. The browser would load from
// the runtime's own address; here the call goes to Node's loader, on behalf of the script that made the function. Process worker.
import { rewriteScript } from './rewrite.ts';

const MAYBE_IMPORT = /\bimport\s*\(/;
/** A frame's file: `    at f (/a/b.js:1:2)` or `    at file:///a/b.mjs:1:2`. */
const FRAME_FILE = /^\s+at .*?((?:file:\/\/)?\/[^()]*?):\d+:\d+\)?$/;

/** Replaces `scope.Function`; `scriptOf` knows the id of a compiled file. */
export function installFunctionImports(scope: typeof globalThis, scriptOf: (name: string) => number | undefined): void {
  const Native = scope.Function;
  const construct = (parts: readonly unknown[], newTarget: Function): unknown => {
    const body = parts.at(-1);
    const script = typeof body === 'string' && MAYBE_IMPORT.test(body) ? callingScript(scriptOf) : undefined;
    const given = script === undefined ? parts : [...parts.slice(0, -1), rewriteScript(body as string, script, { isGlobal: true }).source];
    return Reflect.construct(Native, given, newTarget === Replacement ? Native : newTarget);
  };
  function Replacement(...parts: unknown[]): unknown {
    return construct(parts, new.target ?? Native);
  }
  Object.defineProperties(Replacement, {
    name: { value: 'Function', configurable: true },
    length: { value: 1, configurable: true },
    prototype: { value: Native.prototype, writable: false },
  });
  Object.defineProperty(Native.prototype, 'constructor', { value: Replacement, writable: true, configurable: true });
  Object.defineProperty(scope, 'Function', { value: Replacement, writable: true, configurable: true });
}

function callingScript(scriptOf: (name: string) => number | undefined): number | undefined {
  for (const line of String(new Error().stack).split('\n')) {
    const script = scriptOf(FRAME_FILE.exec(line)?.[1] ?? '');
    if (script !== undefined) return script;
  }
  return undefined;
}
