// env sleep timeout nohup xargs ps time watch: programs that start, wait for or list others. Runs in the tools worker.
import type { ExitStatus, ProcessInfo } from '#protocol';
import { signalNumbers } from '../../kernel/signals.ts';
import { parseOptions, type Tool, ToolFailure, readAll } from '../tool.ts';
import { explainFailure, runCommand, startCommand, statusOf } from '../tool-context.ts';
import { decodeText } from '../text.ts';
import { signalOf } from './kill.ts';

const TIMED_OUT = 124;
const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

export const env: Tool = async (context) => {
  let environment: Record<string, string> = { ...context.env };
  let cwd: string | undefined;
  const args = [...context.args];
  for (let arg = args[0]; arg !== undefined && (arg.startsWith('-') || arg.includes('=')); arg = args[0]) {
    args.shift();
    const equals = arg.indexOf('=');
    if (arg === '-i' || arg === '-' || arg === '--ignore-environment') environment = {};
    else if (arg === '-u' || arg === '--unset') delete environment[args.shift() ?? ''];
    else if (arg.startsWith('-u')) delete environment[arg.slice(2)];
    else if (arg === '-C' || arg === '--chdir') cwd = args.shift();
    else if (arg === '-S' || arg === '--split-string') args.unshift(...(args.shift() ?? '').split(/\s+/));
    else if (arg === '--') break;
    else if (arg.startsWith('-')) throw new ToolFailure(`invalid option -- '${arg.slice(1)}'`, 125);
    else environment[arg.slice(0, equals)] = arg.slice(equals + 1);
  }
  if (args.length > 0) return runCommand(context, args, { env: environment, ...(cwd !== undefined && { cwd }) });
  for (const [name, value] of Object.entries(environment)) context.write(`${name}=${value}\n`);
  return 0;
};

function seconds(text: string): number {
  const match = /^(\d+\.?\d*|\.\d+)([smhd]?)$/.exec(text);
  if (match === null) throw new ToolFailure(`invalid time interval '${text}'`, 1);
  return Number(match[1]) * (UNITS[match[2] ?? ''] ?? 1);
}

export const sleep: Tool = async ({ args }) => {
  if (args.length === 0) throw new ToolFailure('missing operand');
  const total = args.reduce((sum, arg) => sum + (arg === 'infinity' ? 2 ** 31 : seconds(arg)), 0);
  // A timer holds at most 2^31 ms.
  for (let leftMs = total * 1000; leftMs > 0; leftMs -= 2 ** 30)
    await new Promise((resolve) => setTimeout(resolve, Math.min(leftMs, 2 ** 30)));
  return 0;
};

export const timeout: Tool = async (context) => {
  const args = [...context.args];
  let signal = signalNumbers.SIGTERM as number;
  let killAfter: number | null = null;
  let keepsStatus = false;
  while (args[0]?.startsWith('-') === true) {
    const arg = args.shift() ?? '';
    if (arg === '-s') signal = signalOf(args.shift() ?? '') ?? signal;
    else if (arg.startsWith('--signal=')) signal = signalOf(arg.slice(9)) ?? signal;
    else if (arg === '-k') killAfter = seconds(args.shift() ?? '');
    else if (arg.startsWith('--kill-after=')) killAfter = seconds(arg.slice(13));
    else if (arg === '--preserve-status') keepsStatus = true;
  }
  const limit = seconds(args.shift() ?? '');
  if (args.length === 0) throw new ToolFailure('missing operand', 125);
  const pid = startCommand(context, args, { env: context.env, streams: context.streams, cwd: context.cwd });
  if (pid < 0) return explainFailure(context, args[0] ?? '', pid);
  let isTimedOut = false;
  const timers = [
    setTimeout(() => {
      isTimedOut = true;
      context.host.callSync({ type: 'kill', pid, signal });
    }, limit * 1000),
  ];
  if (killAfter !== null)
    timers.push(setTimeout(() => context.host.callSync({ type: 'kill', pid, signal: signalNumbers.SIGKILL }), (limit + killAfter) * 1000));
  const status = statusOf(await context.host.call<ExitStatus>({ type: 'wait', pid }));
  for (const timer of timers) clearTimeout(timer);
  return isTimedOut && !keepsStatus ? (status === 137 ? 137 : TIMED_OUT) : status;
};

export const nohup: Tool = (context) => runCommand(context, context.args);

export const nice: Tool = (context) => {
  const { operands } = parseOptions(
    context.args[0]?.startsWith('-n') === true ? context.args.slice(context.args[0] === '-n' ? 2 : 1) : context.args,
  );
  return runCommand(context, operands);
};

export const time: Tool = async (context) => {
  const startedAt = performance.now();
  const status = await runCommand(
    context,
    context.args.filter((arg, index) => index > 0 || arg !== '-p'),
  );
  context.writeError(`real ${((performance.now() - startedAt) / 1000).toFixed(2)}\nuser 0.00\nsys 0.00\n`);
  return status;
};

export const watch: Tool = async (context) => {
  const { values, operands } = parseOptions(context.args, 'n');
  for (;;) {
    context.write(`\u001b[H\u001b[2JEvery ${values.get('n') ?? 2}s: ${operands.join(' ')}\n\n`);
    await runCommand(context, ['sh', '-c', operands.join(' ')]);
    await new Promise((resolve) => setTimeout(resolve, Number(values.get('n') ?? 2) * 1000));
  }
};

