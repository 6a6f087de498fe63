// Visits an ESTree: parents before children. acorn's node types are open here, members are read by key.
import type { Node } from 'acorn';

export type AnyNode = Node & Record<string, unknown>;

/** `visit` may return false to skip the children. */
export function walk(root: Node, visit: (node: AnyNode) => boolean | void): void {
  const node = root as AnyNode;
  if (visit(node) === false) return;
  for (const child of children(node)) walk(child, visit);
}

export function children(node: AnyNode): AnyNode[] {
  const found: AnyNode[] = [];
  for (const key in node) {
    const value = node[key];
    const candidates: readonly unknown[] = Array.isArray(value) ? value : [value];
    found.push(...candidates.filter(isNode));
  }
  return found;
}

export function isNode(value: unknown): value is AnyNode {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string';
}

/** The names a binding pattern declares. */
export function patternNames(pattern: AnyNode, names: string[] = []): string[] {
  switch (pattern.type) {
    case 'Identifier':
      names.push(pattern['name'] as string);
      break;
    case 'ObjectPattern':
      for (const property of pattern['properties'] as AnyNode[])
        patternNames((property['argument'] ?? property['value']) as AnyNode, names);
      break;
    case 'ArrayPattern':
      for (const element of pattern['elements'] as (AnyNode | null)[]) if (element !== null) patternNames(element, names);
      break;
    case 'AssignmentPattern':
      patternNames(pattern['left'] as AnyNode, names);
      break;
    case 'RestElement':
      patternNames(pattern['argument'] as AnyNode, names);
      break;
    default:
  }
  return names;
}
