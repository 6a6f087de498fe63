// `import()` inside scripts compiled with eval: rewritten to a call that knows which script it stands in. Process worker.
import { parse, type Node } from 'acorn';
import { applyEdits, type Edit } from './edits.ts';
import { walk } from './walk.ts';

/** The hidden global through which rewritten scripts import. */
export const IMPORT_KEY = 'verklet.import';
const MAYBE_IMPORT = /\bimport\s*(?:\(|\/)/;

/** Rewrites every `import(x)` of a script into a call with `scriptId`; text that does not parse is left to V8's own error. */
export function rewriteDynamicImports(source: string, scriptId: number): string {
  if (!MAYBE_IMPORT.test(source)) return source;
  let program: Node;
  try {
    program = parse(source, { ecmaVersion: 'latest', sourceType: 'script', allowReturnOutsideFunction: true, allowHashBang: true });
  } catch {
    return source;
  }
  const edits: Edit[] = [];
  walk(program, (node) => {
    if (node.type !== 'ImportExpression') return;
    const open = source.indexOf('(', node.start + 'import'.length);
    edits.push({ start: node.start, end: open + 1, text: `globalThis[Symbol.for("${IMPORT_KEY}")](${scriptId},` });
  });
  return applyEdits(source, edits);
}
