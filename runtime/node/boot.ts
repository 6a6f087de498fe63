// Boots Node's own library over our bindings. Two steps: everything that depends on no program happens ahead of time in the
// warm pool, then `start` gives the process its arguments, environment and folder. Runs in the process worker.
import type { ProcessHost } from '../process/host.ts';
import { AsyncContext } from './async-context.ts';
import { patchFunctionText } from './compile/function-text.ts';
import { asyncContextFrame, AsyncState, asyncWrap } from './bindings/async-wrap.ts';
import { contextify } from './bindings/contextify.ts';
import { errors } from './bindings/errors.ts';
import { refusal } from './bindings/buffer/node-error.ts';
import { bindingFactories } from './bindings/index.ts';
import { moduleWrap } from './bindings/module-wrap.ts';
import { processMethods, type ProcessState, writeStderr } from './bindings/process-methods.ts';
import { uv } from './bindings/system.ts';
import { listenToRejections, LoopWiring, taskQueue, timers } from './bindings/task-queue.ts';
import { openNpmDoor } from '../packages/npm-cli/door.ts';
import { exposeGarbageCollector } from './collect-garbage.ts';
import { Contexts } from './compile/contexts.ts';
import { ScriptCompiler } from './compile/scripts.ts';
import { ProcessDescriptors, terminalOf } from './descriptors.ts';
import { FatalHandler } from './fatal.ts';
import { hideBrowserGlobals } from './globals.ts';
import type { Library, LibraryFunction, LoadedLibrary, OptionValue, Shape } from './library.ts';
import { NodeLoop } from './loop.ts';
import { restrictPrototypeAccess } from './disable-proto.ts';
import { readEnvFiles } from './env-files.ts';
import { type CommandLine, mainOf, OptionParser } from './options.ts';
import { makeEnvironment } from './environment.ts';
import type { BindingFactory, BindingObject, DescriptorTable, Primitives, Realm } from './realm.ts';
import { makeSkeleton, SymbolTable } from './skeleton.ts';
import { installStackFormatter, type PrepareCallback } from './stack-frames.ts';
import { withOutbound } from './outbound/connect.ts';
import { trackCompilation } from './web-assembly.ts';
import { unsettledLocation } from './unsettled-await.ts';
import { UvErrors } from './uv-errors.ts';
import { flushLinks } from './bindings/messaging/thread-link.ts';
import { describeThread, workerBinding } from './bindings/worker.ts';
import { AsyncWrap } from './bindings/stream-base/handle-wrap.ts';

const INVALID_COMMAND_LINE = 9;
const DEFAULT_UMASK = 0o022;

export interface BootParts {
  readonly host: ProcessHost;
  readonly loaded: LoadedLibrary;
  readonly primitives: Primitives;
  readonly scope: typeof globalThis;
  /** URL of this runtime's own code, to keep it out of stack traces. */
  readonly runtimeUrl: string;
}

export class NodeProcess implements Realm {
  readonly host: ProcessHost;
  readonly loop: NodeLoop;
  readonly primitives: Primitives;
  readonly shape: Shape;
  readonly globalThis: typeof globalThis;
  readonly descriptors: DescriptorTable;
  readonly asyncContext: AsyncContext;
  process: BindingObject = {};
  cwd = '/';
  internalBinding: (name: string) => BindingObject = (name) => this.#binding(name);
  requireBuiltin: (id: string) => BindingObject = (id) => {
    throw new Error(`${id} is needed before Node's library is booted`);
  };

  readonly #loaded: LoadedLibrary;
  readonly #runtimeUrl: string;
  readonly #library: Library;
  readonly #uvErrors: UvErrors;
  readonly #symbols = new SymbolTable();
  readonly #privateSymbols = new SymbolTable();
  readonly #bindings = new Map<string, BindingObject>();
  readonly #wiring = new LoopWiring();
  readonly #asyncState = new AsyncState();
  readonly #compiler: ScriptCompiler;
  readonly #contexts: Contexts;
  readonly #fatal: FatalHandler;
  readonly #state: ProcessState;
  readonly #factories: Readonly<Record<string, BindingFactory>>;
  #environment: Record<string, string> = {};
  #optionValues: Record<string, OptionValue>;
  #primordials: object = {};
  #entryPromise: Promise<unknown> | null = null;
  #isEntryPending = false;
  #hasWarnedOfEnvironment = false;
  #prepareCallback: PrepareCallback | null = null;

