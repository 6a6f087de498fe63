// sh and bash: `-c text`, a script file, standard input, or a prompt on a terminal. Runs in the tools worker.
import { absolutePath, errnoText } from '../paths.ts';
import { decodeText } from '../text.ts';
import { readAll, type Tool, type ToolContext } from '../tool.ts';
import { FunctionReturn, Interrupted, LoopJump, ShellExit } from './control.ts';
import { isShellFork } from './fork.ts';
import { interact, terminalJobs } from './interactive.ts';
import { Interpreter } from './interpreter.ts';
import { OPTION_LETTERS, ShellState } from './state.ts';

const NOT_FOUND = 127;
const INTERRUPTED_STATUS = 130;
const LETTER_NAMES = new Map(Object.entries(OPTION_LETTERS).map(([name, letter]) => [letter, name]));

export const sh: Tool = async (context) => {
  const { inherited } = context.host.request;
  if (isShellFork(inherited)) {
    const shell = new Interpreter(context.host, ShellState.restore(inherited.state), context.streams, null);
    for (const [name] of shell.state.traps) shell.signals.handle(name, true);
    return finish(shell, () => shell.runList(inherited.body));
  }
  const call = readArguments(context);
  const isInteractive =
    (call.isInteractive || (call.source === 'stdin' && call.operands.length === 0)) &&
    context.streams[0]?.kind === 'inherited' &&
    context.host.request.stdio[0]?.kind === 'terminal';
  const state = new ShellState(context.host.pid, context.cwd, call.isBash || isInteractive, context.env);
  state.umask = context.umask;
  for (const [name, isOn] of call.options) state.setOption(name, isOn);
  state.setOption('hashall', true);
  const real = context.fs.realpath(state.get('PWD') ?? '');
  // PWD is believed where it names the folder, so that the names of links survive.
  if (typeof real === 'string' && real === context.fs.realpath(context.cwd)) state.cwd = state.get('PWD') ?? context.cwd;
  state.set('PWD', state.cwd);
  state.mark('PWD', { isExported: true });
  state.set('IFS', ' \t\n');
  state.set('OPTIND', '1');
  if (state.isBash) state.set('BASH_VERSION', '5.2.15(1)-release');
  const shell = new Interpreter(context.host, state, context.streams, isInteractive ? terminalJobs(context.host) : null);
  return finish(shell, () => (isInteractive ? interact(context, shell) : runScript(context, shell, call)));
};

async function finish(shell: Interpreter, work: () => Promise<number>): Promise<number> {
  const status = await work().catch(statusOfJump);
  return shell.runExitTrap(status).catch(statusOfJump);
}

function statusOfJump(jump: unknown): number {
  if (jump instanceof ShellExit || jump instanceof FunctionReturn) return jump.status;
  if (jump instanceof LoopJump) return 0;
  if (jump instanceof Interrupted) return INTERRUPTED_STATUS;
  throw jump;
}

interface ShellCall {
  readonly isBash: boolean;
  readonly isInteractive: boolean;
  readonly source: 'text' | 'stdin' | 'file';
  readonly options: readonly (readonly [name: string, isOn: boolean])[];
  readonly operands: readonly string[];
}

function readArguments({ name, args }: ToolContext): ShellCall {
  const options: [string, boolean][] = [];
  const rest = [...args];
  let source: ShellCall['source'] = 'file';
  let isInteractive = false;
  while (/^[-+]./.test(rest[0] ?? '')) {
    const arg = rest.shift() ?? '';
    if (arg === '--') break;
    if (arg.startsWith('--')) continue;
    const isOn = arg.startsWith('-');
    for (const letter of arg.slice(1)) {
      if (letter === 'c') source = 'text';
      else if (letter === 's') source = 'stdin';
      else if (letter === 'i') isInteractive = true;
      else if (letter === 'o') options.push([rest.shift() ?? '', isOn]);
      else options.push([LETTER_NAMES.get(letter) ?? '', isOn]);
    }
  }
  if (source === 'file' && rest.length === 0) source = 'stdin';
  return { isBash: name === 'bash', isInteractive, source, options: options.filter(([option]) => option !== ''), operands: rest };
}

async function runScript(context: ToolContext, shell: Interpreter, { source, operands }: ShellCall): Promise<number> {
  const [first = '', ...rest] = operands;
  if (source === 'text') {
    shell.state.scriptName = rest[0] ?? context.name;
    shell.state.arguments = rest.slice(1);
    return shell.runSource(first, true);
  }
  if (source === 'stdin') {
    shell.state.scriptName = context.name;
    shell.state.arguments = operands;
    return shell.runSource(decodeText(readAll(context)));
  }
  const bytes = context.fs.readFile(absolutePath(context.cwd, first));
  if (typeof bytes === 'number') {
    context.writeError(`${context.name}: 0: cannot open ${first}: ${errnoText(bytes)}\n`);
    return shell.state.isBash ? NOT_FOUND : bytes === -2 ? 2 : 126;
  }
  shell.state.scriptName = first;
  shell.state.arguments = rest;
  return shell.runSource(decodeText(bytes));
}
