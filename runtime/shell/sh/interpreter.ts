// Runs a shell's syntax tree: builtins and small tools inside this worker, everything else as processes of the kernel.
import type { ExitStatus } from '#protocol';
import type { ProcessHost } from '../../process/host.ts';
import { resolveProgram } from '../../process/exec.ts';
import { needsServerBecause } from '../../kernel/boundary.ts';
import { signalNumber } from '../../kernel/signals.ts';
import { loadTool } from '../programs.ts';
import { absolutePath, errnoText, type ToolContext } from '../tool.ts';
import { builtins } from './builtins.ts';
import { FunctionReturn, LoopJump, ShellExit } from './control.ts';
import { Expander, ExpansionError } from './expansion.ts';
import { globExpression } from './glob.ts';
import { parseShell } from './parser.ts';
import type { ShellState } from './state.ts';
import { ChildStreams, collected, pipeBetween, type Stream, StreamIo, type Streams, withStream } from './streams.ts';
import { type Command, type List, type Pipeline, type Redirect, ShellSyntaxError } from './syntax.ts';

const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;
const SYNTAX_ERROR = 2;
const SIGNAL_BASE = 128;
const ENOENT = -2;
const EACCES = -13;
const O_CREAT = 0o100;
const O_TRUNC = 0o1000;
const O_APPEND = 0o2000;
/** Tools that start processes or talk to the network run as processes of their own: they can be interrupted. */
const SEPARATE = new Set(['sh', 'bash', 'npm', 'npx', 'node', 'sleep']);
const MAX_ALIAS_DEPTH = 8;

/** What an interactive shell does around a foreground job. */
export interface JobControl {
  foreground(group: number): void;
  restore(): void;
}

export class Interpreter {
  readonly host: ProcessHost;
  readonly io: StreamIo;
  state: ShellState;
  streams: Streams;
  readonly #jobs: JobControl | null;
  readonly #encoder = new TextEncoder();
  readonly #background = new Map<number, ExitStatus | null>();

  constructor(host: ProcessHost, state: ShellState, streams: Streams, jobs: JobControl | null) {
    this.host = host;
    this.state = state;
    this.streams = streams;
    this.#jobs = jobs;
    this.io = new StreamIo(host);
  }

  /** Parses and runs; a syntax error is reported with status 2. */
  async runSource(source: string, streams: Streams = this.streams): Promise<number> {
    try {
      return await this.runList(parseShell(source), streams);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      this.complain(streams, error.message);
      return (this.state.status = SYNTAX_ERROR);
    }
  }

  print(streams: Streams, text: string): void {
    this.#write(streams[1], this.#encoder.encode(text));
  }

