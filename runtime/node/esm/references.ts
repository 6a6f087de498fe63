// Finds every use of an imported name that is not shadowed, `import.meta`, `import()` and top-level await in a module.
import type { Edit } from '../compile/edits.ts';
import { type AnyNode, children, isNode, patternNames, walk } from '../compile/walk.ts';

export interface References {
  readonly edits: Edit[];
  /** Line of the first top-level await, from 1; 0 where there is none. */
  readonly awaitLine: number;
}

export function rewriteReferences(program: AnyNode, bindings: ReadonlyMap<string, string>): References {
  const rewriter = new Rewriter(bindings);
  rewriter.visit(program, null, '');
  return { edits: rewriter.edits, awaitLine: rewriter.awaitLine };
}

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement']);

class Rewriter {
  readonly edits: Edit[] = [];
  awaitLine = 0;
  readonly #bindings: ReadonlyMap<string, string>;
  /** Innermost last; only imported names that something in the scope redeclares. */
  readonly #shadows: ReadonlySet<string>[] = [];
  #functionDepth = 0;

  constructor(bindings: ReadonlyMap<string, string>) {
    this.#bindings = bindings;
  }

  visit(node: AnyNode, parent: AnyNode | null, key: string): void {
    switch (node.type) {
      case 'ImportDeclaration':
      case 'ExportAllDeclaration':
        return;
      case 'ExportNamedDeclaration':
        if (isNode(node['declaration'])) this.visit(node['declaration'], node, 'declaration');
        return;
      case 'Identifier':
        this.#identifier(node, parent, key);
        return;
      case 'MetaProperty':
        if ((node['meta'] as AnyNode)['name'] === 'import') this.edits.push({ start: node.start, end: node.end, text: '$$meta()' });
        return;
      case 'ImportExpression':
        this.edits.push({ start: node.start, end: node.start + 'import'.length, text: '$$import' });
        break;
      default:
        if (this.#functionDepth === 0 && this.awaitLine === 0 && isAwait(node))
          this.awaitLine = (node['loc'] as { start: { line: number } }).start.line;
    }
    this.#descend(node);
  }

  #descend(node: AnyNode): void {
    const isFunction = FUNCTIONS.has(node.type);
    const shadow = this.#shadowOf(node);
    const isBoundary = isFunction || node.type === 'StaticBlock';
    if (isBoundary) this.#functionDepth++;
    if (shadow.size > 0) this.#shadows.push(shadow);
    for (const key in node) {
      if (key === 'loc' || (key === 'key' && node['shorthand'] === true)) continue;
      const value = node[key];
      // The value of a class field runs in a function of its own.
      const isField = node.type === 'PropertyDefinition' && key === 'value';
      if (isField) this.#functionDepth++;
      for (const child of Array.isArray(value) ? value : [value]) if (isNode(child)) this.visit(child, node, key);
      if (isField) this.#functionDepth--;
    }
    if (shadow.size > 0) this.#shadows.pop();
    if (isBoundary) this.#functionDepth--;
  }

  #identifier(node: AnyNode, parent: AnyNode | null, key: string): void {
    const name = node['name'] as string;
    const expression = this.#bindings.get(name);
    if (expression === undefined || isLabelOrKey(parent, key) || this.#shadows.some((shadow) => shadow.has(name))) return;
    this.edits.push({ start: node.start, end: node.end, text: replacement(name, expression, parent, key) });
  }

  /** Imported names that this node declares for its inside. */
  #shadowOf(node: AnyNode): Set<string> {
    const names: string[] = [];
    if (this.#bindings.size === 0) return new Set();
    if (FUNCTIONS.has(node.type)) {
      for (const parameter of node['params'] as AnyNode[]) patternNames(parameter, names);
      if (node.type === 'FunctionExpression' && isNode(node['id'])) patternNames(node['id'], names);
      hoistedNames(node['body'] as AnyNode, names);
    } else if (node.type === 'BlockStatement' || node.type === 'StaticBlock') {
      blockNames(node['body'] as AnyNode[], names);
      if (node.type === 'StaticBlock') hoistedNames(node, names);
    } else if (node.type === 'SwitchStatement') {
      for (const one of node['cases'] as AnyNode[]) blockNames(one['consequent'] as AnyNode[], names);
    } else if (LOOPS.has(node.type)) {
      const head = (node['init'] ?? node['left']) as AnyNode | null;
      if (head?.type === 'VariableDeclaration') blockNames([head], names);
    } else if (node.type === 'CatchClause' && isNode(node['param'])) {
      patternNames(node['param'], names);
    } else if ((node.type === 'ClassExpression' || node.type === 'ClassDeclaration') && isNode(node['id'])) {
      patternNames(node['id'], names);
    }
    return new Set(names.filter((name) => this.#bindings.has(name)));
  }
}

function isAwait(node: AnyNode): boolean {
  if (node.type === 'AwaitExpression') return true;
  if (node.type === 'ForOfStatement') return node['await'] === true;
  return node.type === 'VariableDeclaration' && node['kind'] === 'await using';
}

/** Places where an identifier is a name, not a reference. */
function isLabelOrKey(parent: AnyNode | null, key: string): boolean {
  switch (parent?.type) {
    case 'MemberExpression':
      return key === 'property' && parent['computed'] !== true;
    case 'Property':
    case 'MethodDefinition':
    case 'PropertyDefinition':
      return key === 'key' && parent['computed'] !== true;
    case 'LabeledStatement':
    case 'BreakStatement':
    case 'ContinueStatement':
      return key === 'label';
    default:
      return false;
  }
}

/** A call must not receive the dependency as `this`; a shorthand property needs its key written out. */
function replacement(name: string, expression: string, parent: AnyNode | null, key: string): string {
  if (parent?.type === 'Property' && parent['shorthand'] === true && key === 'value') return `${name}: ${expression}`;
  if (parent?.type === 'CallExpression' && key === 'callee') return `(0, ${expression})`;
  if (parent?.type === 'TaggedTemplateExpression' && key === 'tag') return `(0, ${expression})`;
  return expression;
}

/** `let`, `const`, classes and functions directly in a block. */
function blockNames(body: readonly AnyNode[], names: string[]): void {
  for (const statement of body) {
    if (statement.type === 'VariableDeclaration')
      for (const one of statement['declarations'] as AnyNode[]) patternNames(one['id'] as AnyNode, names);
    else if ((statement.type === 'FunctionDeclaration' || statement.type === 'ClassDeclaration') && isNode(statement['id']))
      patternNames(statement['id'], names);
  }
}

/** `var` names anywhere in a function body, not in functions inside it. */
function hoistedNames(body: AnyNode, names: string[]): void {
  for (const child of children(body)) {
    walk(child, (node) => {
      if (FUNCTIONS.has(node.type)) return false;
      if (node.type === 'VariableDeclaration' && node['kind'] === 'var') blockNames([node], names);
      return undefined;
    });
  }
}
