// Finds what code waits for, so that the async context can be kept across it: a browser restores nothing after `await`.
// Every awaited value goes through a helper; see runtime/node/async-context.ts. Build step and process worker.
import type { Node } from 'acorn';
import type { Edit } from './edits.ts';
import { CLOSED, LIST_CLOSED, OPENED } from './function-text.ts';
import { type AnyNode, isNode } from './walk.ts';

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);

/** Edits that put `helper(...)` around awaited values and `helper.each(...)` around what `for await` and `yield*` read. */
export function awaitEdits(program: Node, helper: string): Edit[] {
  const edits: Edit[] = [];
  visit(program as AnyNode, false, (node, isAsyncGenerator) => {
    if (node.type === 'AwaitExpression') edits.push(...around(node['argument'] as AnyNode, helper));
    else if (node.type === 'ForOfStatement' && node['await'] === true) edits.push(...around(node['right'] as AnyNode, `${helper}.each`));
    else if (node.type === 'YieldExpression' && node['delegate'] === true && isAsyncGenerator)
      edits.push(...around(node['argument'] as AnyNode, `${helper}.each`));
  });
  return edits;
}

/** Whether a text may wait at all: most files need no parse. */
export function mayAwait(source: string): boolean {
  return /\bawait\b/.test(source) || /\basync\s*\*|\basync\s+function\s*\*/.test(source);
}

function around(node: AnyNode, helper: string): Edit[] {
  const isList = node.type === 'SequenceExpression';
  // The space keeps `await(a)(b)` and `of(a)` two words.
  return [
    { start: node.start, end: node.start, text: ` ${helper}(${isList ? '(' : ''}${OPENED}` },
    { start: node.end, end: node.end, text: isList ? LIST_CLOSED : CLOSED },
  ];
}

function visit(node: AnyNode, isAsyncGenerator: boolean, found: (node: AnyNode, isAsyncGenerator: boolean) => void): void {
  found(node, isAsyncGenerator);
  const isInside = FUNCTIONS.has(node.type) ? node['async'] === true && node['generator'] === true : isAsyncGenerator;
  for (const key in node) {
    const value = node[key];
    if (Array.isArray(value)) {
      for (const child of value) if (isNode(child)) visit(child, isInside, found);
    } else if (isNode(value)) visit(value, isInside, found);
  }
}
