// What scripts need rewritten before V8 compiles them: `import()` must know which script asks, awaited values go through the
// helper that keeps the async context. Text that needs neither is left as it is, unparsed. Process worker.
import { parse, type Node } from 'acorn';
import { awaitEdits, mayAwait } from './awaits.ts';
import { applyEdits, type Edit, sortEdits } from './edits.ts';
import { clockEdits, persistEdits, persistentNames } from './context-edits.ts';
import { type AnyNode, walk } from './walk.ts';

/** The hidden globals through which rewritten scripts import, and through which those in the global scope await. */
export const IMPORT_KEY = 'verklet.import';
export const AWAIT_KEY = 'verklet.await';
/** The hidden global through which code hands texts to `eval`. */
export const EVAL_KEY = 'verklet.eval';
/** The hidden global that a script with a time limit calls in its loops. */
export const TICK_KEY = 'verklet.tick';
/** The helper's name where a wrapper function can hand it in. */
export const AWAIT_NAME = '$$await';
/** What rewritten code of a `vm` context calls; hidden from the sandbox. */
export const SUPPORT = '$$vm';
const MAYBE_IMPORT = /\bimport\s*(?:\(|\/)/;
const MAYBE_EVAL = /\beval\s*\(/;
/** What bundlers write in development: each module a text of its own. */
const EVALUATES_MODULES = /\beval\((?:__webpack_require__\.ts\()?["'`]/;
/** Larger files (bundled compilers, mostly) are parsed only when they speak of async contexts themselves. */
const PARSE_LIMIT = 512 * 1024;

export interface RewrittenScript {
  readonly source: string;
  /** Whether the text calls the await helper. */
  readonly awaits: boolean;
  /** Lexical declarations that became properties of the global object. */
  readonly persistent: readonly string[];
  /** What was changed, in order. */
  readonly edits: readonly Edit[];
}

export interface RewriteOptions {
  /** The script runs in the global scope, without a wrapper. */
  readonly isGlobal?: boolean;
  /** The script runs in a `vm` context, which hands its helpers in. */
  readonly isInContext?: boolean;
  /** Its top-level `let`, `const` and classes are seen by later scripts. */
  readonly persists?: boolean;
  /** It must stop when its time is up. */
  readonly checksTime?: boolean;
}

/** What does not parse is left to V8's own error. */
export function rewriteScript(source: string, scriptId: number, options: RewriteOptions = {}): RewrittenScript {
  const { isGlobal = false, isInContext = false, persists = false, checksTime = false } = options;
  const imports = MAYBE_IMPORT.test(source);
  const awaits = mayAwait(source) && (source.length <= PARSE_LIMIT || source.includes('AsyncLocalStorage'));
  const evaluates = !isInContext && MAYBE_EVAL.test(source) && (source.length <= PARSE_LIMIT || EVALUATES_MODULES.test(source));
  const declares = persists && /\b(?:let|const|class)\b/.test(source);
  if (!imports && !awaits && !evaluates && !declares && !checksTime) return { source, awaits: false, persistent: [], edits: [] };
  let program: Node;
  try {
    program = parse(source, { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true, allowHashBang: true });
  } catch {
    return { source, awaits: false, persistent: [], edits: [] };
  }
  const found = imports
    ? importEdits(source, program, scriptId, isInContext ? `${SUPPORT}.import` : `globalThis[Symbol.for("${IMPORT_KEY}")]`)
    : [];
  const keeps = awaits
    ? awaitEdits(program, isInContext ? `${SUPPORT}.await` : isGlobal ? `globalThis[Symbol.for("${AWAIT_KEY}")]` : AWAIT_NAME)
    : [];
  const more = [
    ...(evaluates ? evalEdits(program, scriptId) : []),
    ...(declares ? persistEdits(program as AnyNode) : []),
    ...(checksTime ? clockEdits(program as AnyNode, `globalThis[Symbol.for("${TICK_KEY}")]();`) : []),
  ];
  const edits = sortEdits([...found, ...keeps, ...more]);
  const persistent = declares ? persistentNames(program as AnyNode) : [];
  return { source: applyEdits(source, edits), awaits: keeps.length > 0, persistent, edits };
}

/** A direct `eval` must stay one, to see its scope: what it is given goes through the compiler first. */
function evalEdits(program: Node, scriptId: number): Edit[] {
  const edits: Edit[] = [];
  walk(program, (node) => {
    const callee = node['callee'] as AnyNode | undefined;
    const [text] = (node['arguments'] ?? []) as AnyNode[];
    if (node.type !== 'CallExpression' || callee?.type !== 'Identifier' || callee['name'] !== 'eval') return;
    if (text === undefined || text.type === 'SpreadElement') return;
    edits.push({ start: text.start, end: text.start, text: `globalThis[Symbol.for("${EVAL_KEY}")](${scriptId},` });
    edits.push({ start: text.end, end: text.end, text: ')' });
  });
  return edits;
}

function importEdits(source: string, program: Node, scriptId: number, helper: string): Edit[] {
  const edits: Edit[] = [];
  walk(program, (node) => {
    if (node.type !== 'ImportExpression') return;
    const open = source.indexOf('(', node.start + 'import'.length);
    edits.push({ start: node.start, end: open + 1, text: `${helper}(${scriptId},` });
  });
  return edits;
}
