// break continue return exit eval . exec command builtin type: what runs next.
import { searchPath } from '../../../process/exec.ts';
import { absolutePath, errnoText } from '../../paths.ts';
import { decodeText } from '../../text.ts';
import { FunctionReturn, LoopJump, ShellExit } from '../control.ts';
import { quoteForShell } from '../parameters.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Builtin, BuiltinCall } from './call.ts';

const NOT_FOUND = 127;
const RESERVED = new Set([
  'if',
  'then',
  'else',
  'elif',
  'fi',
  'case',
  'esac',
  'for',
  'while',
  'until',
  'do',
  'done',
  'in',
  '{',
  '}',
  '!',
  '[[',
  ']]',
  'function',
  'time',
]);

export const breakLoop: Builtin = ({ args }) => {
  throw new LoopJump('break', Math.max(1, Number(args[0] ?? 1)));
};

export const continueLoop: Builtin = ({ args }) => {
  throw new LoopJump('continue', Math.max(1, Number(args[0] ?? 1)));
};

export const returnFunction: Builtin = ({ shell, args }) => {
  throw new FunctionReturn(statusArgument(shell, args[0]));
};

export const exit: Builtin = ({ shell, args }) => {
  throw new ShellExit(statusArgument(shell, args[0]));
};

function statusArgument(shell: Interpreter, text: string | undefined): number {
  if (text === undefined) return shell.state.status;
  return /^-?\d+$/.test(text) ? Number(text) & 0xff : 2;
}

export const evaluate: Builtin = ({ shell, args }) => (args.length === 0 ? 0 : shell.runSource(args.join(' ')));

export const source: Builtin = async ({ shell, args, name }) => {
  const [file = '', ...values] = args;
  const found = file.includes('/') ? absolutePath(shell.state.cwd, file) : findSource(shell, file);
  const bytes = shell.host.fs.readFile(found);
  if (typeof bytes === 'number') {
    shell.complain(`${name}: ${file}: ${errnoText(bytes)}`);
    return shell.state.isBash ? 1 : NOT_FOUND;
  }
  const outer = shell.state.arguments;
  if (values.length > 0) shell.state.arguments = values;
  try {
    return await shell.runSource(decodeText(bytes));
  } catch (jump) {
    if (jump instanceof FunctionReturn) return jump.status;
    throw jump;
  } finally {
    if (values.length > 0) shell.state.arguments = outer;
  }
};

/** A file in PATH need not be executable to be read; the working folder comes last, as in bash. */
function findSource(shell: Interpreter, file: string): string {
  for (const folder of (shell.state.get('PATH') ?? '').split(':')) {
    const path = absolutePath(shell.state.cwd, `${folder || '.'}/${file}`);
    if (shell.host.fs.access(path, 4) === 0) return path;
  }
  return absolutePath(shell.state.cwd, file);
}

export const exec: Builtin = async ({ shell, args }) => {
  if (args.length === 0) {
    shell.keepsRedirects = true;
    return 0;
  }
  throw new ShellExit(await shell.runCommand(args[0] === '--' ? args.slice(1) : args, { skipsFunctions: true, isFinal: true }));
};

export const command: Builtin = (call) => {
  const [option = '', ...rest] = call.args;
  if (option === '-v') return describe(call, rest, false);
  if (option === '-V') return describe(call, rest, true);
  const fields = option === '-p' || option === '--' ? rest : call.args;
  return fields.length === 0 ? 0 : call.shell.runCommand(fields, { skipsFunctions: true });
};

export const builtin: Builtin = ({ shell, args }) => {
  const [name = ''] = args;
  if (shell.isBuiltin(name)) return shell.runCommand(args, { skipsFunctions: true });
  shell.complain(`builtin: ${name}: not a shell builtin`);
  return 1;
};

export const type: Builtin = (call) => {
  const names = call.args.filter((arg) => !arg.startsWith('-'));
  if (call.args.includes('-t')) return typeWords(call, names);
  if (call.args.some((arg) => /^-[pP]$/.test(arg))) return describe(call, names, false);
  return describe(call, names, true);
};

function typeWords({ shell }: BuiltinCall, names: readonly string[]): number {
  let status = 0;
  for (const name of names) {
    const kind = kindOf(shell, name);
    if (kind === null) status = 1;
    else shell.print(`${kind.word}\n`);
  }
  return status;
}

function kindOf(shell: Interpreter, name: string): { word: string; text: string; shown: string } | null {
  const { state } = shell;
  const alias = state.aliases.get(name);
  if (alias !== undefined) return { word: 'alias', text: `aliased to \`${alias}'`, shown: `alias ${name}=${quoteForShell(alias)}` };
  if (RESERVED.has(name)) return { word: 'keyword', text: 'a shell keyword', shown: name };
  if (state.functions.has(name)) return { word: 'function', text: 'a shell function', shown: name };
  if (shell.isBuiltin(name)) return { word: 'builtin', text: 'a shell builtin', shown: name };
  const path = name.includes('/')
    ? shell.host.fs.access(absolutePath(state.cwd, name), 1) === 0
      ? name
      : -2
    : searchPath(shell.host.fs, { file: name, env: state.environment(), cwd: state.cwd });
  return typeof path === 'number' ? null : { word: 'file', text: path, shown: path };
}

function describe({ shell, name: called }: BuiltinCall, names: readonly string[], isVerbose: boolean): number {
  let status = 0;
  for (const name of names) {
    const kind = kindOf(shell, name);
    if (kind !== null) shell.print(isVerbose ? `${name} is ${kind.text}\n` : `${kind.shown}\n`);
    else {
      if (isVerbose) shell.complain(`${called === 'type' ? 'type: ' : ''}${name}: not found`);
      status = shell.state.isBash ? 1 : NOT_FOUND;
    }
  }
  return status;
}
