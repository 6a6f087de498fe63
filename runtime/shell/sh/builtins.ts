// The commands that change the shell itself. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { searchPath } from '../../process/exec.ts';
import { signalNumber } from '../../kernel/signals.ts';
import { absolutePath, errnoText } from '../tool.ts';
import { TOOL_NAMES } from '../program-names.ts';
import { FunctionReturn, LoopJump, ShellExit } from './control.ts';
import type { Interpreter } from './interpreter.ts';
import type { Streams } from './streams.ts';
import { ShellSyntaxError } from './syntax.ts';
import { evaluateTest } from './test-expression.ts';

export interface BuiltinCall {
  readonly shell: Interpreter;
  readonly args: readonly string[];
  readonly streams: Streams;
}

type Builtin = (call: BuiltinCall) => number | Promise<number>;

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const UNKNOWN_SIGNAL = 1;

export const builtins: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  alias: ({ shell, args }) => {
    for (const arg of args) {
      const equals = arg.indexOf('=');
      if (equals > 0) shell.state.aliases.set(arg.slice(0, equals), arg.slice(equals + 1));
    }
    return 0;
  },
  break: ({ args }) => {
    throw new LoopJump('break', Number(args[0] ?? 1));
  },
  cd,
  command: (call) =>
    call.args[0] === '-v' ? describe(call, call.args.slice(1), false) : call.shell.runCommand([...call.args], call.streams, {}),
  continue: ({ args }) => {
    throw new LoopJump('continue', Number(args[0] ?? 1));
  },
  eval: ({ shell, args, streams }) => shell.runSource(args.join(' '), streams),
  exec: async ({ shell, args, streams }) => {
    if (args.length === 0) {
      shell.streams = streams;
      return 0;
    }
    throw new ShellExit(await shell.runCommand([...args], streams, {}));
  },
  exit: ({ shell, args }) => {
    throw new ShellExit(args[0] === undefined ? shell.state.status : Number(args[0]) & 0xff);
  },
  export: ({ shell, args, streams }) => {
    if (args.length === 0 || args[0] === '-p')
      for (const name of [...shell.state.exported].sort()) shell.print(streams, `export ${name}='${shell.state.get(name) ?? ''}'\n`);
    for (const arg of args.filter((one) => one !== '-p')) {
      const [name = '', value] = splitAssignment(arg);
      if (value !== undefined) shell.state.set(name, value);
      shell.state.exported.add(name);
    }
    return 0;
  },
  jobs: () => 0,
  kill,
  local: ({ shell, args }) => {
    for (const arg of args) {
      const [name = '', value] = splitAssignment(arg);
      const frame = shell.state.locals.at(-1);
      if (frame !== undefined && !frame.has(name)) frame.set(name, shell.state.variables.get(name));
      shell.state.set(name, value ?? '');
    }
    return 0;
  },
  read,
  readonly: ({ shell, args }) => {
    for (const arg of args) {
      const [name = '', value] = splitAssignment(arg);
      if (value !== undefined) shell.state.set(name, value);
    }
    return 0;
  },
  return: ({ shell, args }) => {
    throw new FunctionReturn(args[0] === undefined ? shell.state.status : Number(args[0]) & 0xff);
  },
  set,
  shift: ({ shell, args }) => {
    const count = Number(args[0] ?? 1);
    if (count > shell.state.arguments.length) return 1;
    shell.state.arguments = shell.state.arguments.slice(count);
    return 0;
  },
  '.': source,
  source,
  test: (call) => test(call, call.args),
  '[': (call) => {
    if (call.args.at(-1) !== ']') {
      call.shell.complain(call.streams, "[: missing ']'");
      return 2;
    }
    return test(call, call.args.slice(0, -1));
  },
  trap: () => 0,
  type: (call) => describe(call, call.args, true),
  umask: ({ shell, streams }) => {
    shell.print(streams, '0022\n');
    return 0;
  },
  unalias: ({ shell, args }) => {
    for (const name of args) shell.state.aliases.delete(name);
    return 0;
  },
  unset: ({ shell, args }) => {
    for (const name of args.filter((arg) => !arg.startsWith('-'))) {
      shell.state.unset(name);
      if (args.includes('-f')) shell.state.functions.delete(name);
    }
    return 0;
  },
  wait: ({ shell, args }) => shell.waitFor(args.map(Number)),
};

function cd({ shell, args, streams }: BuiltinCall): number {
  const [target = shell.state.get('HOME') ?? '/'] = args.filter((arg) => arg !== '--');
  const wanted = target === '-' ? shell.state.previousCwd : target;
  const path = shell.host.fs.realpath(absolutePath(shell.state.cwd, wanted));
  const stat = {} as Stat;
  const error =
    typeof path === 'number'
      ? path
      : shell.host.fs.stat(path, stat) || ((stat.mode & S_IFMT) === S_IFDIR ? shell.host.fs.access(path, 1) : -20);
  if (typeof path === 'number' || error < 0) {
    shell.complain(streams, `cd: ${wanted}: ${errnoText(error)}`);
    return 1;
  }
  shell.state.previousCwd = shell.state.cwd;
  shell.state.cwd = path;
  shell.state.set('OLDPWD', shell.state.previousCwd);
  shell.state.set('PWD', path);
  if (target === '-') shell.print(streams, `${path}\n`);
  return 0;
}

