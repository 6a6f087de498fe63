// `vm` contexts without a second V8 realm, which a worker cannot make: the sandbox object shadows globals in a `with` block.
// Intrinsics are shared with the main context. Runs in the process worker.
import { parse } from 'acorn';
import { applyEdits, type Edit } from './edits.ts';
import { lineBreaks } from './edits.ts';
import type { AnyNode } from './walk.ts';

/** ECMAScript's own globals: the only ones a fresh context has. */
const INTRINSICS = new Set(
  `AggregateError Array ArrayBuffer Atomics BigInt BigInt64Array BigUint64Array Boolean DataView Date Error
  EvalError FinalizationRegistry Float32Array Float64Array Function Infinity Int16Array Int32Array Int8Array Intl Iterator JSON Map
  Math NaN Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set SharedArrayBuffer String Symbol SyntaxError
  TypeError URIError Uint16Array Uint32Array Uint8Array Uint8ClampedArray WeakMap WeakRef WeakSet WebAssembly decodeURI
  decodeURIComponent encodeURI encodeURIComponent escape eval isFinite isNaN parseFloat parseInt undefined unescape`.split(/\s+/),
);

export class Contexts {
  readonly #scopes = new WeakMap<object, object>();

  create(sandbox: object): void {
    this.#scopes.set(sandbox, scopeOf(sandbox));
  }

  has(sandbox: object): boolean {
    return this.#scopes.has(sandbox);
  }

  /** Runs a script with `sandbox` as its global object; returns the completion value. */
  run(sandbox: object, code: string, name: string): unknown {
    const scope = this.#scopes.get(sandbox);
    if (scope === undefined) throw new TypeError('The object is not a context');
    const source = `${hoistFunctions(code)}\n//# sourceURL=${name}`;
    // Sloppy by construction: `with` needs it.
    return new Function('$scope', '$source', 'with ($scope) { return eval($source); }').call(sandbox, scope, source);
  }
}

function scopeOf(sandbox: object): object {
  return new Proxy(sandbox, {
    has: (_target, key) => key !== '$scope' && key !== '$source',
    get(target, key) {
      if (key === Symbol.unscopables) return undefined;
      if (key === 'globalThis') return target;
      if (key in target) return Reflect.get(target, key, target) as unknown;
      if (typeof key === 'string' && INTRINSICS.has(key)) return (globalThis as Record<string, unknown>)[key];
      throw new ReferenceError(`${String(key)} is not defined`);
    },
    set: (target, key, value) => Reflect.set(target, key, value, target),
  });
}

/** Top-level functions and `var`s belong to the sandbox, not to the eval's own scope. */
function hoistFunctions(code: string): string {
  let program: AnyNode;
  try {
    program = parse(code, { ecmaVersion: 'latest', sourceType: 'script', allowHashBang: true }) as unknown as AnyNode;
  } catch {
    // V8 words the error when the code runs.
    return code;
  }
  const edits: Edit[] = [];
  let hoisted = '';
  for (const node of program['body'] as AnyNode[]) {
    if (node.type === 'FunctionDeclaration') {
      const text = code.slice(node.start, node.end);
      hoisted += `${(node['id'] as AnyNode)['name'] as string}=${text.replaceAll('\n', ' ')};`;
      edits.push({ start: node.start, end: node.end, text: lineBreaks(text) });
    }
    if (node.type === 'VariableDeclaration' && node['kind'] === 'var') edits.push(...assignments(node));
  }
  return hoisted + applyEdits(code, edits);
}

/** `var a = 1, b` becomes `a = 1, b = undefined`: plain names only, patterns stay as they are. */
function assignments(node: AnyNode): Edit[] {
  const declarations = node['declarations'] as AnyNode[];
  if (declarations.some((one) => (one['id'] as AnyNode).type !== 'Identifier')) return [];
  const edits: Edit[] = [{ start: node.start, end: (declarations[0] as AnyNode).start, text: '' }];
  for (const one of declarations) if (one['init'] === null) edits.push({ start: one.end, end: one.end, text: ' = undefined' });
  return edits;
}