  constructor({ host, loaded, primitives, scope, runtimeUrl }: BootParts) {
    const { library, shape } = loaded;
    this.#loaded = loaded;
    this.#runtimeUrl = runtimeUrl;
    this.host = host;
    this.primitives = primitives;
    this.shape = shape;
    this.globalThis = scope;
    this.#library = library;
    this.asyncContext = new AsyncContext(scope.Promise);
    patchFunctionText(scope.Function);
    loaded.setAwait(this.asyncContext.keep);
    this.#optionValues = { ...shape.optionValues };
    this.#uvErrors = new UvErrors(shape.errmap);
    this.loop = new NodeLoop(primitives, (scope as { scheduler?: { yield?(): Promise<void> } }).scheduler);
    this.descriptors = new ProcessDescriptors(host);
    this.#state = { loop: this.loop, versions: shape.versions, argv: ['node'], execArgv: [], umask: DEFAULT_UMASK };
    this.#compiler = new ScriptCompiler(this);
    this.#contexts = new Contexts(this.#compiler);
    this.#fatal = new FatalHandler(this);
    this.#factories = { ...bindingFactories, ...this.#ownFactories() };
  }

  privateSymbol = (name: string): symbol => this.#privateSymbols.get(name);

  resolvePath(path: string): string {
    return path.startsWith('/') ? path : `${this.cwd}/${path}`;
  }

  makeCallback(resource: object, fn: unknown, ...args: unknown[]): unknown {
    if (typeof fn !== 'function' || this.loop.isEnded) return undefined;
    const inScope = (): unknown => this.#inAsyncScope(resource, () => Reflect.apply(fn, resource, args) as unknown);
    return this.loop.run(() => this.asyncContext.run(AsyncWrap.frameOf(resource), inScope));
  }

  newAsyncId(resource: object, provider: string): number {
    const { async_id_fields: ids, async_hook_fields: counts, constants } = this.internalBinding('async_wrap');
    const id = ++ids[constants.kAsyncIdCounter];
    if (counts[constants.kInit] > 0) {
      const wanted = ids[constants.kDefaultTriggerAsyncId] as number;
      this.#asyncState.hooks?.init(id, provider, wanted >= 0 ? wanted : ids[constants.kExecutionAsyncId], resource);
    }
    return id;
  }

  uvException(errno: number, syscall: string, path?: string, dest?: string): Error {
    return this.#uvErrors.exception(errno, syscall, path, dest);
  }

