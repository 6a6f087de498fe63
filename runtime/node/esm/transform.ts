// Turns the text of an ES module into a generator function: the first step hoists functions and hands out export getters, the
// second runs the body. Imported names become property reads on the dependency, so bindings are live. Lines do not move.
import { parse } from 'acorn';
import { awaitEdits, mayAwait } from '../compile/awaits.ts';
import { applyEdits, type Edit, lineBreaks, sortEdits } from '../compile/edits.ts';
import { type AnyNode, patternNames } from '../compile/walk.ts';
import { AWAIT_NAME } from '../compile/rewrite.ts';
import { withoutHashbang } from '../compile/scripts.ts';
import { rewriteReferences } from './references.ts';

export interface ModuleRequest {
  readonly specifier: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly phase: number;
}

/** An imported name and where it is written, for errors. `name` null: the whole namespace. */
export interface ImportedName {
  readonly request: number;
  readonly name: string | null;
  readonly line: number;
  readonly column: number;
}

export interface TransformedModule {
  /** A generator function expression; parameters: imports, export setter, `import.meta` getter, dynamic import, await helper. */
  readonly code: string;
  /** The text that {@link edits} changed, and the changes in order. */
  readonly text: string;
  readonly edits: readonly Edit[];
  readonly requests: readonly ModuleRequest[];
  readonly imports: readonly ImportedName[];
  /** Exported names bound in this module. */
  readonly locals: readonly string[];
  /** Names exported from a dependency; `imported` null re-exports its namespace. */
  readonly indirect: readonly { readonly name: string; readonly request: number; readonly imported: string | null }[];
  /** Requests of `export *`. */
  readonly stars: readonly number[];
  readonly hasTopLevelAwait: boolean;
  /** Line of the first top-level await, from 1; 0 where there is none. */
  readonly awaitLine: number;
}

const EVALUATION_PHASE = 2;
/** Ends the part before the module's own text. */
export const MODULE_BODY = ' yield; ';
/** The binding of `export default <expression>`. */
const DEFAULT = '$$default';

/** Throws a SyntaxError with `loc`, as acorn does. */
export function transformModule(source: string): TransformedModule {
  const text = withoutHashbang(source);
  const program = parse(text, { ecmaVersion: 'latest', sourceType: 'module', locations: true }) as unknown as AnyNode;
  const collector = new Collector(text);
  for (const statement of program['body'] as AnyNode[]) collector.statement(statement);
  const references = rewriteReferences(program, collector.bindings);
  collector.edits.push(...references.edits);
  if (mayAwait(text)) collector.edits.push(...awaitEdits(program, AWAIT_NAME));
  return collector.finish(references.awaitLine);
}

class Collector {
  readonly edits: Edit[] = [];
  /** Local name of an import to the expression that reads it. */
  readonly bindings = new Map<string, string>();
  readonly #source: string;
  readonly #requests: ModuleRequest[] = [];
  readonly #requestIndex = new Map<string, number>();
  readonly #imports: ImportedName[] = [];
  readonly #imported = new Map<string, { request: number; name: string | null }>();
  readonly #exports: { name: string; local: string }[] = [];
  readonly #indirect: { name: string; request: number; imported: string | null }[] = [];
  readonly #stars: number[] = [];
  #hoisted = '';

  constructor(source: string) {
    this.#source = source;
  }

  statement(node: AnyNode): void {
    switch (node.type) {
      case 'ImportDeclaration':
        return this.#import(node);
      case 'ExportAllDeclaration':
        return this.#exportAll(node);
      case 'ExportNamedDeclaration':
        return this.#exportNamed(node);
      case 'ExportDefaultDeclaration':
        return this.#exportDefault(node);
      default:
    }
  }

  finish(awaitLine: number): TransformedModule {
    const locals: { name: string; local: string }[] = [];
    for (const { name, local } of this.#exports) {
      const imported = this.#imported.get(local);
      if (imported === undefined) locals.push({ name, local });
      else this.#indirect.push({ name, request: imported.request, imported: imported.name });
    }
    const getters = locals.map(({ name, local }) => `${JSON.stringify(name)}: () => ${local}`).join(', ');
    const head = `(${awaitLine > 0 ? 'async ' : ''}function* ($$imports, $$export, $$meta, $$import, ${AWAIT_NAME}) { "use strict"; $$export({ __proto__: null, ${getters} });${this.#hoisted}${MODULE_BODY}`;
    const edits = sortEdits(this.edits);
    return {
      code: `${head}${applyEdits(this.#source, edits)}\n})`,
      text: this.#source,
      edits,
      requests: this.#requests,
      imports: this.#imports,
      locals: locals.map(({ name }) => name),
      indirect: this.#indirect,
      stars: this.#stars,
      hasTopLevelAwait: awaitLine > 0,
      awaitLine,
    };
  }

