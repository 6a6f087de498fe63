// Functions say of themselves what their author wrote, not what we compiled: programs send such text to browsers, workers and
// test pages, where our helpers do not exist. The rewriting leaves marks that are taken out again here. Process worker.

/** Behind what opens a helper's call, and before what closes it; a list is closed by two brackets. */
export const OPENED = '/*$$*/';
export const CLOSED = '/*$$*/)';
export const LIST_CLOSED = '/*$$$*/))';

const OPENING = / [^\s]+?\(\(?\/\*\$\$\*\//g;
const CLOSING = /\/\*\$\$\*\/\)|\/\*\$\$\$\*\/\)\)/g;
const IMPORT = /(?:globalThis\[Symbol\.for\("verklet\.import"\)\]|\$\$vm\.import)\(\d+,/g;

/** The text before {@link OPENED} and its fellows were put in. */
export function writtenText(text: string): string {
  const awaited = text.includes(OPENED) ? text.replace(OPENING, '').replace(CLOSING, '') : text;
  return awaited.includes('import') ? awaited.replace(IMPORT, 'import(') : awaited;
}

/** Patches the realm's `Function.prototype.toString`: call before anything keeps a copy of it. */
export function patchFunctionText(functions: FunctionConstructor): void {
  const native = functions.prototype.toString;
  const patched = {
    // A method: like the native function it cannot be constructed and has no prototype.
    toString(this: unknown): string {
      return writtenText(Reflect.apply(native, this === patched ? native : this, []) as string);
    },
  }.toString;
  Object.defineProperty(functions.prototype, 'toString', { value: patched });
}
