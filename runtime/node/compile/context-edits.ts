// Rewrites a script for a `vm` context: its declarations become the context's, `typeof` of unknown names stays harmless, and
// loops may look at the clock. Lines do not move. Pure; runs in the process worker.
import { parse } from 'acorn';
import { awaitEdits, mayAwait } from './awaits.ts';
import { type Edit, sortEdits } from './edits.ts';
import { type AnyNode, children, isNode, patternNames, walk } from './walk.ts';

const FUNCTIONS = new Set(['FunctionDeclaration', 'FunctionExpression', 'ArrowFunctionExpression']);
const LOOPS = new Set(['ForStatement', 'ForInStatement', 'ForOfStatement', 'WhileStatement', 'DoWhileStatement']);
/** A declaration whose value nobody reads: it leaves the completion value alone, as the one it replaces. */
const UNUSED = '$$_';

/** `support` names the object with `declare`, `functions`, `lexical`, `typeOf` and `tick`. */
export function contextEdits(code: string, support: string, checksTime: boolean): Edit[] {
  let program: AnyNode;
  try {
    program = parse(code, { ecmaVersion: 'latest', sourceType: 'script', allowHashBang: true }) as unknown as AnyNode;
  } catch {
    // V8 words the error when the code runs.
    return [];
  }
  return new ContextEditor(support, checksTime).edit(program);
}

/**
 * Edits for a function's body that is compiled for a context: only what nobody declares there needs care. `support` names the
 * object with `typeOf`, `import`, `id`, `await` and `self`. With `isReceiverless` the function itself (not those inside) takes the
 * context's global object for the process's.
 */
export function contextFunctionEdits(code: string, parameters: readonly string[], support: string, isReceiverless = false): Edit[] {
  let program: AnyNode;
  try {
    program = parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'script',
      allowHashBang: true,
      allowReturnOutsideFunction: true,
    }) as unknown as AnyNode;
  } catch {
    // V8 words the error.
    return [];
  }
  const edits: Edit[] = mayAwait(code) ? awaitEdits(program, `${support}.await`) : [];
  const declared = declaredAnywhere(program);
  for (const name of parameters) declared.add(name);
  walk(program, (node) => {
    if (node.type === 'ImportExpression') {
      const open = code.indexOf('(', node.start + 'import'.length);
      edits.push({ start: node.start, end: open + 1, text: `${support}.import(${support}.id,` });
    }
    if (node.type !== 'UnaryExpression' || node['operator'] !== 'typeof') return;
    const operand = node['argument'] as AnyNode;
    if (operand.type === 'Identifier' && !declared.has(operand['name'] as string)) edits.push(...typeOfEdits(node, operand, support));
  });
  if (isReceiverless) edits.push(...receiverEdits(program, support));
  return sortEdits(edits);
}

function receiverEdits(program: AnyNode, support: string): Edit[] {
  const edits: Edit[] = [];
  walk(program, (node) => {
    if (node.type === 'ThisExpression') edits.push({ start: node.start, end: node.end, text: `${support}.self(this)` });
    return !['FunctionDeclaration', 'FunctionExpression', 'ClassDeclaration', 'ClassExpression'].includes(node.type);
  });
  return edits;
}

function typeOfEdits(node: AnyNode, operand: AnyNode, support: string): Edit[] {
  return [
    { start: node.start, end: operand.start, text: `${support}.typeOf(() => ` },
    { start: operand.end, end: operand.end, text: ')' },
  ];
}

/** The names of all declarations and parameters, whatever their scope. */
function declaredAnywhere(program: AnyNode): Set<string> {
  const names = new Set<string>(['arguments']);
  walk(program, (node) => {
    if (node.type === 'VariableDeclarator' || node.type === 'FunctionDeclaration' || node.type === 'ClassDeclaration')
      for (const name of patternNames(node['id'] as AnyNode)) names.add(name);
    if (FUNCTIONS.has(node.type))
      for (const parameter of node['params'] as AnyNode[]) for (const name of patternNames(parameter)) names.add(name);
  });
  return names;
}