  /** Everything that does not depend on a program. */
  bootBase(): void {
    const scope = this.globalThis;
    listenToRejections(scope, this.#wiring, this.loop);
    hideBrowserGlobals(scope, this.shape.globals);
    trackCompilation(scope, this.loop);
    const { privateSymbols } = this.internalBinding('util');
    const exports: BindingObject = {};
    for (const name of ['primordials', 'domexception', 'messageport']) {
      this.#load(`internal/per_context/${name}`)(exports, this.#primordials, privateSymbols, this.internalBinding('symbols'));
    }
    this.internalBinding('messaging')['DOMException'] = exports['DOMException'];
    this.process = this.#makeProcess();
    const refuse = (name: string): never => {
      throw Object.assign(new Error(`No such binding: ${name}`), { code: 'ERR_INVALID_MODULE' });
    };
    this.#load('internal/bootstrap/realm')(this.process, refuse, (name: string) => this.#binding(name), this.#primordials);
    this.#watchEntryPoint();
    this.#run('internal/bootstrap/node');
    this.#installStackFormatter();
    const switches = this.host.isThread
      ? ['is_not_main_thread', 'does_not_own_process_state']
      : ['is_main_thread', 'does_own_process_state'];
    for (const part of ['web/exposed-wildcard', 'web/exposed-window-or-worker', ...switches.map((name) => `switches/${name}`)]) {
      this.#run(`internal/bootstrap/${part}`);
    }
  }

  /** Gives the process its request and runs the program. */
  start(): void {
    const { request } = this.host;
    this.cwd = request.cwd;
    Object.assign(this.#environment, request.env);
    const line = this.#parseCommandLine();
    if (line.values['--version'] === true) return this.#printVersion();
    this.#optionValues = line.values;
    if (line.exposesGc) exposeGarbageCollector(this.globalThis);
    restrictPrototypeAccess(this.globalThis, line.values['--disable-proto']);
    this.#state.execArgv = line.execArgv;
    if (typeof line.values['--title'] === 'string' && line.values['--title'] !== '') this.#state.title = line.values['--title'];
    this.#state.argv = [request.argv[0] ?? 'node', ...line.rest];
    this.loop.hooks = this.#wiring.hooks({
      onError: (error) => this.#fatal.handle(error),
      onIdle: (isSecondTime) => this.#onIdle(isSecondTime),
      onTurn: () => (this.asyncContext.frame = undefined),
    });
    openNpmDoor(this, line.rest[0]);
    describeThread(this, this.internalBinding('worker'));
    const main = this.host.isThread ? 'internal/main/worker_thread' : mainOf(line, terminalOf(this, 0) !== null);
    this.loop.run(() => this.#run(main));
    this.loop.wake();
  }

  /** Files of `--env-file` come into the environment on the way; they may hold NODE_OPTIONS, too. */
  #parseCommandLine(): CommandLine {
    const { request } = this.host;
    const parse = (): CommandLine => {
      const parsed = new OptionParser(this.shape).parse(request.argv.slice(1), this.#environment['NODE_OPTIONS']);
      if (parsed.error !== null) this.#refuseToStart(parsed.error);
      return parsed;
    };
    const line = parse();
    const { variables, missing } = readEnvFiles(this, line.values);
    if (missing !== null) this.#refuseToStart(`${missing}: not found`);
    const before = this.#environment['NODE_OPTIONS'];
    for (const [name, value] of Object.entries(variables)) this.#environment[name] ??= value;
    return before === this.#environment['NODE_OPTIONS'] ? line : parse();
  }

  #refuseToStart(reason: string): never {
    writeStderr(this, `${this.host.request.argv[0] ?? 'node'}: ${reason}\n`);
    return this.host.exit({ code: INVALID_COMMAND_LINE, signal: null });
  }