  complain(streams: Streams, message: string): void {
    this.io.write(streams[2], this.#encoder.encode(`${this.state.scriptName}: ${message}\n`));
  }

  async runList(list: List, streams: Streams): Promise<number> {
    for (const [index, item] of list.entries()) {
      if (item.joint === 'and' && this.state.status !== 0) continue;
      if (item.joint === 'or' && this.state.status === 0) continue;
      if (item.isBackground) {
        this.state.status = await this.#startBackground(item.source, streams);
        continue;
      }
      const isTested = item.pipeline.isNegated || list[index + 1]?.joint === 'and' || list[index + 1]?.joint === 'or';
      this.state.conditionDepth += isTested ? 1 : 0;
      this.state.status = await this.#pipeline(item.pipeline, streams).finally(() => (this.state.conditionDepth -= isTested ? 1 : 0));
      if (this.state.status !== 0 && this.state.options.exitsOnError && this.state.conditionDepth === 0)
        throw new ShellExit(this.state.status);
    }
    return this.state.status;
  }

  /** Runs a command by its fields. `assigned` is its environment on top of the shell's. */
  async runCommand(fields: string[], streams: Streams, assigned: Readonly<Record<string, string>>): Promise<number> {
    const [name = '', ...args] = fields;
    if (name === '') return 0;
    const body = this.state.functions.get(name);
    if (body !== undefined) return this.#call(body, args, streams);
    const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (builtin !== undefined) return builtin({ shell: this, args, streams });
    return this.#runProgram(fields, streams, assigned);
  }

  /** `wait`: for these processes, or all in the background. */
  async waitFor(pids: readonly number[]): Promise<number> {
    let status = 0;
    for (const pid of pids.length === 0 ? [...this.#background.keys()] : pids) {
      status = this.#background.has(pid) ? statusOf(this.host.callSync<ExitStatus>({ type: 'wait', pid })) : NOT_FOUND;
      this.#background.delete(pid);
    }
    return status;
  }

  async #pipeline({ commands, isNegated }: Pipeline, streams: Streams): Promise<number> {
    const [only] = commands;
    const status = commands.length === 1 && only !== undefined ? await this.#command(only, streams) : await this.#pipe(commands, streams);
    return isNegated ? (status === 0 ? 1 : 0) : status;
  }

  /** All but the last run as processes unless everything is inside the shell; then each collects for the next. */
  async #pipe(commands: readonly Command[], streams: Streams): Promise<number> {
    const isInside = await Promise.all(commands.map((command) => this.#isInside(command)));
    if (isInside.every(Boolean)) return this.#pipeInside(commands, streams);
    const pids: number[] = [];
    let input = streams[0];
    let release = (): void => {};
    const last = commands.length - 1;
    for (const command of commands.slice(0, last)) {
      const between = pipeBetween(this.host);
      const pid = await this.#startStage(command, withStream(withStream(streams, 0, input), 1, between.write));
      if (pid > 0) pids.push(pid);
      release();
      ({ read: input, release } = between);
    }
    const end = commands[last];
    const finalStatus = end === undefined ? 0 : await this.#inFork((shell) => shell.#command(end, withStream(streams, 0, input)));
    release();
    const statuses = pids.map((pid) => statusOf(this.host.callSync<ExitStatus>({ type: 'wait', pid })));
    return this.state.options.pipefail && finalStatus === 0 ? (statuses.findLast((status) => status !== 0) ?? 0) : finalStatus;
  }

  async #pipeInside(commands: readonly Command[], streams: Streams): Promise<number> {
    let input = streams[0];
    const statuses: number[] = [];
    for (const [index, command] of commands.entries()) {
      const isLast = index === commands.length - 1;
      const chunks: Uint8Array[] = [];
      const output: Stream | undefined = isLast ? streams[1] : { kind: 'collector', chunks };
      statuses.push(await this.#inFork((shell) => shell.#command(command, withStream(withStream(streams, 0, input), 1, output))));
      input = { kind: 'source', bytes: collected(chunks) };
    }
    const last = statuses.at(-1) ?? 0;
    return this.state.options.pipefail && last === 0 ? (statuses.findLast((status) => status !== 0) ?? 0) : last;
  }

  /** Starts one stage of a mixed pipeline as a process. Returns its pid, or 0 with the complaint made. */
  async #startStage(command: Command, streams: Streams): Promise<number> {
    if (command.type === 'simple' && command.redirects.length === 0 && command.assignments.length === 0) {
      const fields = await this.#expander(streams).fields(command.words);
      const [name = ''] = fields;
      if (!this.state.functions.has(name) && !Object.hasOwn(builtins, name)) {
        const pid = this.#start(fields, streams, {}, false);
        if (pid < 0) this.#explain(name, pid, streams);
        return Math.max(0, pid);
      }
    }
    return Math.max(0, this.#start(['sh', '-c', command.source], streams, Object.fromEntries(this.state.variables), false));
  }

  async #isInside(command: Command): Promise<boolean> {
    if (command.type !== 'simple') return false;
    const [first] = command.words;
    const name =
      first?.every((part) => part.type === 'text') === true ? first.map((part) => (part.type === 'text' ? part.text : '')).join('') : '';
    if (this.state.functions.has(name)) return false;
    return Object.hasOwn(builtins, name) || (!SEPARATE.has(name) && (await loadTool(name)) !== undefined && this.#isBuiltInPath(name));
  }

  /** A program of the same name earlier in PATH wins over the tool. */
  #isBuiltInPath(name: string): boolean {
    const resolved = resolveProgram(this.host.fs, { file: name, argv: [name], env: this.state.environment(), cwd: this.state.cwd });
    return typeof resolved !== 'number' && resolved.program === name;
  }

  async #command(command: Command, streams: Streams): Promise<number> {
    const opened: number[] = [];
    try {
      const redirected = await this.#redirect(command.redirects, streams, opened);
      return await this.#execute(command, redirected);
    } catch (error) {
      if (error instanceof RedirectError || error instanceof ExpansionError) {
        this.complain(streams, error.message);
        if (error instanceof ExpansionError && this.#jobs === null) throw new ShellExit(SYNTAX_ERROR);
        return 1;
      }
      throw error;
    } finally {
      for (const handle of opened) this.host.fs.close(handle);
    }
  }

  async #execute(command: Command, streams: Streams): Promise<number> {
    switch (command.type) {
      case 'simple':
        return this.#simple(command, streams);
      case 'group':
        return this.runList(command.body, streams);
      case 'subshell':
        return this.#inFork((shell) => shell.runList(command.body, streams));
      case 'if':
        return this.#if(command, streams);
      case 'for':
        return this.#for(command, streams);
      case 'while':
      case 'until':
        return this.#while(command, streams);
      case 'case':
        return this.#case(command, streams);
      case 'function':
        this.state.functions.set(command.name, command.body);
        return 0;
      default:
        return command satisfies never;
    }
  }

