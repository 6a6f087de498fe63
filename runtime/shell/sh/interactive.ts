// The shell at a terminal: prompt, history, job control. Runs in the tools worker.
import type { ProcessHost } from '../../process/host.ts';
import { decodeText, encodeText } from '../text.ts';
import type { ToolContext } from '../tool.ts';
import { completer } from './completion.ts';
import { FunctionReturn, Interrupted, LoopJump } from './control.ts';
import type { Interpreter, JobControl } from './interpreter.ts';
import { LineEditor } from './line-editor.ts';
import { parseShell } from './parser.ts';
import { ShellSyntaxError } from './syntax.ts';

const CANCELLED = 130;
const MAX_HISTORY = 1000;
const OWN_SIGNALS = ['INT', 'QUIT', 'TERM', 'TSTP', 'TTIN', 'TTOU'];

export async function interact(context: ToolContext, shell: Interpreter): Promise<number> {
  const { host } = context;
  const stdio = host.request.stdio[0];
  if (stdio?.kind !== 'terminal') return 0;
  for (const name of OWN_SIGNALS) shell.signals.handle(name, true);
  shell.control?.restore();
  const control = host.terminalControl(stdio);
  loadHistory(shell);
  await runProfile(shell);
  const editor = new LineEditor(
    {
      read: () => shell.io.read(shell.streams[0]),
      write: (content) => shell.io.write(shell.streams[1], encodeText(content)),
      get columns() {
        return control.columns;
      },
    },
    completer(shell),
    shell.history,
  );
  for (;;) {
    await reportJobs(shell);
    control.isRaw = true;
    const source = readCommand(editor, shell);
    control.isRaw = false;
    if (source === null) {
      if (shell.jobs.list().some(({ isStopped }) => isStopped) && !leavesStopped.has(shell)) {
        leavesStopped.add(shell);
        shell.printError('There are stopped jobs.\n');
        continue;
      }
      return shell.state.status;
    }
    if (source !== '') remember(shell, source);
    await runLine(shell, source);
  }
}

/** Shells that were told about stopped jobs: the second Ctrl-D leaves. */
const leavesStopped = new WeakSet<Interpreter>();

async function runLine(shell: Interpreter, source: string): Promise<void> {
  try {
    await shell.runTraps();
    await shell.runSource(source);
  } catch (jump) {
    if (jump instanceof Interrupted) {
      // What Ctrl-C broke off must not reach the next command.
      while (shell.signals.take() !== null);
      shell.state.status = CANCELLED;
    } else if (!(jump instanceof FunctionReturn) && !(jump instanceof LoopJump)) throw jump;
  }
}

/** `~/.bashrc` and `~/.profile` are read where they exist. */
async function runProfile(shell: Interpreter): Promise<void> {
  shell.state.aliases.set('ll', 'ls -l');
  for (const name of ['.profile', '.bashrc']) {
    const bytes = shell.host.fs.readFile(`${shell.state.get('HOME') ?? '/'}/${name}`);
    if (typeof bytes !== 'number') await runLine(shell, decodeText(bytes));
  }
}

async function reportJobs(shell: Interpreter): Promise<void> {
  // Lets the news about background jobs in: they come as messages.
  await new Promise((resolve) => setTimeout(resolve, 0));
  for (const job of [...shell.jobs.list()]) {
    if (!job.isEnded) continue;
    shell.printError(`[${job.id}]${shell.jobs.mark(job)}  ${job.describe().padEnd(22)}  ${job.source}\n`);
    shell.jobs.remove(job);
  }
}

/** One command, over as many lines as it takes; `null` at the end of input. */
function readCommand(editor: LineEditor, shell: Interpreter): string | null {
  let source = '';
  for (;;) {
    const read = editor.readLine(source === '' ? prompt(shell) : (shell.state.get('PS2') ?? '> '));
    if (read === null) return source === '' ? null : source;
    if (read.isCancelled) {
      shell.state.status = CANCELLED;
      return '';
    }
    source = source === '' ? read.line : `${source}\n${read.line}`;
    if (isComplete(source)) break;
  }
  return source.trim() === '' ? '' : source;
}

function isComplete(source: string): boolean {
  if (/(?:^|[^\\])(?:\\\\)*\\$/.test(source)) return false;
  try {
    parseShell(source);
    return true;
  } catch (error) {
    return !(error instanceof ShellSyntaxError && error.isIncomplete);
  }
}

function historyFile(shell: Interpreter): string {
  return shell.state.get('HISTFILE') ?? `${shell.state.get('HOME') ?? '/'}/.sh_history`;
}

function loadHistory(shell: Interpreter): void {
  const bytes = shell.host.fs.readFile(historyFile(shell));
  if (typeof bytes === 'number') return;
  const lines = decodeText(bytes)
    .split('\n')
    .filter((line) => line !== '');
  shell.history.push(...lines.slice(-MAX_HISTORY).map((line) => line.replaceAll('\u2424', '\n')));
}

/** Appended at once, so that several terminals add to one history. A line that starts with a blank is not kept. */
function remember(shell: Interpreter, line: string): void {
  if (line.startsWith(' ') || shell.history.at(-1) === line) return;
  shell.history.push(line);
  if (shell.history.length > MAX_HISTORY) shell.history.shift();
  const { fs } = shell.host;
  const handle = fs.open(historyFile(shell), 0o2101, 0o600);
  if (handle < 0) return;
  fs.write(handle, encodeText(`${line.replaceAll('\n', '\u2424')}\n`), -1);
  fs.close(handle);
}

/** PS1 with bash's escapes where it is set; else the folder and a mark that is red after a failure. */
function prompt({ state }: Interpreter): string {
  const home = state.get('HOME') ?? '';
  const folder = home !== '' && (state.cwd === home || state.cwd.startsWith(`${home}/`)) ? `~${state.cwd.slice(home.length)}` : state.cwd;
  const title = `\u001b]0;${folder}\u0007`;
  const custom = state.get('PS1');
  if (custom !== undefined) return custom.replaceAll(/\\([uhHwW$ns[\]\\e])/g, (_whole, key: string) => promptPart(key, folder));
  return `${title}\u001b[1;34m${folder}\u001b[0m \u001b[${state.status === 0 ? '32' : '31'}m❯\u001b[0m `;
}

function promptPart(key: string, folder: string): string {
  const parts: Readonly<Record<string, string>> = {
    u: 'user',
    h: 'verklet',
    H: 'verklet',
    w: folder,
    W: folder.slice(folder.lastIndexOf('/') + 1) || '/',
    $: '$',
    n: '\n',
    s: 'sh',
    e: '\u001b',
    '\\': '\\',
  };
  return parts[key] ?? '';
}

/** Ctrl-C reaches the job in the foreground, never the shell. */
export function terminalJobs(host: ProcessHost): JobControl {
  const stdio = host.request.stdio[0];
  const setForeground = (group: number): void => {
    if (stdio?.kind === 'terminal') host.callSync({ type: 'set-foreground', terminalId: stdio.terminalId, group });
  };
  return {
    foreground: setForeground,
    restore: () => {
      if (stdio?.kind !== 'terminal') return;
      // A job that died in raw mode leaves the terminal to us as we want it.
      const control = host.terminalControl(stdio);
      control.isRaw = false;
      control.isSilent = false;
      setForeground(host.pid);
    },
  };
}