  #printVersion(): void {
    const { stdio } = this.host.request;
    const text = new this.primitives.TextEncoder().encode(`${this.shape.version}\n`);
    if (stdio[1] !== undefined) this.internalBinding('fs')['writeBuffer'](1, text, 0, text.length, null);
    this.host.leave({ code: 0, signal: null });
  }

  /** `beforeExit` may queue more; when it did not, `exit` is the program's last word. */
  #onIdle(isSecondTime: boolean): void {
    const { process } = this;
    if (!isSecondTime) {
      this.loop.run(() => process['emit']('beforeExit', process['exitCode'] ?? 0));
      return;
    }
    process['_exiting'] = true;
    const isUnsettled = this.#isEntryPending;
    this.loop.run(() => process['emit']('exit', process['exitCode'] ?? (isUnsettled ? 13 : 0)));
    this.loop.isEnded = true;
    if (isUnsettled && this.#fatal.exitCode(13) === 13) {
      this.#fatal.leaveUnsettled(unsettledLocation(this));
      return;
    }
    flushLinks(this);
    this.host.leave({ code: this.#fatal.exitCode(0) & 0xff, signal: null });
  }

  #inAsyncScope(resource: object, work: () => unknown): unknown {
    const binding = this.internalBinding('async_wrap');
    const asyncId = (resource as { getAsyncId?(): number }).getAsyncId?.() ?? 0;
    if (asyncId <= 0) return work();
    const { hooks } = this.#asyncState;
    const counts = binding['async_hook_fields'] as Uint32Array;
    const { kBefore, kAfter } = binding['constants'] as Record<string, number>;
    binding['pushAsyncContext'](asyncId, 0, resource);
    binding['execution_async_resources'].push(resource);
    if ((counts[kBefore ?? 0] ?? 0) > 0) hooks?.before(asyncId);
    // Not in a `finally`: the handler of an error asks in whose callback it happened, and clears the stack.
    const result = work();
    if ((counts[kAfter ?? 0] ?? 0) > 0) hooks?.after(asyncId);
    binding['popAsyncContext'](asyncId);
    return result;
  }

  #ownFactories(): Record<string, BindingFactory> {
    return {
      async_context_frame: asyncContextFrame(this.asyncContext),
      async_wrap: asyncWrap(this.#asyncState),
      builtins: (_realm, binding) => this.#builtins(binding),
      contextify: contextify(this.#compiler, this.#contexts),
      errors: errors(this.#fatal, this.#compiler, (callback) => (this.#prepareCallback = callback)),
      module_wrap: moduleWrap(this.#compiler, this.#contexts),
      options: (_realm, binding) => this.#options(binding),
      process_methods: processMethods(this.#state),
      task_queue: taskQueue(this.#wiring, this.loop),
      timers: timers(this.#wiring, this.loop),
      uv: uv(this.#uvErrors),
      worker: workerBinding({ shape: this.shape, execArgv: () => this.#state.execArgv }),
    };
  }

  #binding(name: string): BindingObject {
    const known = this.#bindings.get(name);
    if (known !== undefined) return known;
    const factory = this.#factories[name];
    const made = makeSkeleton(this, this.#symbols, name, this.shape.bindings[name]) ?? (factory === undefined ? undefined : {});
    if (made === undefined) throw Object.assign(new Error(`No such binding: ${name}`), { code: 'ERR_INVALID_MODULE' });
    this.#bindings.set(name, made);
    factory?.(this, made);
    return made;
  }

  #builtins(binding: BindingObject): void {
    const ids = [...Object.keys(this.#library), ...Object.keys(this.#loaded.lateModules)].filter(
      (id) => !id.startsWith('internal/per_context/'),
    );
    binding['builtinIds'] = ids;
    binding['natives'] = Object.fromEntries(ids.map((id) => [id, '']));
    binding['builtinCategories'] = { cannotBeRequired: [], canBeRequired: ids };
    binding['config'] = JSON.stringify({
      target_defaults: this.shape.config['target_defaults'],
      variables: this.shape.config['variables'],
    });
    binding['compileFunction'] = (id: string) => this.#builtin(id);
    binding['hasCachedBuiltins'] = () => true;
    binding['getCacheUsage'] = () => ({ compiledWithCache: [], compiledWithoutCache: [], compiledInSnapshot: [] });
    binding['setInternalLoaders'] = (internalBinding: Realm['internalBinding'], requireBuiltin: Realm['requireBuiltin']) => {
      this.internalBinding = internalBinding;
      this.requireBuiltin = requireBuiltin;
    };
  }

  #options(binding: BindingObject): void {
    binding['getCLIOptionsValues'] = () => this.#optionValues;
    binding['getCLIOptionsInfo'] = () => ({
      options: new Map(this.shape.optionInfo.options),
      aliases: new Map(this.shape.optionInfo.aliases),
    });
    binding['getOptionsAsFlags'] = () => [...this.#state.execArgv];
    binding['getEmbedderOptions'] = () => ({
      shouldNotRegisterESMLoader: false,
      noGlobalSearchPaths: false,
      noBrowserGlobals: false,
      hasEmbedderPreload: false,
    });
    binding['getEnvOptionsInputType'] = () => new Map();
    binding['getNamespaceOptionsInputType'] = () => new Map();
  }

  #installStackFormatter(): void {
    const { libraryUrl, libraryLines } = this.#loaded;
    const sources = { libraryUrl, libraryLines, runtimeUrl: this.#runtimeUrl, compiler: this.#compiler };
    if (this.#prepareCallback !== null) installStackFormatter(this.globalThis.Error, this.#prepareCallback, sources);
  }

  #builtin(id: string): LibraryFunction {
    if (id === 'inspector') return loadableInspector(this.#load(id));
    if (id === 'internal/vm') return this.#amended(id, { isContext: (value: unknown) => this.#contexts.has(value) });
    // Its workers share listening sockets, and a socket cannot be handed to another process here.
    if (id === 'internal/cluster/primary') return this.#amended(id, { fork: refusal(this, 'cluster.fork') });
    return withOutbound(this, id, this.#load(id));
  }

  /** A module with some of its exports replaced: `isContext` reads a private symbol that sandboxes here must not show. */
  #amended(id: string, replacements: object): LibraryFunction {
    const load = this.#load(id);
    return (...args) => {
      load(...args);
      Object.assign((args[2] as { exports: object }).exports, replacements);
    };
  }

  #load(id: string): LibraryFunction {
    const compiled = this.#library[id] ?? this.#loadLate(id);
    if (compiled === undefined) throw new Error(`No such built-in module: ${id}`);
    return compiled;
  }

  /** `require` is synchronous, so this blocks until the module is here. */
  #loadLate(id: string): LibraryFunction | undefined {
    const url = this.#loaded.lateModules[id];
    if (url === undefined) return undefined;
    const request = new this.primitives.XMLHttpRequest();
    request.open('GET', url, false);
    request.send();
    if (request.status !== 200) throw new Error(`${id} could not be fetched (${request.status})`);
    const evaluate = this.globalThis.eval;
    return evaluate(`${request.responseText}\n//# sourceURL=node:${id}`) as LibraryFunction;
  }

  #run(id: string): unknown {
    return this.#load(id)(this.process, this.requireBuiltin, this.internalBinding, this.#primordials);
  }

  #makeProcess(): BindingObject {
    // Named by its place: V8 words errors with the name in the source.
    const constructors = { process: function () {} } as unknown as { process: new () => BindingObject };
    const process = new constructors.process();
    process['env'] = makeEnvironment(this.#environment, () => this.#warnOfEnvironment());
    const { versions, version, release } = this.shape;
    for (const [name, value] of Object.entries({ version, versions, arch: 'x64', platform: 'linux', release: { ...release } }))
      Object.defineProperty(process, name, { value, enumerable: true, configurable: true });
    Object.defineProperty(process, this.privateSymbol('exit_info_private_symbol'), { value: new Int32Array(3) });
    Object.defineProperty(process, '_events', { value: undefined, writable: true, configurable: true });
    return process;
  }

  #warnOfEnvironment(): void {
    if (this.#optionValues['--pending-deprecation'] !== true || this.#hasWarnedOfEnvironment) return;
    this.#hasWarnedOfEnvironment = true;
    this.process['emitWarning'](
      'Assigning any value other than a string, number, or boolean to a process.env property is deprecated. Please make sure to ' +
        'convert the value to a string before setting process.env with it.',
      'DeprecationWarning',
      'DEP0104',
    );
  }

  /** Node's loader leaves the entry point's promise on the global object: unsettled at the end means exit code 13. */
  #watchEntryPoint(): void {
    Object.defineProperty(this.globalThis, this.privateSymbol('entry_point_promise_private_symbol'), {
      configurable: true,
      get: () => this.#entryPromise,
      set: (promise: Promise<unknown>) => {
        this.#entryPromise = promise;
        this.#isEntryPending = true;
        const settled = (): void => void (this.#isEntryPending = false);
        promise.then(settled, settled);
      },
    });
    Object.defineProperty(this.globalThis, this.privateSymbol('entry_point_module_private_symbol'), {
      value: undefined,
      writable: true,
      configurable: true,
    });
  }
}

/**
 * Tools require `inspector` and only ask whether it is active. It loads; what needs a debugger's protocol is refused by its
 * binding. For everybody else Node's build has none, as `process.features.inspector` says.
 */
function loadableInspector(compiled: LibraryFunction): LibraryFunction {
  return (exports, require, module, process, internalBinding, primordials) => {
    const bindings = (name: string): BindingObject => {
      const binding = (internalBinding as Realm['internalBinding'])(name);
      return name === 'config' ? { ...binding, hasInspector: true } : binding;
    };
    return compiled(exports, require, module, process, bindings, primordials);
  };
}
