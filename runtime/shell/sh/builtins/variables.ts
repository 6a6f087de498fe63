// export readonly local declare let unset alias unalias: names and their values.
import type { BuiltinCall, Builtin } from './call.ts';
import { quoteForShell } from '../parameters.ts';
import { ReadonlyError, type Variable } from '../state.ts';

export const exportNames: Builtin = (call) => {
  const { shell, args } = call;
  const names = args.filter((arg) => !/^-[npf]+$/.test(arg) && arg !== '--');
  if (names.length === 0)
    return list(
      call,
      ({ isExported }) => isExported,
      (name, value) => `export ${name}${value}`,
    );
  const isExported = !args.includes('-n');
  return each(call, names, (name) => shell.state.mark(name, { isExported }));
};

export const readonlyNames: Builtin = (call) => {
  const names = call.args.filter((arg) => !/^-[paAf]+$/.test(arg));
  if (names.length === 0)
    return list(
      call,
      ({ isReadonly }) => isReadonly,
      (name, value) => `readonly ${name}${value}`,
    );
  return each(call, names, (name) => call.shell.state.mark(name, { isReadonly: true }));
};

export const local: Builtin = (call) => {
  if (call.shell.state.locals.length === 0) {
    call.shell.complain('local: not in a function');
    return call.shell.state.isBash ? 1 : 2;
  }
  return declare(call);
};

export const declare: Builtin = (call) => {
  const { shell, args } = call;
  const { state } = shell;
  const letters = args.filter((arg) => /^[-+][a-zA-Z]+$/.test(arg)).join('');
  const names = args.filter((arg) => !/^[-+][a-zA-Z]+$/.test(arg) && arg !== '--');
  if (names.length === 0)
    return letters.includes('f') || letters.includes('F')
      ? listFunctions(call)
      : list(
          call,
          () => true,
          (name, value) => `declare -- ${name}${value}`,
        );
  if (letters.includes('f') || letters.includes('F')) return names.every((name) => state.functions.has(name)) ? 0 : 1;
  const frame = letters.includes('g') ? undefined : state.locals.at(-1);
  const prepare = (name: string): void => {
    if (frame !== undefined && !frame.has(name)) {
      frame.set(name, state.variables.get(name));
      // Bash's locals start without a value; dash's keep the outer one.
      if (state.isBash) state.variables.delete(name);
    }
    if (letters.includes('A') && !state.isAssociative(name)) state.setValue(name, { kind: 'associative', items: new Map() });
    else if (letters.includes('a') && state.variables.get(name)?.value?.kind !== 'indexed')
      state.setValue(name, { kind: 'indexed', items: new Map() });
    else if (!state.variables.has(name)) state.setValue(name, null);
    state.mark(name, {
      ...(letters.includes('x') && { isExported: true }),
      ...(letters.includes('i') && { isInteger: true }),
    });
  };
  return each(call, names, (name) => state.mark(name, letters.includes('r') ? { isReadonly: true } : {}), prepare);
};

/** `name` and `name=value` operands; complains about what is no name. */
function each(
  { shell, name: called }: BuiltinCall,
  operands: readonly string[],
  work: (name: string) => void,
  before?: (name: string) => void,
): number {
  let status = 0;
  for (const operand of operands) {
    const equals = operand.indexOf('=');
    const name = equals === -1 ? operand : operand.slice(0, equals);
    if (!/^[A-Za-z_]\w*$/.test(name)) {
      shell.complain(`${called}: ${operand}: bad variable name`);
      status = shell.state.isBash ? 1 : 2;
      continue;
    }
    try {
      before?.(name);
      if (equals !== -1) {
        const text = operand.slice(equals + 1);
        shell.state.set(name, shell.state.variables.get(name)?.isInteger === true ? String(shell.expander().evaluate(text)) : text);
      }
      work(name);
    } catch (error) {
      if (!(error instanceof ReadonlyError)) throw error;
      shell.complain(error.message);
      status = 1;
    }
  }
  return status;
}

function list({ shell }: BuiltinCall, isShown: (variable: Variable) => boolean, line: (name: string, value: string) => string): number {
  const entries = [...shell.state.variables].filter(([, variable]) => isShown(variable)).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, { value }] of entries) {
    if (value === null) shell.print(`${line(name, '')}\n`);
    else if (value.kind === 'text')
      shell.print(`${line(name, `=${shell.state.isBash ? JSON.stringify(value.text) : quoteForShell(value.text)}`)}\n`);
  }
  return 0;
}

function listFunctions({ shell }: BuiltinCall): number {
  for (const name of [...shell.state.functions.keys()].sort()) shell.print(`declare -f ${name}\n`);
  return 0;
}

export const evaluateLet: Builtin = ({ shell, args }) => {
  let value = 0n;
  for (const arg of args) value = shell.expander().evaluate(arg);
  return value === 0n ? 1 : 0;
};

export const unset: Builtin = ({ shell, args }) => {
  let status = 0;
  const isFunction = args.includes('-f');
  for (const name of args.filter((arg) => !/^-[fvn]$/.test(arg))) {
    const element = /^(\w+)\[(.+)\]$/.exec(name);
    try {
      if (element !== null) {
        const [, array = '', index = ''] = element;
        shell.state.unsetElement(array, shell.state.isAssociative(array) ? index : String(shell.expander().evaluate(index)));
      } else if (isFunction || (!shell.state.variables.has(name) && !args.includes('-v'))) shell.state.functions.delete(name);
      else shell.state.unset(name);
    } catch (error) {
      if (!(error instanceof ReadonlyError)) throw error;
      shell.complain(`unset: ${error.message}`);
      status = 1;
    }
  }
  return status;
};

export const alias: Builtin = ({ shell, args }) => {
  let status = 0;
  const show = (name: string, text: string): void => shell.print(`${shell.state.isBash ? 'alias ' : ''}${name}=${quoteForShell(text)}\n`);
  if (args.length === 0) for (const [name, text] of [...shell.state.aliases].sort()) show(name, text);
  for (const arg of args) {
    const equals = arg.indexOf('=');
    const known = shell.state.aliases.get(arg);
    if (equals > 0) shell.state.aliases.set(arg.slice(0, equals), arg.slice(equals + 1));
    else if (known !== undefined) show(arg, known);
    else {
      shell.complain(`alias: ${arg}: not found`);
      status = 1;
    }
  }
  return status;
};

export const unalias: Builtin = ({ shell, args }) => {
  if (args[0] === '-a') shell.state.aliases.clear();
  let status = 0;
  for (const name of args.filter((arg) => arg !== '-a')) if (!shell.state.aliases.delete(name)) status = 1;
  return status;
};
