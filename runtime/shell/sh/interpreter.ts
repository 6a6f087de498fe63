// Runs a shell's syntax tree: builtins and small tools inside this worker, everything else as processes of the kernel.
import type { ProcessHost } from '../../process/host.ts';
import { spawnFailure } from '../resolve-command.ts';
import { createContext, insideTool, NOT_EXECUTABLE, NOT_FOUND, runTool } from '../tool-context.ts';
import { succeedBy } from '../successor.ts';
import { decodeText, encodeText } from '../text.ts';
import { assign } from './assignments.ts';
import { builtins, SPECIAL_BUILTINS } from './builtins/index.ts';
import { runArithmeticFor, runCase, runFor, runIf, runWhile } from './compound-commands.ts';
import { conditionHolds } from './conditions.ts';
import { FunctionReturn, Interrupted, LoopJump, ShellExit } from './control.ts';
import { Expander } from './expansion.ts';
import { ExpansionError } from './expansion-error.ts';
import { JobTable } from './jobs.ts';
import { parseShell } from './parser.ts';
import { runPipeline, spawnFields, startBackground, startForeground } from './pipelines.ts';
import { RedirectError, Redirector } from './redirects.ts';
import { SignalQueue } from './signals.ts';
import { ReadonlyError, type ShellState, type Variable } from './state.ts';
import { newCollector, StreamIo, type Streams, withStream } from './streams.ts';
import {
  type Assignment,
  type Command,
  type CommandOf,
  finalCommand,
  isFailure,
  type List,
  type Pipeline,
  type Redirect,
  ShellSyntaxError,
} from './syntax.ts';

const SYNTAX_ERROR = 2;
const SIGPIPE_STATUS = 141;
const ENOENT = -2;
const ENOTDIR = -20;
const MAX_CALL_DEPTH = 1000;
/** What an interactive shell still runs in its own worker: nothing that could take long or wait. */
const QUICK = new Set([
  'basename',
  'dirname',
  'echo',
  'printf',
  'true',
  'false',
  'test',
  'pwd',
  'mkdir',
  'rmdir',
  'touch',
  'ln',
  'chmod',
  'date',
  'which',
  'clear',
]);

interface RunOptions {
  readonly assigned?: Readonly<Record<string, string>>;
  readonly skipsFunctions?: boolean;
  /** The shell has nothing to do after it. */
  readonly isFinal?: boolean;
}

/** What an interactive shell does around a foreground job. */
export interface JobControl {
  foreground(group: number): void;
  restore(): void;
}

export class Interpreter {
  readonly host: ProcessHost;
  readonly io: StreamIo;
  readonly jobs: JobTable;
  readonly signals: SignalQueue;
  /** Only of an interactive shell. */
  readonly control: JobControl | null;
  state: ShellState;
  streams: Streams;
  /** The status of the last command substitution, for commands that are only assignments. */
  substitutionStatus = 0;
  /** `exec` without a command: the redirections stay. */
  keepsRedirects = false;
  /** The commands of an interactive shell, oldest first. */
  readonly history: string[] = [];
  readonly #unaliased = new Set<string>();
  /** After it the shell has nothing to do: the program it starts takes the shell's place. */
  #finalCommand: Command | null = null;
  #isTrapping = false;
  #lastSubstitution = 0;

  constructor(host: ProcessHost, state: ShellState, streams: Streams, control: JobControl | null) {
    this.host = host;
    this.state = state;
    this.streams = streams;
    this.control = control;
    this.io = new StreamIo(host);
    this.jobs = new JobTable(host);
    this.signals = new SignalQueue(host);
    if (control !== null) this.io.onWake = () => this.#checkInterrupt();
  }