class ContextEditor {
  readonly #edits: Edit[] = [];
  readonly #vars = new Set<string>();
  readonly #functions = new Set<string>();
  readonly #lets: string[] = [];
  readonly #constants: string[] = [];
  readonly #support: string;
  readonly #checksTime: boolean;

  constructor(support: string, checksTime: boolean) {
    this.#support = support;
    this.#checksTime = checksTime;
  }

  edit(program: AnyNode): Edit[] {
    const body = program['body'] as AnyNode[];
    for (const statement of body) this.#topLevel(statement);
    this.#visit(program, null, '', 0);
    this.#receivers(program, isStrict(body));
    if (this.#checksTime) this.#edits.push(...clockEdits(program, `${this.#support}.tick();`));
    const directives = body.findLastIndex((statement) => typeof statement['directive'] === 'string');
    const start = directives === -1 ? (body[0]?.start ?? program.end) : (body[directives] as AnyNode).end;
    this.#edits.push({ start, end: start, text: `${directives === -1 ? '' : ';'}${this.#head()}` });
    return this.#edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
  }

  #head(): string {
    const list = (names: Iterable<string>): string => JSON.stringify([...names]);
    const calls: string[] = [];
    if (this.#lets.length > 0) calls.push(`lexical(${list(this.#lets)}, false)`);
    if (this.#constants.length > 0) calls.push(`lexical(${list(this.#constants)}, true)`);
    if (this.#vars.size > 0) calls.push(`declare(${list(this.#vars)})`);
    // Hidden from the scope for a moment, so that the names mean the functions themselves.
    if (this.#functions.size > 0) calls.push(`hide(${list(this.#functions)})`, `functions({ ${[...this.#functions].join(', ')} })`);
    return calls.map((call) => `var ${UNUSED} = ${this.#support}.${call}; `).join('');
  }

  #topLevel(node: AnyNode): void {
    if (node.type === 'FunctionDeclaration') this.#functions.add(nameOf(node['id']));
    if (node.type === 'VariableDeclaration' && node['kind'] !== 'var') {
      const names = declaredNames(node);
      (node['kind'] === 'const' ? this.#constants : this.#lets).push(...names);
      this.#assign(node, true);
    }
    if (node.type === 'ClassDeclaration') {
      this.#lets.push(nameOf(node['id']));
      this.#insert(node.start, `var ${UNUSED} = (${nameOf(node['id'])} = `);
      this.#insert(node.end, ');');
    }
  }

  #visit(node: AnyNode, parent: AnyNode | null, key: string, functionDepth: number): void {
    if (functionDepth === 0 && node.type === 'VariableDeclaration' && node['kind'] === 'var') this.#var(node, parent, key);
    if (node.type === 'UnaryExpression' && node['operator'] === 'typeof') this.#typeOf(node);
    const isFunction = FUNCTIONS.has(node.type);
    const isStatic = node.type === 'StaticBlock' || node.type === 'PropertyDefinition';
    for (const child of children(node)) {
      const childKey = Object.keys(node).find((name) => node[name] === child) ?? '';
      this.#visit(child, node, childKey, functionDepth + (isFunction || isStatic ? 1 : 0));
    }
  }

  #var(node: AnyNode, parent: AnyNode | null, key: string): void {
    for (const name of declaredNames(node)) this.#vars.add(name);
    const isHead = (parent?.type === 'ForStatement' && key === 'init') || key === 'left';
    if (!isHead) return this.#assign(node, false);
    const declarations = node['declarations'] as AnyNode[];
    this.#edits.push({ start: node.start, end: (declarations[0] as AnyNode).start, text: '' });
  }

  /** `let a = 1, b` becomes `var $$_ = (a = 1), $$_ = (b = undefined)`; a `var` without a value assigns nothing. */
  #assign(node: AnyNode, isLexical: boolean): void {
    const declarations = node['declarations'] as AnyNode[];
    this.#edits.push({ start: node.start, end: (declarations[0] as AnyNode).start, text: 'var ' });
    for (const one of declarations) {
      const hasValue = isNode(one['init']);
      this.#insert(one.start, hasValue || isLexical ? `${UNUSED} = (` : `${UNUSED} = (() => `);
      this.#insert(one.end, hasValue || !isLexical ? ')' : ' = undefined)');
    }
  }

  /** `this` of a sloppy function that was called without a receiver is the global object: the context's, not the process's. */
  #receivers(node: AnyNode, strict: boolean, isInFunction = false): void {
    if (node.type === 'ThisExpression' && isInFunction && !strict)
      this.#edits.push({ start: node.start, end: node.end, text: `${this.#support}.receiver(this)` });
    if (node.type === 'ClassDeclaration' || node.type === 'ClassExpression') return;
    const isOwnReceiver = FUNCTIONS.has(node.type) && node.type !== 'ArrowFunctionExpression';
    const { body } = node;
    const statements = FUNCTIONS.has(node.type) && isNode(body) && body.type === 'BlockStatement' ? (body['body'] as AnyNode[]) : [];
    for (const child of children(node)) this.#receivers(child, strict || isStrict(statements), isInFunction || isOwnReceiver);
  }