  #import(node: AnyNode): void {
    const request = this.#request(node);
    for (const specifier of node['specifiers'] as AnyNode[]) {
      const local = (specifier['local'] as AnyNode)['name'] as string;
      const name =
        specifier.type === 'ImportNamespaceSpecifier'
          ? null
          : specifier.type === 'ImportDefaultSpecifier'
            ? 'default'
            : nameOf(specifier['imported']);
      this.#use(request, name, specifier);
      this.#imported.set(local, { request, name });
      this.bindings.set(local, name === null ? `$$imports[${request}].namespace` : `$$imports[${request}].names[${JSON.stringify(name)}]`);
    }
    this.#drop(node);
  }

  #exportAll(node: AnyNode): void {
    const request = this.#request(node);
    if (node['exported'] === null || node['exported'] === undefined) this.#stars.push(request);
    else this.#indirect.push({ name: nameOf(node['exported']), request, imported: null });
    this.#drop(node);
  }

  #exportNamed(node: AnyNode): void {
    const declaration = node['declaration'] as AnyNode | null;
    if (declaration !== null) {
      this.edits.push({ start: node.start, end: declaration.start, text: '' });
      for (const local of declaredNames(declaration)) this.#exports.push({ name: local, local });
      return;
    }
    const request = node['source'] === null ? -1 : this.#request(node);
    for (const specifier of node['specifiers'] as AnyNode[]) {
      const [name, local] = [nameOf(specifier['exported']), nameOf(specifier['local'])];
      if (request === -1) this.#exports.push({ name, local });
      else {
        this.#use(request, local, specifier);
        this.#indirect.push({ name, request, imported: local });
      }
    }
    this.#drop(node);
  }

  #exportDefault(node: AnyNode): void {
    const value = node['declaration'] as AnyNode;
    const isDeclaration = value.type === 'FunctionDeclaration' || value.type === 'ClassDeclaration';
    if (isDeclaration && value['id'] !== null) {
      this.edits.push({ start: node.start, end: value.start, text: '' });
      this.#exports.push({ name: 'default', local: (value['id'] as AnyNode)['name'] as string });
      return;
    }
    this.#exports.push({ name: 'default', local: DEFAULT });
    if (value.type === 'FunctionDeclaration') {
      // Hoisted like any function: give it a name to hoist by, and the name the language prescribes.
      const [keyword = ''] = /^(?:async\s+)?function\s*\*?/.exec(this.#source.slice(value.start, value.end)) ?? [];
      this.edits.push({ start: node.start, end: value.start + keyword.length, text: `${keyword} ${DEFAULT}` });
      this.#hoisted += ` Object.defineProperty(${DEFAULT}, "name", { value: "default", configurable: true });`;
      return;
    }
    // A property definition names anonymous functions and classes "default", as the language wants.
    this.edits.push({
      start: node.start,
      end: value.start,
      text: `const ${DEFAULT} = ({ "default": ${lineBreaks(this.#source.slice(node.start, value.start))}(`,
    });
    this.edits.push({ start: value.end, end: node.end, text: `) }).default;${lineBreaks(this.#source.slice(value.end, node.end))}` });
  }

  #request(node: AnyNode): number {
    const specifier = (node['source'] as AnyNode)['value'] as string;
    const attributes: Record<string, string> = Object.assign(Object.create(null) as Record<string, string>, {});
    for (const attribute of (node['attributes'] ?? []) as AnyNode[])
      attributes[nameOf(attribute['key'])] = (attribute['value'] as AnyNode)['value'] as string;
    const key = JSON.stringify([specifier, Object.entries(attributes)]);
    const known = this.#requestIndex.get(key);
    if (known !== undefined) return known;
    const index = this.#requests.push({ specifier, attributes, phase: EVALUATION_PHASE }) - 1;
    this.#requestIndex.set(key, index);
    return index;
  }

  #use(request: number, name: string | null, node: AnyNode): void {
    const { start } = node['loc'] as { start: { line: number; column: number } };
    this.#imports.push({ request, name, line: start.line, column: start.column });
  }

  #drop(node: AnyNode): void {
    this.edits.push({ start: node.start, end: node.end, text: `;${lineBreaks(this.#source.slice(node.start, node.end))}` });
  }
}

function nameOf(node: unknown): string {
  const { name, value } = node as { name?: string; value?: string };
  return name ?? value ?? '';
}

function declaredNames(declaration: AnyNode): string[] {
  if (declaration.type !== 'VariableDeclaration') return [(declaration['id'] as AnyNode)['name'] as string];
  return (declaration['declarations'] as AnyNode[]).flatMap((one) => patternNames(one['id'] as AnyNode));
}
