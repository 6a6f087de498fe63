// Assignments: plain, appended, array elements and whole arrays. Runs in the tools worker.
import type { Expander } from './expansion.ts';
import type { ShellState, Value } from './state.ts';
import type { Assignment } from './syntax.ts';

/** Throws ReadonlyError. */
export async function assign(assignment: Assignment, state: ShellState, expander: Expander): Promise<void> {
  const { name, index, isAppended, value, elements } = assignment;
  if (elements !== null) {
    state.setValue(name, await arrayValue(assignment, state, expander));
    return;
  }
  const text = await expander.text(value, true);
  const isInteger = state.variables.get(name)?.isInteger === true;
  if (index === null) {
    const before = isAppended ? (state.get(name) ?? '') : '';
    state.set(name, isInteger ? String(expander.evaluate(isAppended ? `${before || 0}+(${text || 0})` : text)) : before + text);
    return;
  }
  const key = await indexKey(name, await expander.text(index), state, expander);
  state.setElement(name, key, isAppended ? (state.element(name, key) ?? '') + text : text);
}

async function arrayValue({ name, isAppended, elements }: Assignment, state: ShellState, expander: Expander): Promise<Value> {
  if (state.isAssociative(name)) {
    const items = new Map(isAppended ? state.entries(name) : []);
    for (const { key, value } of elements ?? []) items.set(key === null ? '0' : await expander.text(key), await expander.text(value));
    return { kind: 'associative', items };
  }
  const items = new Map<number, string>(isAppended ? state.entries(name).map(([key, text]) => [Number(key), text] as const) : []);
  let next = items.size === 0 ? 0 : Math.max(...items.keys()) + 1;
  for (const { key, value } of elements ?? []) {
    if (key !== null) {
      next = Number(await expander.arithmetic(key));
      items.set(next++, await expander.text(value));
    } else for (const field of await expander.fields([value])) items.set(next++, field);
  }
  return { kind: 'indexed', items };
}

function indexKey(name: string, index: string, state: ShellState, expander: Expander): string {
  return state.isAssociative(name) ? index : String(expander.evaluate(index));
}