  #typeOf(node: AnyNode): void {
    const operand = node['argument'] as AnyNode;
    if (operand.type !== 'Identifier') return;
    this.#edits.push(...typeOfEdits(node, operand, this.#support));
  }

  #insert(at: number, text: string): void {
    this.#edits.push({ start: at, end: at, text });
  }
}

/** Edits that put `call` at the start of every loop's body and of every function's. */
export function clockEdits(program: AnyNode, call: string): Edit[] {
  const edits: Edit[] = [];
  walk(program, (node) => {
    const body = node['body'];
    if (!isNode(body) || !(LOOPS.has(node.type) || FUNCTIONS.has(node.type))) return;
    if (body.type === 'BlockStatement') {
      const [first] = body['body'] as AnyNode[];
      if (typeof first?.['directive'] !== 'string') edits.push({ start: body.start + 1, end: body.start + 1, text: call });
    } else if (LOOPS.has(node.type)) {
      edits.push({ start: body.start, end: body.start, text: `{${call}` }, { start: body.end, end: body.end, text: '}' });
    }
  });
  return edits;
}

/** The names that {@link persistEdits} makes properties of the global object. */
export function persistentNames(program: AnyNode): string[] {
  return (program['body'] as AnyNode[]).flatMap((node) => {
    if (node.type === 'ClassDeclaration') return [nameOf(node['id'])];
    return node.type === 'VariableDeclaration' && node['kind'] !== 'var' ? declaredNames(node) : [];
  });
}

/** Edits that make top-level `let`, `const` and classes outlive a script in the global scope, as they do between native scripts. */
export function persistEdits(program: AnyNode): Edit[] {
  const edits: Edit[] = [];
  for (const node of program['body'] as AnyNode[]) {
    if (node.type === 'ClassDeclaration') {
      edits.push(
        { start: node.start, end: node.start, text: `var ${nameOf(node['id'])} = ` },
        { start: node.end, end: node.end, text: ';' },
      );
    } else if (node.type === 'VariableDeclaration' && node['kind'] !== 'var' && !String(node['kind']).includes('using')) {
      const names = declaredNames(node);
      const start = node.start;
      edits.push({ start, end: start + String(node['kind']).length, text: 'var' });
      // A `var` without a value keeps the old one; a `let` does not.
      for (const one of node['declarations'] as AnyNode[])
        if (!isNode(one['init']) && names.length > 0) edits.push({ start: one.end, end: one.end, text: ' = undefined' });
    }
  }
  return edits;
}

function isStrict(body: readonly AnyNode[]): boolean {
  return body.some((statement) => statement['directive'] === 'use strict');
}

function nameOf(node: unknown): string {
  return (node as { name?: string } | null)?.name ?? '';
}

function declaredNames(node: AnyNode): string[] {
  return (node['declarations'] as AnyNode[]).flatMap((one) => patternNames(one['id'] as AnyNode));
}
