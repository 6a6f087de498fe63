// sh: `-c text`, a script file, standard input, or a prompt on a terminal. Runs in the tools worker.
import type { ProcessHost } from '../../process/host.ts';
import { absolutePath, errnoText, readAll, text, type Tool, type ToolContext } from '../tool.ts';
import { completer } from './completion.ts';
import { FunctionReturn, LoopJump, ShellExit } from './control.ts';
import { Interpreter, type JobControl } from './interpreter.ts';
import { LineEditor } from './line-editor.ts';
import { parseShell } from './parser.ts';
import { ShellState } from './state.ts';
import { inheritedStreams } from './streams.ts';
import { ShellSyntaxError } from './syntax.ts';

const NOT_FOUND = 127;
const CANCELLED = 130;

export const sh: Tool = async (context) => {
  const state = new ShellState(context.host.pid, context.cwd, context.env);
  const args = takeOptions([...context.args], state);
  const terminal = context.host.request.stdio[0]?.kind === 'terminal' && args[0] === undefined;
  const jobs = terminal ? terminalJobs(context.host) : null;
  const shell = new Interpreter(context.host, state, inheritedStreams(context.host), jobs);
  try {
    return terminal ? await interact(context, shell) : await runScript(context, shell, args);
  } catch (jump) {
    if (jump instanceof ShellExit || jump instanceof FunctionReturn) return jump.status;
    if (jump instanceof LoopJump) return 0;
    throw jump;
  }
};

/** `-e`, `-u`, `-x` and their combinations; the rest stays. */
function takeOptions(args: string[], state: ShellState): string[] {
  while (/^-[eux]+c?$/.test(args[0] ?? '')) {
    const letters = args.shift() ?? '';
    state.options = {
      ...state.options,
      exitsOnError: letters.includes('e'),
      refusesUnset: letters.includes('u'),
      traces: letters.includes('x'),
    };
    if (letters.includes('c')) args.unshift('-c');
  }
  return args.filter((arg, index) => !(index === 0 && (arg === '-i' || arg === '-l' || arg === '--login')));
}

async function runScript(context: ToolContext, shell: Interpreter, args: readonly string[]): Promise<number> {
  const [first, ...rest] = args;
  if (first === '-c') {
    const [source = '', name, ...values] = rest;
    shell.state.scriptName = name ?? 'sh';
    shell.state.arguments = values;
    return shell.runSource(source);
  }
  if (first === undefined || first === '-s') return shell.runSource(text(readAll(context)));
  const bytes = context.fs.readFile(absolutePath(context.cwd, first));
  if (typeof bytes === 'number') {
    context.writeError(`sh: ${first}: ${errnoText(bytes)}\n`);
    return NOT_FOUND;
  }
  shell.state.scriptName = first;
  shell.state.arguments = rest;
  return shell.runSource(text(bytes).replace(/^#![^\n]*/, ''));
}

async function interact(context: ToolContext, shell: Interpreter): Promise<number> {
  const { host } = context;
  const stdio = host.request.stdio[0];
  if (stdio?.kind !== 'terminal') return 0;
  const control = host.terminalControl(stdio);
  const editor = new LineEditor(
    {
      read: () => context.read(),
      write: (content) => context.write(content),
      get columns() {
        return control.columns;
      },
    },
    completer(host.fs, () => shell.state.cwd),
  );
  for (;;) {
    control.isRaw = true;
    const source = readCommand(editor, shell);
    control.isRaw = false;
    if (source === null) return shell.state.status;
    try {
      await shell.runSource(source);
    } catch (jump) {
      if (jump instanceof ShellExit) return jump.status;
      if (!(jump instanceof FunctionReturn) && !(jump instanceof LoopJump)) throw jump;
    }
  }
}

/** One command, over as many lines as it takes; `null` at the end of input. */
function readCommand(editor: LineEditor, shell: Interpreter): string | null {
  let source = '';
  for (;;) {
    const read = editor.readLine(source === '' ? prompt(shell) : '> ');
    if (read === null) return source === '' ? null : source;
    if (read.isCancelled) {
      shell.state.status = CANCELLED;
      return '';
    }
    source = source === '' ? read.line : `${source}\n${read.line}`;
    if (isComplete(source)) break;
  }
  editor.remember(source);
  return source;
}

function isComplete(source: string): boolean {
  try {
    parseShell(source);
    return true;
  } catch (error) {
    return !(error instanceof ShellSyntaxError && error.isIncomplete);
  }
}

/** The folder, then a mark that is red after a failure. */
function prompt({ state }: Interpreter): string {
  const home = state.get('HOME') ?? '';
  const folder = home !== '' && (state.cwd === home || state.cwd.startsWith(`${home}/`)) ? `~${state.cwd.slice(home.length)}` : state.cwd;
  return `\u001b[1;34m${folder}\u001b[0m \u001b[${state.status === 0 ? '32' : '31'}m❯\u001b[0m `;
}

/** Ctrl-C reaches the job in the foreground, never the shell. */
function terminalJobs(host: ProcessHost): JobControl {
  const stdio = host.request.stdio[0];
  const setForeground = (group: number): void => {
    if (stdio?.kind === 'terminal') host.callSync({ type: 'set-foreground', terminalId: stdio.terminalId, group });
  };
  return {
    foreground: setForeground,
    restore: () => {
      // A job that died in raw mode leaves the terminal to us as we want it.
      if (stdio?.kind === 'terminal') host.terminalControl(stdio).isRaw = false;
      setForeground(host.pid);
    },
  };
}
