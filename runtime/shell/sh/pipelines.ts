// Pipelines, background and foreground jobs: every stage is a process of its own. Runs in the tools worker.
import type { SpawnRequest } from '#protocol';
import { PIPE_CAPACITY_BYTES } from '../../kernel/ipc/pipe.ts';
import { resolveCommand } from '../resolve-command.ts';
import { Interrupted } from './control.ts';
import type { Interpreter } from './interpreter.ts';
import type { Job } from './jobs.ts';
import { RedirectError, Redirector } from './redirects.ts';
import type { ShellFork } from './fork.ts';
import { ChildStreams, newCollector, pipeBetween, type Stream, type Streams, withStream } from './streams.ts';
import { ExpansionError } from './expansion-error.ts';
import type { Command, List, ListItem } from './syntax.ts';

const STOPPED_STATUS = 148;
const INTERRUPTED_STATUS = 130;
/** Builtins that only write what they are given: their output is made before the next stage starts. */
const WRITERS = new Set(['echo', 'printf', 'true', 'false', ':']);

interface SpawnOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly streams: Streams;
  /** A group of its own, or the group to join. */
  readonly newGroup: boolean;
  readonly group?: number;
}

/** Starts a program as a process; a negative errno where that is not possible. */
export function spawnFields(shell: Interpreter, fields: readonly string[], options: SpawnOptions): number {
  const [file = ''] = fields;
  const { cwd } = shell.state;
  const resolved = resolveCommand(shell.host.fs, { file, argv: fields, env: options.env, cwd });
  if (typeof resolved === 'number') return resolved;
  return spawn(shell, { program: resolved.program, argv: resolved.argv, env: options.env, cwd }, options);
}

function spawn(shell: Interpreter, request: Omit<SpawnRequest, 'stdio' | 'newGroup'>, { streams, newGroup, group }: SpawnOptions): number {
  const children = new ChildStreams(shell.host, streams);
  const isLeader = newGroup && group === undefined;
  const pid = shell.host.callSync({ type: 'spawn', request: { ...request, stdio: children.stdio, newGroup: isLeader } });
  if (pid < 0) children.abandon();
  else if (group !== undefined) shell.host.callSync({ type: 'set-process-group', pid, group });
  return pid;
}

/** A copy of the shell, its variables and functions included, as a process that runs `body`. */
function spawnFork(shell: Interpreter, body: List, source: string, options: SpawnOptions): number {
  const inherited: ShellFork = { state: shell.state.snapshot(), body };
  return spawn(shell, { program: 'sh', argv: ['sh', '-c', source], env: options.env, cwd: shell.state.cwd, inherited }, options);
}

export async function runPipeline(shell: Interpreter, commands: readonly Command[], source: string): Promise<number> {
  const isInteractive = shell.control !== null;
  const pids: number[] = [];
  const stages = commands.length;
  const statuses: number[] = Array.from({ length: stages }, () => 0);
  const places: number[] = [];
  let input = shell.streams[0];
  let releaseInput = (): void => {};
  for (const [index, command] of commands.entries()) {
    const isLast = index === stages - 1;
    const between = isLast ? null : pipeBetween(shell.host);
    const streams = withStream(withStream(shell.streams, 0, input), 1, between?.write ?? shell.streams[1]);
    if (isLast && !isInteractive) {
      statuses[index] = await shell.inFork(() => shell.command(command), streams);
    } else {
      const written = index === 0 ? await writeAhead(shell, command, streams) : null;
      if (written !== null) statuses[index] = written;
      else {
        const group = isInteractive ? pids[0] : undefined;
        const started = await startStage(shell, command, {
          env: shell.state.environment(),
          streams,
          newGroup: isInteractive,
          ...(group !== undefined && { group }),
        });
        if (started.pid > 0) {
          pids.push(started.pid);
          places.push(index);
        } else statuses[index] = started.status;
      }
    }
    between?.releaseWrite();
    releaseInput();
    input = between?.read;
    releaseInput = between?.releaseRead ?? releaseNothing;
  }
  const ended = pids.length === 0 ? [] : await finishStages(shell, pids, source || commands.map((command) => command.source).join(' | '));
  ended.forEach((status, at) => (statuses[places[at] ?? 0] = status));
  return pipelineStatus(shell, statuses);
}

const releaseNothing = (): void => {};

async function finishStages(shell: Interpreter, pids: readonly number[], source: string): Promise<number[]> {
  const job = shell.jobs.add(pids, source, false);
  await waitInForeground(shell, job);
  return job.statuses;
}

function pipelineStatus(shell: Interpreter, statuses: number[]): number {
  shell.state.pipeStatus = statuses;
  const last = statuses.at(-1) ?? 0;
  return shell.state.has('pipefail') ? (statuses.findLast((status) => status !== 0) ?? 0) : last;
}

