// echo printf test history help times: what a shell says without changing itself.
import { formatEcho } from '../../tools/echo.ts';
import { formatPrintf } from '../../tools/printf-format.ts';
import { isSet, testPlace } from '../conditions.ts';
import { ShellSyntaxError } from '../syntax.ts';
import { evaluateTest } from '../test-expression.ts';
import type { Builtin, BuiltinCall } from './call.ts';

export const echo: Builtin = ({ shell, args }) => {
  shell.print(formatEcho(args, shell.state.isBash && !shell.state.shellOptions.has('xpg_echo') ? 'bash' : 'dash'));
  return 0;
};

export const printf: Builtin = ({ shell, args }) => {
  const [option, name = '', ...rest] = args;
  const target = option === '-v' ? name : null;
  const [format, ...values] = target === null ? (option === '--' ? args.slice(1) : args) : rest;
  if (format === undefined) {
    shell.complain('printf: usage: printf format [arg ...]');
    return 2;
  }
  const { text, problems } = formatPrintf(format, values);
  if (target === null) shell.print(text);
  else shell.state.set(target, text);
  for (const problem of problems) shell.complain(`printf: ${problem}`);
  return problems.length > 0 ? 1 : 0;
};

export const test: Builtin = (call) => evaluate(call, call.args);

export const bracket: Builtin = (call) => {
  if (call.args.at(-1) === ']') return evaluate(call, call.args.slice(0, -1));
  call.shell.complain("[: missing ']'");
  return 2;
};

function evaluate({ shell, name }: BuiltinCall, args: readonly string[]): number {
  if (args.length === 2 && args[0] === '-v') return isSet(args[1] ?? '', shell) ? 0 : 1;
  try {
    return evaluateTest(args, testPlace(shell)) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    shell.complain(`${name}: ${error.message}`);
    return 2;
  }
}

export const history: Builtin = ({ shell, args }) => {
  const entries = shell.history;
  if (args[0] === '-c') {
    entries.length = 0;
    return 0;
  }
  const first = args[0] === undefined ? 0 : Math.max(0, entries.length - Number(args[0]));
  shell.print(
    entries
      .slice(first)
      .map((line, index) => `${String(first + index + 1).padStart(5)}  ${line}\n`)
      .join(''),
  );
  return 0;
};

export const help: Builtin = ({ shell }) => {
  shell.print(
    'This is a POSIX shell with bash additions. Tab completes, the arrows recall, Ctrl-R searches the history,\n' +
      'Ctrl-C ends a program, Ctrl-Z stops it (fg and bg continue it), Ctrl-D ends the shell.\n' +
      'Programs: type `ls /usr/bin`. In the app, Ctrl-Shift-M leaves the terminal by keyboard.\n',
  );
  return 0;
};

export const times: Builtin = ({ shell }) => {
  shell.print('0m0.000000s 0m0.000000s\n0m0.000000s 0m0.000000s\n');
  return 0;
};