export const ps: Tool = (context) => {
  const { flags, values } = parseOptions(
    context.args.map((arg) => (/^[auxef]+$/.test(arg) ? `-${arg}` : arg)),
    'po',
  );
  const processes = context.host.callSync<ProcessInfo[]>({ type: 'list-processes' });
  const shown = processes.filter(({ pid }) => !values.has('p') || (values.get('p') ?? '').split(',').includes(String(pid)));
  const isFull = flags.has('f') || flags.has('u');
  context.write(isFull ? 'UID        PID    PPID STIME TTY          TIME CMD\n' : '    PID TTY          TIME CMD\n');
  for (const { pid, ppid, command, startedAtMs } of shown) {
    const elapsed = new Date(Date.now() - startedAtMs).toISOString().slice(11, 19);
    const [program = ''] = command.split(' ');
    if (isFull)
      context.write(
        `user  ${String(pid).padStart(8)}${String(ppid).padStart(8)} ${new Date(startedAtMs).toISOString().slice(11, 16)} tty      ${elapsed} ${command}\n`,
      );
    else context.write(`${String(pid).padStart(7)} tty      ${elapsed} ${program.slice(program.lastIndexOf('/') + 1)}\n`);
  }
  return shown.length === 0 ? 1 : 0;
};

export const pgrep: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '');
  const pattern = new RegExp(operands[0] ?? '', 'u');
  const isKill = context.name === 'pkill';
  const found = context.host
    .callSync<ProcessInfo[]>({ type: 'list-processes' })
    .filter(({ pid, command }) => pid !== context.host.pid && pattern.test(flags.has('f') ? command : (command.split(' ')[0] ?? '')));
  for (const { pid, command } of found) {
    if (isKill) context.host.callSync({ type: 'kill', pid, signal: signalNumbers.SIGTERM });
    else context.write(`${pid}${flags.has('l') || flags.has('a') ? ` ${command}` : ''}\n`);
  }
  return found.length > 0 ? 0 : 1;
};

export const xargs: Tool = async (context) => {
  const { flags, values, command } = xargsOptions(context.args);
  const replace = values.get('I');
  const items = xargsItems(decodeText(readAll(context)), {
    isNull: flags.has('0'),
    delimiter: values.get('d'),
    byLine: replace !== undefined,
  });
  if (items.length === 0 && (flags.has('r') || replace !== undefined)) return 0;
  const base = command.length === 0 ? ['echo'] : command;
  const perRun = replace !== undefined ? 1 : Number(values.get('n') ?? values.get('L') ?? Infinity);
  const runs: string[][] = [];
  for (let start = 0; start < Math.max(1, items.length); start += perRun === Infinity ? Math.max(1, items.length) : perRun) {
    const part = items.slice(start, perRun === Infinity ? undefined : start + perRun);
    runs.push(replace === undefined ? [...base, ...part] : base.map((word) => word.replaceAll(replace, part[0] ?? '')));
  }
  return runAll(runs, Number(values.get('P') ?? 1) || 8, async (argv) => {
    if (flags.has('t')) context.writeError(`${argv.join(' ')}\n`);
    // Standard input was read by xargs: the commands get none.
    return runCommand(context, argv, { streams: [undefined, ...context.streams.slice(1)] });
  });
};

/** At most `width` at a time; 123 when one failed, at once 127, 126 or 124 for one that could not run or said stop. */
async function runAll(runs: readonly string[][], width: number, run: (argv: string[]) => Promise<number>): Promise<number> {
  let status = 0;
  const queue = [...runs];
  const worker = async (): Promise<void> => {
    for (let argv = queue.shift(); argv !== undefined; argv = queue.shift()) {
      const code = await run(argv);
      if (code === 127 || code === 126) {
        status = code;
        queue.length = 0;
      } else if (code === 255) {
        status = TIMED_OUT;
        queue.length = 0;
      } else if (code !== 0) status = 123;
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, runs.length) }, worker));
  return status;
}

function xargsOptions(args: readonly string[]): { flags: Set<string>; values: Map<string, string>; command: string[] } {
  const flags = new Set<string>();
  const values = new Map<string, string>();
  const rest = [...args];
  const long: Readonly<Record<string, string>> = {
    '--null': '-0',
    '--no-run-if-empty': '-r',
    '--verbose': '-t',
    '--max-args': '-n',
    '--max-procs': '-P',
    '--replace': '-I{}',
    '--delimiter': '-d',
  };
  while (rest[0]?.startsWith('-') === true && rest[0] !== '-') {
    const given = rest.shift() ?? '';
    if (given === '--') break;
    const [name = '', value] = given.split('=', 2);
    const arg = long[name] === undefined ? given : `${long[name]}${value ?? ''}`;
    const letter = arg[1] ?? '';
    if ('nIPLdsE'.includes(letter)) values.set(letter, arg.length > 2 ? arg.slice(2) : (rest.shift() ?? ''));
    else if (letter === 'i') values.set('I', arg.slice(2) || '{}');
    else for (const one of arg.slice(1)) flags.add(one);
  }
  return { flags, values, command: rest };
}

function xargsItems(
  text: string,
  { isNull, delimiter, byLine }: { isNull: boolean; delimiter: string | undefined; byLine: boolean },
): string[] {
  const separator = isNull ? '\0' : delimiter?.replace('\\n', '\n').replace('\\t', '\t').replace('\\0', '\0');
  if (separator !== undefined) {
    const items = text.split(separator);
    if (items.at(-1) === '') items.pop();
    return items;
  }
  if (byLine)
    return text
      .split('\n')
      .map((line) => line.trimStart())
      .filter((line) => line !== '');
  const items: string[] = [];
  for (const match of text.matchAll(/(?:"[^"\n]*"|'[^'\n]*'|\\[^]|[^\s"'\\])+/g))
    items.push(
      match[0].replaceAll(
        /"([^"\n]*)"|'([^'\n]*)'|\\([^])/g,
        (_whole, double?: string, single?: string, escaped?: string) => double ?? single ?? escaped ?? '',
      ),
    );
  return items;
}