function kill({ shell, args, streams }: BuiltinCall): number {
  const named = args[0]?.startsWith('-') === true && args.length > 1 ? args[0].replace(/^-(?:s)?/, '') : 'TERM';
  const signal = /^\d+$/.test(named) ? Number(named) : (signalNumber(named.startsWith('SIG') ? named : `SIG${named}`) ?? 0);
  if (signal === 0 && named !== '0') {
    shell.complain(streams, `kill: ${named}: invalid signal specification`);
    return UNKNOWN_SIGNAL;
  }
  let status = 0;
  for (const target of args.filter((arg, index) => index > 0 || !arg.startsWith('-'))) {
    const result = shell.host.callSync({ type: 'kill', pid: Number(target), signal });
    if (result >= 0) continue;
    shell.complain(streams, `kill: (${target}) - No such process`);
    status = 1;
  }
  return status;
}

/** One line from standard input into variables; the last one takes the rest. */
function read({ shell, args, streams }: BuiltinCall): number {
  const names = args.filter((arg) => !arg.startsWith('-'));
  let line = '';
  let isEnded = false;
  const bytes: number[] = [];
  for (;;) {
    const [byte] = shell.io.read(streams[0], 1);
    if (byte === undefined) {
      isEnded = true;
      break;
    }
    if (byte === 0x0a) break;
    bytes.push(byte);
  }
  line = new TextDecoder().decode(Uint8Array.from(bytes));
  if (!args.includes('-r')) line = line.replaceAll(/\\(.)/g, '$1');
  const wanted = names.length === 0 ? ['REPLY'] : names;
  const words = line.trim().split(/[ \t]+/);
  wanted.forEach((name, index) => shell.state.set(name, index === wanted.length - 1 ? words.slice(index).join(' ') : (words[index] ?? '')));
  return isEnded && bytes.length === 0 ? 1 : 0;
}

function set({ shell, args }: BuiltinCall): number {
  const letters: Record<string, 'exitsOnError' | 'refusesUnset' | 'traces'> = { e: 'exitsOnError', u: 'refusesUnset', x: 'traces' };
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--' || !/^[-+]./.test(arg)) {
      shell.state.arguments = args.slice(arg === '--' ? index + 1 : index);
      break;
    }
    const isOn = arg.startsWith('-');
    if (arg.endsWith('o')) {
      const name = args[++index];
      if (name === 'pipefail') shell.state.options = { ...shell.state.options, pipefail: isOn };
      if (name === 'errexit') shell.state.options = { ...shell.state.options, exitsOnError: isOn };
      if (name === 'nounset') shell.state.options = { ...shell.state.options, refusesUnset: isOn };
    }
    for (const letter of arg.slice(1)) {
      const option = letters[letter];
      if (option !== undefined) shell.state.options = { ...shell.state.options, [option]: isOn };
    }
  }
  return 0;
}

async function source({ shell, args, streams }: BuiltinCall): Promise<number> {
  const [file = ''] = args;
  const bytes = shell.host.fs.readFile(absolutePath(shell.state.cwd, file));
  if (typeof bytes === 'number') {
    shell.complain(streams, `.: ${file}: ${errnoText(bytes)}`);
    return 1;
  }
  return shell.runSource(new TextDecoder().decode(bytes), streams);
}

function test({ shell, streams }: BuiltinCall, args: readonly string[]): number {
  const isTerminal = (fd: number): boolean => {
    const stream = streams[fd];
    return stream?.kind === 'inherited' && stream.stdio.kind === 'terminal';
  };
  try {
    return evaluateTest(args, { fs: shell.host.fs, cwd: shell.state.cwd, isTerminal }) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    shell.complain(streams, `test: ${error.message}`);
    return 2;
  }
}

function describe({ shell, streams }: BuiltinCall, names: readonly string[], isVerbose: boolean): number {
  let status = 0;
  for (const name of names) {
    const path = searchPath(shell.host.fs, { file: name, env: shell.state.environment(), cwd: shell.state.cwd });
    if (shell.state.functions.has(name)) shell.print(streams, isVerbose ? `${name} is a shell function\n` : `${name}\n`);
    else if (Object.hasOwn(builtins, name)) shell.print(streams, isVerbose ? `${name} is a shell builtin\n` : `${name}\n`);
    else if (typeof path === 'string') shell.print(streams, isVerbose ? `${name} is ${path}\n` : `${path}\n`);
    else {
      if (isVerbose) shell.complain(streams, `${name}: not found`);
      status = isVerbose ? 1 : 127;
    }
  }
  return status;
}

function splitAssignment(text: string): [name: string, value: string | undefined] {
  const equals = text.indexOf('=');
  return equals === -1 ? [text, undefined] : [text.slice(0, equals), text.slice(equals + 1)];
}

/** Names for completion. */
export const commandNames: readonly string[] = [...Object.keys(builtins), ...TOOL_NAMES, 'node'];