/** `echo` at the start: into the pipe at once when it fits, without a process. `null` when it must be a process after all. */
async function writeAhead(shell: Interpreter, command: Command, streams: Streams): Promise<number | null> {
  const [first] = command.type === 'simple' ? (command.words[0] ?? []) : [];
  if (command.type !== 'simple' || first?.type !== 'text' || !WRITERS.has(first.text) || command.redirects.length > 0) return null;
  if (shell.state.functions.has(first.text) || shell.state.aliases.has(first.text)) return null;
  const collector = newCollector();
  const status = await shell.inFork(() => shell.command(command), withStream(streams, 1, collector));
  const bytes = shell.io.collect(collector);
  if (bytes.length > PIPE_CAPACITY_BYTES) return null;
  shell.io.write(streams[1], bytes);
  return status;
}

/** One stage as a process: a program directly where that is all it is, otherwise a copy of the shell. */
async function startStage(shell: Interpreter, command: Command, options: SpawnOptions): Promise<{ pid: number; status: number }> {
  const direct = await startDirect(shell, command, options);
  if (direct !== null) return direct;
  const body: List = [
    {
      chain: [{ pipeline: { isNegated: false, isTimed: false, commands: [command] }, joint: 'and' }],
      isBackground: false,
      source: command.source,
    },
  ];
  const pid = spawnFork(shell, body, command.source, options);
  return pid < 0 ? { pid, status: shell.explain('sh', pid) } : { pid, status: 0 };
}

/** `null` for what is not a plain program. */
async function startDirect(shell: Interpreter, command: Command, options: SpawnOptions): Promise<{ pid: number; status: number } | null> {
  const [first] = command.type === 'simple' ? (command.words[0] ?? []) : [];
  if (command.type !== 'simple' || first?.type !== 'text' || command.assignments.length > 0 || !shell.isExternal(first.text)) return null;
  let result: { pid: number; status: number } | null = null;
  await shell.inFork(async () => {
    const redirector = new Redirector(shell.host, shell.state);
    try {
      const fields = await shell.expander().fields(command.words);
      const [name = ''] = fields;
      if (!shell.isExternal(name)) return 0;
      let { streams } = options;
      for (const redirect of command.redirects) streams = await redirector.apply(redirect, streams, shell.expander());
      const pid = spawnFields(shell, fields, { ...options, streams });
      result = { pid, status: 0 };
      if (pid < 0) {
        shell.streams = streams;
        result = { pid, status: shell.explain(name, pid) };
      }
    } catch (error) {
      if (!(error instanceof RedirectError) && !(error instanceof ExpansionError)) throw error;
      shell.complain(error.message);
      result = { pid: -1, status: shell.state.isBash ? 1 : 2 };
    } finally {
      redirector.close();
    }
    return 0;
  }, options.streams);
  return result;
}

export async function startBackground(shell: Interpreter, item: ListItem): Promise<number> {
  const isInteractive = shell.control !== null;
  const quiet: Stream | undefined = undefined;
  // Without job control a background command must not take the script's input.
  const streams = isInteractive ? shell.streams : withStream(shell.streams, 0, quiet);
  const options: SpawnOptions = { env: shell.state.environment(), streams, newGroup: isInteractive };
  const [only] = item.chain;
  const [command] = only?.pipeline.commands ?? [];
  const isSimple = item.chain.length === 1 && only?.pipeline.commands.length === 1 && !only.pipeline.isNegated && command !== undefined;
  const direct = isSimple ? await startDirect(shell, command, options) : null;
  const pid = direct?.pid ?? spawnFork(shell, [{ ...item, isBackground: false }], item.source, options);
  if (pid < 0) {
    if (direct === null) shell.explain('sh', pid);
    return 0;
  }
  const job = shell.jobs.add([pid], item.source, true);
  shell.state.lastBackground = pid;
  if (isInteractive) shell.printError(`[${job.id}] ${pid}\n`);
  return 0;
}

/** Waits for processes that were just started; the status of the last one. */
export async function startForeground(shell: Interpreter, pids: readonly number[], source: string): Promise<number> {
  return waitInForeground(shell, shell.jobs.add(pids, source, false));
}

/** Gives a job the terminal until it ends or is stopped. */
export async function waitInForeground(shell: Interpreter, job: Job): Promise<number> {
  const { control } = shell;
  control?.foreground(job.group);
  try {
    await job.settled();
  } finally {
    control?.restore();
  }
  if (job.isStopped) {
    job.isKept = true;
    shell.printError(`\n[${job.id}]${shell.jobs.mark(job)}  Stopped                 ${job.source}\n`);
    return STOPPED_STATUS;
  }
  shell.jobs.remove(job);
  const status = job.statuses.at(-1) ?? 0;
  if (control !== null && status === INTERRUPTED_STATUS) {
    shell.printError('\n');
    throw new Interrupted();
  }
  return status;
}