  async #simple(command: Extract<Command, { type: 'simple' }>, streams: Streams): Promise<number> {
    const expander = this.#expander(streams);
    const fields = this.#unalias(await expander.fields(command.words));
    const assigned: Record<string, string> = {};
    for (const { name, value } of command.assignments) assigned[name] = await expander.text(value);
    if (this.state.options.traces && fields.length > 0) this.io.write(streams[2], this.#encoder.encode(`+ ${fields.join(' ')}\n`));
    if (fields.length > 0) return this.runCommand(fields, streams, assigned);
    const hasSubstitution = command.assignments.some(({ value }) => value.some((part) => part.type === 'command'));
    for (const [name, value] of Object.entries(assigned)) this.state.set(name, value);
    return hasSubstitution ? this.state.status : 0;
  }

  #unalias(fields: string[]): string[] {
    let result = fields;
    const seen = new Set<string>();
    for (let depth = 0; depth < MAX_ALIAS_DEPTH; depth++) {
      const [name = ''] = result;
      const text = seen.has(name) ? undefined : this.state.aliases.get(name);
      if (text === undefined) break;
      seen.add(name);
      result = [...text.split(/\s+/), ...result.slice(1)];
    }
    return result;
  }

  async #if({ branches, otherwise }: Extract<Command, { type: 'if' }>, streams: Streams): Promise<number> {
    for (const { condition, body } of branches) if ((await this.#test(condition, streams)) === 0) return this.runList(body, streams);
    return otherwise === null ? 0 : this.runList(otherwise, streams);
  }

  async #for({ name, words, body }: Extract<Command, { type: 'for' }>, streams: Streams): Promise<number> {
    const values = words === null ? this.state.arguments : await this.#expander(streams).fields(words);
    let status = 0;
    for (const value of values) {
      this.state.set(name, value);
      const jump = await this.#loopBody(body, streams, (result) => (status = result));
      if (jump === 'break') break;
    }
    return status;
  }

  async #while({ type, condition, body }: Extract<Command, { type: 'while' | 'until' }>, streams: Streams): Promise<number> {
    let status = 0;
    while (((await this.#test(condition, streams)) === 0) === (type === 'while')) {
      const jump = await this.#loopBody(body, streams, (result) => (status = result));
      if (jump === 'break') break;
    }
    return status;
  }

  async #loopBody(body: List, streams: Streams, onStatus: (status: number) => void): Promise<'break' | 'continue' | null> {
    try {
      onStatus(await this.runList(body, streams));
      return null;
    } catch (jump) {
      if (!(jump instanceof LoopJump)) throw jump;
      if (jump.levels > 1) throw new LoopJump(jump.kind, jump.levels - 1);
      return jump.kind;
    }
  }

  async #case({ subject, branches }: Extract<Command, { type: 'case' }>, streams: Streams): Promise<number> {
    const expander = this.#expander(streams);
    const value = await expander.text(subject);
    for (const { patterns, body } of branches) {
      for (const pattern of patterns) {
        if (globExpression(await expander.pattern(pattern)).test(value)) return body.length === 0 ? 0 : this.runList(body, streams);
      }
    }
    return 0;
  }

  /** A condition's failure never ends the shell. */
  async #test(condition: List, streams: Streams): Promise<number> {
    this.state.conditionDepth++;
    return this.runList(condition, streams).finally(() => this.state.conditionDepth--);
  }

  async #call(body: Command, args: readonly string[], streams: Streams): Promise<number> {
    const outer = this.state.arguments;
    const locals = new Map<string, string | undefined>();
    this.state.arguments = args;
    this.state.locals.push(locals);
    try {
      return await this.#command(body, streams);
    } catch (jump) {
      if (jump instanceof FunctionReturn) return jump.status;
      throw jump;
    } finally {
      this.state.arguments = outer;
      this.state.locals.pop();
      for (const [name, value] of locals) {
        if (value === undefined) this.state.unset(name);
        else this.state.set(name, value);
      }
    }
  }

  /** Runs in a copy of the state: a subshell. */
  async #inFork(work: (shell: Interpreter) => Promise<number>): Promise<number> {
    const outer = this.state;
    const streams = this.streams;
    this.state = outer.fork();
    try {
      return await work(this);
    } catch (jump) {
      if (jump instanceof ShellExit || jump instanceof FunctionReturn) return jump.status;
      throw jump;
    } finally {
      this.state = outer;
      this.streams = streams;
    }
  }

  #expander(streams: Streams): Expander {
    return new Expander(this.state, {
      fs: this.host.fs,
      substitute: async (source) => {
        const chunks: Uint8Array[] = [];
        const status = await this.#inFork((shell) => shell.runSource(source, withStream(streams, 1, { kind: 'collector', chunks })));
        this.state.status = status;
        return new TextDecoder().decode(collected(chunks));
      },
    });
  }

  async #redirect(redirects: readonly Redirect[], streams: Streams, opened: number[]): Promise<Streams> {
    let result = streams;
    for (const { fd, operator, target } of redirects) {
      const text = await this.#expander(streams).text(target);
      if (operator === '<<') result = withStream(result, fd, { kind: 'source', bytes: this.#encoder.encode(text) });
      else if (operator === '>&' || operator === '<&') result = withStream(result, fd, text === '-' ? undefined : result[Number(text)]);
      else result = withStream(result, fd, this.#open(text, operator, opened));
    }
    return result;
  }

  #open(file: string, operator: '<' | '>' | '>>' | '<>', opened: number[]): Stream {
    const flags = { '<': 0, '>': 1 | O_CREAT | O_TRUNC, '>>': 1 | O_CREAT | O_APPEND, '<>': 2 | O_CREAT }[operator];
    const handle = this.host.fs.open(absolutePath(this.state.cwd, file), flags, 0o644);
    if (handle < 0) throw new RedirectError(`${file}: ${errnoText(handle)}`);
    opened.push(handle);
    return { kind: 'file', handle };
  }

  async #runProgram(fields: readonly string[], streams: Streams, assigned: Readonly<Record<string, string>>): Promise<number> {
    const [name = ''] = fields;
    const tool = SEPARATE.has(name) || name.includes('/') || !this.#isBuiltInPath(name) ? undefined : await loadTool(name);
    if (tool !== undefined) return tool(this.#toolContext(fields, streams, assigned));
    const children = new ChildStreams(this.host, streams);
    const pid = this.#spawn(fields, children, assigned, this.#jobs !== null);
    if (pid < 0) return this.#explain(name, pid, streams);
    this.#jobs?.foreground(pid);
    children.exchange();
    const exit = this.host.callSync<ExitStatus>({ type: 'wait', pid });
    this.#jobs?.restore();
    if (this.#jobs !== null && exit.signal === 'SIGINT') this.io.write(streams[1], this.#encoder.encode('\n'));
    return statusOf(exit);
  }

  /** Starts without waiting: for pipelines and the background. */
  #start(fields: readonly string[], streams: Streams, assigned: Readonly<Record<string, string>>, isOwnGroup: boolean): number {
    return this.#spawn(fields, new ChildStreams(this.host, streams), assigned, isOwnGroup);
  }

  #spawn(fields: readonly string[], children: ChildStreams, assigned: Readonly<Record<string, string>>, newGroup: boolean): number {
    const [file = ''] = fields;
    const env = this.state.environment(assigned);
    const { cwd } = this.state;
    const resolved = resolveProgram(this.host.fs, { file, argv: fields, env, cwd });
    const pid =
      typeof resolved === 'number'
        ? resolved
        : this.host.callSync({
            type: 'spawn',
            request: { program: resolved.program, argv: resolved.argv, env, cwd, stdio: children.stdio, newGroup },
          });
    if (pid < 0) children.abandon();
    return pid;
  }

  async #startBackground(source: string, streams: Streams): Promise<number> {
    const quiet = this.#jobs === null ? streams : withStream(streams, 0, undefined);
    const pid = this.#start(['sh', '-c', source], quiet, Object.fromEntries(this.state.variables), this.#jobs !== null);
    if (pid < 0) return this.#explain('sh', pid, streams);
    this.#background.set(pid, null);
    this.state.lastBackground = pid;
    if (this.#jobs !== null) this.io.write(streams[2], this.#encoder.encode(`[${this.#background.size}] ${pid}\n`));
    return 0;
  }

  #explain(name: string, errno: number, streams: Streams): number {
    const need = needsServerBecause(name);
    if (errno === ENOENT && need !== null)
      this.complain(streams, `${name}: ${need}: it needs a server session, and no server is configured (ERR_SERVER_NOT_CONFIGURED)`);
    else this.complain(streams, `${name}: ${errno === ENOENT ? 'not found' : errnoText(errno)}`);
    return errno === EACCES ? NOT_EXECUTABLE : NOT_FOUND;
  }

  #toolContext(fields: readonly string[], streams: Streams, assigned: Readonly<Record<string, string>>): ToolContext {
    const [name = '', ...args] = fields;
    const output = streams[1];
    return {
      name,
      args,
      env: this.state.environment(assigned),
      cwd: this.state.cwd,
      fs: this.host.fs,
      host: this.host,
      read: () => this.io.read(streams[0]),
      write: (content) => this.#write(output, typeof content === 'string' ? this.#encoder.encode(content) : content),
      writeError: (text) => void this.io.write(streams[2], this.#encoder.encode(text)),
      isTerminal: output?.kind === 'inherited' && output.stdio.kind === 'terminal',
    };
  }

  /** A reader that is gone ends the shell, as SIGPIPE does. */
  #write(stream: Stream | undefined, bytes: Uint8Array): void {
    if (!this.io.write(stream, bytes)) throw new ShellExit(SIGNAL_BASE + 13);
  }
}

class RedirectError extends Error {}

function statusOf({ code, signal }: ExitStatus): number {
  return code ?? SIGNAL_BASE + (signalNumber(signal ?? '') ?? 0);
}
