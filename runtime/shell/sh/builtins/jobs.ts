// jobs fg bg wait kill disown trap: processes and signals.
import { signalNumber, signalNumbers } from '../../../kernel/signals.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Job } from '../jobs.ts';
import { quoteForShell } from '../parameters.ts';
import { waitInForeground } from '../pipelines.ts';
import { trapKey } from '../signals.ts';
import { parseSignal } from '../../tools/kill.ts';
import type { Builtin } from './call.ts';

const NOT_FOUND = 127;
const SIGNAL_BASE = 128;

export const list: Builtin = ({ shell, args }) => {
  for (const job of shell.jobs.list()) {
    const mark = shell.jobs.mark(job);
    if (args.includes('-p')) shell.print(`${job.group}\n`);
    else {
      const pid = args.includes('-l') ? ` ${job.group}` : '';
      shell.print(`[${job.id}]${mark} ${pid} ${job.describe().padEnd(22)} ${job.source}${job.isEnded || job.isStopped ? '' : ' &'}\n`);
    }
    if (job.isEnded) shell.jobs.remove(job);
  }
  return 0;
};

export const fg: Builtin = ({ shell, args }) => {
  const job = jobFor(shell, 'fg', args[0]);
  if (job === null) return 1;
  shell.print(`${job.source}\n`);
  // The terminal goes first: a program that continues may read at once.
  shell.control?.foreground(job.group);
  job.continue();
  return waitInForeground(shell, job);
};

export const bg: Builtin = ({ shell, args }) => {
  const job = jobFor(shell, 'bg', args[0]);
  if (job === null) return 1;
  shell.print(`[${job.id}]${shell.jobs.mark(job)} ${job.source} &\n`);
  job.continue();
  return 0;
};

function jobFor(shell: Interpreter, name: string, spec: string | undefined): Job | null {
  const job = spec === undefined ? shell.jobs.current() : shell.jobs.find(spec.startsWith('%') ? spec : `%${spec}`);
  if (job !== undefined && !job.isEnded) return job;
  shell.complain(`${name}: ${spec ?? 'current'}: no such job`);
  return null;
}

export const disown: Builtin = ({ shell, args }) => {
  const job = args[0] === undefined ? shell.jobs.current() : shell.jobs.find(args[0]);
  if (job === undefined) return 1;
  shell.jobs.remove(job);
  return 0;
};

export const wait: Builtin = async ({ shell, args }) => {
  const specs = args.filter((arg) => !arg.startsWith('-'));
  if (specs.length === 0) {
    for (const job of [...shell.jobs.list()]) {
      const interrupted = await waitFor(shell, job);
      if (interrupted !== null) return interrupted;
      shell.jobs.remove(job);
      if (args.includes('-n')) return job.statuses.at(-1) ?? 0;
    }
    return 0;
  }
  let status = 0;
  for (const spec of specs) {
    const job = shell.jobs.find(spec);
    if (job === undefined) {
      status = NOT_FOUND;
      continue;
    }
    const interrupted = await waitFor(shell, job);
    if (interrupted !== null) return interrupted;
    status = job.statuses.at(-1) ?? 0;
    shell.jobs.remove(job);
  }
  return status;
};

/** A signal with a trap ends the wait at once; the trap runs behind it. */
async function waitFor(shell: Interpreter, job: Job): Promise<number | null> {
  while (!job.isEnded) {
    const arrived = shell.signals.arrival().then(() => 'signal' as const);
    const change = await Promise.race([job.changed(), arrived]);
    if (change !== 'signal' || job.isEnded) continue;
    const name = [...shell.state.traps.keys()].find((key) => shell.signals.has(key));
    if (name !== undefined || shell.control !== null) return SIGNAL_BASE + (signalNumber(`SIG${name ?? 'INT'}`) ?? 0);
  }
  return null;
}

export const kill: Builtin = ({ shell, args }) => {
  const [first = ''] = args;
  if (first === '-l' || first === '-L') return listSignals(shell, args[1]);
  const { signal, targets, problem } = parseSignal(args);
  if (problem !== null) {
    shell.complain(`kill: ${problem}`);
    return 1;
  }
  let status = targets.length === 0 ? 2 : 0;
  for (const target of targets) {
    const job = target.startsWith('%') ? shell.jobs.find(target) : undefined;
    const pid = job === undefined ? Number(target) : shell.control === null ? job.lastPid : -job.group;
    const result = Number.isInteger(pid) ? shell.host.callSync({ type: 'kill', pid, signal }) : -3;
    if (job?.isStopped === true && signal !== signalNumbers.SIGKILL) job.continue();
    if (result >= 0) continue;
    shell.complain(`kill: ${target.startsWith('%') ? `${target}: no such job` : `(${target}) - No such process`}`);
    status = 1;
  }
  return status;
};

function listSignals(shell: Interpreter, one: string | undefined): number {
  if (one !== undefined) {
    const number = Number(one) > SIGNAL_BASE ? Number(one) - SIGNAL_BASE : Number(one);
    const found = Object.entries(signalNumbers).find(([, value]) => value === number);
    shell.print(`${found?.[0].slice(3) ?? signalNumber(`SIG${one.toUpperCase().replace(/^SIG/, '')}`) ?? one}\n`);
    return 0;
  }
  shell.print(
    `${Object.keys(signalNumbers)
      .map((name) => name.slice(3))
      .join(' ')}\n`,
  );
  return 0;
}

export const trap: Builtin = ({ shell, args }) => {
  const operands = args[0] === '--' ? args.slice(1) : args;
  if (operands.length === 0 || operands[0] === '-p') {
    for (const [name, action] of shell.state.traps)
      shell.print(`trap -- ${quoteForShell(action)} ${/^(?:EXIT|ERR)$/.test(name) || !shell.state.isBash ? name : `SIG${name}`}\n`);
    return 0;
  }
  const [first = '', ...rest] = operands;
  const isReset = first === '-' || rest.length === 0;
  let status = 0;
  for (const text of rest.length === 0 ? operands : rest) {
    const name = trapKey(text);
    if (name === null) {
      shell.complain(`trap: ${text}: bad trap`);
      status = 1;
      continue;
    }
    if (isReset) shell.state.traps.delete(name);
    else shell.state.traps.set(name, first);
    shell.signals.handle(name, !isReset || shell.alwaysHandles(name));
  }
  return status;
};