  /** Parses and runs; a syntax error is reported with status 2. `isWhole`: nothing comes after it. */
  async runSource(source: string, isWhole = false): Promise<number> {
    let list: List;
    try {
      list = parseShell(source);
    } catch (error) {
      if (!(error instanceof ShellSyntaxError)) throw error;
      this.complain(error.message);
      return (this.state.status = SYNTAX_ERROR);
    }
    if (isWhole) this.#finalCommand = finalCommand(list);
    return this.runList(list);
  }

  print(text: string): void {
    if (!this.io.write(this.streams[1], encodeText(text))) throw new ShellExit(SIGPIPE_STATUS);
  }

  printError(text: string): void {
    this.io.write(this.streams[2], encodeText(text));
  }

  complain(message: string): void {
    this.printError(`${this.state.scriptName}: ${message}\n`);
  }

  async runList(list: List): Promise<number> {
    for (const item of list) {
      if (!this.signals.isEmpty) await this.runTraps();
      if (this.state.has('noexec')) continue;
      if (item.isBackground) {
        this.state.status = await startBackground(this, item);
        continue;
      }
      const last = item.chain.length - 1;
      for (const [index, { pipeline, joint }] of item.chain.entries()) {
        if (index > 0 && (joint === 'and') !== (this.state.status === 0)) continue;
        const isTested = pipeline.isNegated || index < last;
        this.state.conditionDepth += isTested ? 1 : 0;
        this.state.status = await this.#pipeline(pipeline, item.chain.length === 1 ? item.source : '').finally(
          () => (this.state.conditionDepth -= isTested ? 1 : 0),
        );
        if (this.state.status !== 0 && this.state.conditionDepth === 0 && !isTested && isFailure(pipeline)) await this.#failed();
      }
      if (!this.signals.isEmpty) await this.runTraps();
    }
    return this.state.status;
  }

  async command(command: Command): Promise<number> {
    if (command.redirects.length === 0) return this.#execute(command);
    return this.withRedirects(command.redirects, () => this.#execute(command));
  }

  /** Runs a command by its fields. `assigned` is its environment on top of the shell's. */
  async runCommand(
    fields: readonly string[],
    { assigned = {}, skipsFunctions = false, isFinal = false }: RunOptions = {},
  ): Promise<number> {
    const [name = '', ...args] = fields;
    const body = skipsFunctions ? undefined : this.state.functions.get(name);
    if (body !== undefined) return this.#call(body, args);
    const builtin = Object.hasOwn(builtins, name) ? builtins[name] : undefined;
    if (builtin !== undefined) return builtin({ shell: this, name, args });
    return this.#external(fields, assigned, isFinal);
  }

  expander(): Expander {
    return new Expander(this.state, {
      fs: this.host.fs,
      substitute: (body) => this.#substitute(body),
      substituteProcess: (direction, body) => this.#substituteProcess(direction, body),
    });
  }

  /** Runs in a copy of the state: a subshell. Its EXIT trap runs at its end. */
  async inFork(work: () => Promise<number>, streams: Streams = this.streams): Promise<number> {
    const [outer, outerStreams] = [this.state, this.streams];
    this.state = outer.fork();
    this.streams = streams;
    try {
      const status = await work().catch((jump: unknown) => jumpStatus(jump));
      return await this.runExitTrap(status).catch((jump: unknown) => jumpStatus(jump));
    } finally {
      this.state = outer;
      this.streams = outerStreams;
    }
  }

  async withRedirects(redirects: readonly Redirect[], work: () => Promise<number>): Promise<number> {
    const outer = this.streams;
    const redirector = new Redirector(this.host, this.state);
    try {
      for (const redirect of redirects) this.streams = await redirector.apply(redirect, this.streams, this.expander());
    } catch (error) {
      this.streams = outer;
      redirector.close();
      return this.#commandFailed(error);
    }
    try {
      return await work();
    } finally {
      if (this.keepsRedirects) this.keepsRedirects = false;
      else {
        this.streams = outer;
        redirector.close();
      }
    }
  }

  /** Runs the actions of the signals that arrived. */
  async runTraps(): Promise<void> {
    for (let name = this.signals.take(); name !== null; name = this.signals.take()) {
      const action = this.state.traps.get(name);
      if (action !== undefined) {
        if (action !== '') await this.#runTrap(action);
      } else if (name === 'INT' && this.control !== null) throw new Interrupted();
    }
  }

  /** What the shell does before it ends; `exit` in the trap changes the status. */
  async runExitTrap(status: number): Promise<number> {
    const action = this.state.traps.get('EXIT');
    if (action === undefined || action === '') return status;
    this.state.traps.delete('EXIT');
    this.state.status = status;
    await this.runSource(action);
    return status;
  }

  /** Signals that an interactive shell never dies of, whatever its traps. */
  alwaysHandles(name: string): boolean {
    return this.control !== null && /^(?:INT|QUIT|TERM|TSTP|TTIN|TTOU)$/.test(name);
  }

  explain(name: string, errno: number): number {
    this.complain(`${name}: ${spawnFailure(name, errno)}`);
    return errno === ENOENT || errno === ENOTDIR ? NOT_FOUND : NOT_EXECUTABLE;
  }

  #checkInterrupt(): void {
    if (this.signals.has('INT') && !this.state.traps.has('INT')) throw new Interrupted();
  }

  async #runTrap(action: string): Promise<void> {
    const { status } = this.state;
    await this.runSource(action);
    this.state.status = status;
  }

  /** A command failed outside of any condition. */
  async #failed(): Promise<void> {
    const action = this.state.traps.get('ERR');
    if (action !== undefined && !this.#isTrapping) {
      this.#isTrapping = true;
      await this.#runTrap(action).finally(() => (this.#isTrapping = false));
    }
    if (this.state.has('errexit')) throw new ShellExit(this.state.status);
  }

  async #pipeline(pipeline: Pipeline, source: string): Promise<number> {
    const startedAt = performance.now();
    const [only] = pipeline.commands;
    const status =
      pipeline.commands.length === 1 && only !== undefined ? await this.command(only) : await runPipeline(this, pipeline.commands, source);
    if (pipeline.commands.length === 1) this.state.pipeStatus = [status];
    if (pipeline.isTimed) this.#reportTime((performance.now() - startedAt) / 1000);
    return pipeline.isNegated ? (status === 0 ? 1 : 0) : status;
  }

  #reportTime(seconds: number): void {
    const show = (value: number): string => `${Math.floor(value / 60)}m${(value % 60).toFixed(3)}s`;
    // The tab does not account processor time; elapsed time is what there is.
    this.printError(`\nreal\t${show(seconds)}\nuser\t${show(0)}\nsys\t${show(0)}\n`);
  }

  async #execute(command: Command): Promise<number> {
    switch (command.type) {
      case 'simple':
        return this.#simple(command);
      case 'group':
        return this.runList(command.body);
      case 'subshell':
        return this.inFork(() => this.runList(command.body));
      case 'if':
        return runIf(this, command);
      case 'for':
        return runFor(this, command);
      case 'arithmetic-for':
        return runArithmeticFor(this, command);
      case 'while':
      case 'until':
        return runWhile(this, command);
      case 'case':
        return runCase(this, command);
      case 'function':
        this.state.functions.set(command.name, command.body);
        return 0;
      case 'conditional':
        return this.guarded(async () => ((await conditionHolds(command.condition, this)) ? 0 : 1));
      case 'arithmetic':
        return this.guarded(async () => ((await this.expander().arithmetic(command.expression)) === 0n ? 1 : 0));
      default:
        return command satisfies never;
    }
  }

  async #simple(command: CommandOf<'simple'>): Promise<number> {
    const aliased = this.#alias(command);
    if (aliased !== null) return aliased;
    return this.guarded(async () => {
      const expander = this.expander();
      this.substitutionStatus = 0;
      const fields = await expander.fields(command.words);
      if (fields.length === 0) return this.#assignOnly(command.assignments, expander);
      this.#trace(fields);
      const [name = ''] = fields;
      const isLasting = SPECIAL_BUILTINS.has(name) && !this.state.functions.has(name) && !this.state.isBash;
      if (command.declarations.length > 0) return this.#declare(fields, command.declarations);
      const isFinal = command === this.#finalCommand;
      if (command.assignments.length === 0) return this.runCommand(fields, { isFinal });
      if (isLasting) {
        for (const one of command.assignments) await assign(one, this.state, expander);
        return this.runCommand(fields, { isFinal });
      }
      return this.#withAssignments(command, fields, expander, isFinal);
    });
  }

  /** Errors of an expansion end the command, and a script with it. */
  async guarded(work: () => Promise<number>): Promise<number> {
    try {
      return await work();
    } catch (error) {
      return this.#commandFailed(error);
    }
  }

  #commandFailed(error: unknown): number {
    const isExpansion = error instanceof ExpansionError || error instanceof ShellSyntaxError || error instanceof ReadonlyError;
    if (!isExpansion && !(error instanceof RedirectError)) throw error;
    this.complain(error.message);
    const status = this.state.isBash ? 1 : SYNTAX_ERROR;
    if (isExpansion && this.control === null)
      throw new ShellExit(error instanceof ExpansionError && this.state.isBash ? NOT_FOUND : status);
    return status;
  }

  async #assignOnly(assignments: readonly Assignment[], expander: Expander): Promise<number> {
    for (const one of assignments) await assign(one, this.state, expander);
    return this.substitutionStatus;
  }

  async #withAssignments(
    { assignments }: CommandOf<'simple'>,
    fields: readonly string[],
    expander: Expander,
    isFinal: boolean,
  ): Promise<number> {
    const before = new Map<string, Variable | undefined>();
    for (const { name } of assignments) before.set(name, this.state.variables.get(name));
    try {
      for (const one of assignments) {
        await assign(one, this.state, expander);
        this.state.mark(one.name, { isExported: true });
      }
      return await this.runCommand(fields, { isFinal });
    } finally {
      for (const [name, variable] of before) {
        if (variable === undefined) this.state.variables.delete(name);
        else this.state.variables.set(name, variable);
      }
    }
  }

  /** `export a=1`, `local b=(x y)`: first the names with their attributes, then the values. */
  async #declare(fields: readonly string[], declarations: readonly Assignment[]): Promise<number> {
    const isReadonly = fields[0] === 'readonly' || fields.slice(1).some((field) => /^-[a-zA-Z]*r/.test(field));
    const status = isReadonly ? 0 : await this.runCommand([...fields, ...declarations.map(({ name }) => name)]);
    this.substitutionStatus = 0;
    for (const declaration of declarations) await assign(declaration, this.state, this.expander());
    return isReadonly ? this.runCommand([...fields, ...declarations.map(({ name }) => name)]) : status;
  }

  #trace(fields: readonly string[]): void {
    if (this.state.has('xtrace')) this.printError(`${this.state.get('PS4') ?? '+ '}${fields.join(' ')}\n`);
  }

  /** An alias is text: the command is read again with it in the place of its first word. */
  #alias(command: CommandOf<'simple'>): Promise<number> | null {
    const [first] = command.words;
    const [part] = first ?? [];
    if (
      this.state.aliases.size === 0 ||
      first?.length !== 1 ||
      part?.type !== 'text' ||
      part.isQuoted ||
      !command.source.startsWith(part.text)
    )
      return null;
    const { text: name } = part;
    const text = this.state.aliases.get(name);
    if (text === undefined || this.#unaliased.has(name)) return null;
    this.#unaliased.add(name);
    const end = Math.min(...command.redirects.map(() => command.source.length), command.source.length);
    return this.runSource(`${text}${command.source.slice(name.length, end)}`).finally(() => this.#unaliased.delete(name));
  }

  async #call(body: Command, args: readonly string[]): Promise<number> {
    const { state } = this;
    const outer = state.arguments;
    const locals = new Map<string, Variable | undefined>();
    if (state.callDepth >= MAX_CALL_DEPTH) throw new ExpansionError('maximum function nesting level exceeded');
    state.arguments = args;
    state.locals.push(locals);
    state.callDepth++;
    try {
      return await this.command(body);
    } catch (jump) {
      if (jump instanceof FunctionReturn) return jump.status;
      throw jump;
    } finally {
      state.callDepth--;
      state.arguments = outer;
      state.locals.pop();
      for (const [name, variable] of locals) {
        if (variable === undefined) state.variables.delete(name);
        else state.variables.set(name, variable);
      }
    }
  }

  async #substitute(body: List): Promise<string> {
    const whole = await this.#readFileSubstitution(body);
    if (whole !== null) return whole;
    const collector = newCollector();
    const status = await this.inFork(() => this.runList(body), withStream(this.streams, 1, collector));
    this.substitutionStatus = this.state.status = status;
    return decodeText(this.io.collect(collector)).replaceAll('\0', '');
  }

  /** `$(< file)`. */
  async #readFileSubstitution(body: List): Promise<string | null> {
    const command = body.length === 1 ? body[0]?.chain[0]?.pipeline.commands[0] : undefined;
    if (command?.type !== 'simple' || command.words.length + command.assignments.length > 0 || command.redirects[0]?.operator !== '<')
      return null;
    let text = '';
    await this.withRedirects(command.redirects, async () => {
      for (let chunk = this.io.read(this.streams[0]); chunk.length > 0; chunk = this.io.read(this.streams[0])) text += decodeText(chunk);
      return 0;
    });
    return text;
  }

  /** The output goes through a file: a reader may open it at any time, and as often as it likes. */
  async #substituteProcess(direction: '<' | '>', body: List): Promise<string> {
    if (direction === '>') throw new ExpansionError('>(...) is not supported; pipe into the command instead');
    const collector = newCollector();
    await this.inFork(() => this.runList(body), withStream(this.streams, 1, collector));
    const path = `/tmp/.sh-${this.host.pid}-process-${++this.#lastSubstitution}`;
    this.host.fs.writeFile(path, this.io.collect(collector), 0o600);
    return path;
  }

  async #external(fields: readonly string[], assigned: Readonly<Record<string, string>>, isFinal: boolean): Promise<number> {
    const [name = ''] = fields;
    const { cwd, umask } = this.state;
    const env = this.state.environment(assigned);
    if (this.control === null || QUICK.has(name)) {
      const tool = await insideTool(this.host, { argv: fields, env, cwd });
      if (tool !== undefined)
        return runTool(tool, createContext({ host: this.host, io: this.io, argv: fields, env, cwd, streams: this.streams, umask }));
    }
    const pid = spawnFields(this, fields, { env, streams: this.streams, newGroup: this.control !== null });
    if (pid < 0) return this.explain(name, pid);
    // The shell is needed after all where it has traps to run or a prompt to show.
    if (!isFinal || this.control !== null || this.state.traps.size > 0) return startForeground(this, [pid], fields.join(' '));
    return succeedBy(this.host, pid);
  }

  isBuiltin(name: string): boolean {
    return Object.hasOwn(builtins, name);
  }

  /** Whether the command's name is a program rather than part of the shell. */
  isExternal(name: string): boolean {
    return !this.state.functions.has(name) && !Object.hasOwn(builtins, name) && !this.state.aliases.has(name);
  }
}

function jumpStatus(jump: unknown): number {
  if (jump instanceof ShellExit || jump instanceof FunctionReturn) return jump.status;
  if (jump instanceof LoopJump) return 0;
  throw jump;
}
