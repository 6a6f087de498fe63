// The `worker` binding: worker_threads as workers of their own, started by the kernel, which never blocks. Process worker.
import type { ExitStatus } from '#protocol';
import { OptionParser } from '../options.ts';
import type { Shape } from '../library.ts';
import type { BindingFactory, BindingObject, LoopHandle, Realm } from '../realm.ts';
import { transportOf } from './messaging.ts';
import type { NodeMessagePort } from './messaging/message-port.ts';
import { LINK_BYTES, type LinkDescriptor } from './messaging/thread-link.ts';
import { refusal } from './buffer/node-error.ts';
import { ChildStdio } from './process-wrap/child-stdio.ts';
import { childrenOf } from './process-wrap/children.ts';
import { AsyncWrap } from './stream-base/handle-wrap.ts';

const SIGKILL = 9;
const TERMINATED = 1;
/** Standard input, output and error. */
const STDIO = 3;
/** Options that a thread cannot have for itself. */
const PER_PROCESS = /^--(?:title|version|v8-options|help|security-revert|icu-data-dir|openssl-config|use-openssl-ca|use-bundled-ca)\b/;
const REFUSED = ['takeHeapSnapshot', 'getHeapStatistics', 'startCpuProfile', 'stopCpuProfile', 'startHeapProfile', 'stopHeapProfile'];

/** What a thread inherits unless it is told otherwise. */
export interface ThreadDefaults {
  readonly shape: Shape;
  readonly execArgv: () => readonly string[];
}

/** `thread`: absent in the first thread of a process. */
export function workerBinding(defaults: ThreadDefaults): BindingFactory {
  return (realm, binding) => {
    const { thread } = realm.host.request;
    const isMainThread = !realm.host.isThread;
    Object.assign(binding, { isMainThread, isInternalThread: false, ownsProcessState: isMainThread, threadId: 0, threadName: 'main' });
    binding['resourceLimits'] = new Float64Array(binding['kTotalResourceLimitCount'] as number);
    binding['getEnvMessagePort'] = () => environmentPort(realm);
    binding['Worker'] = workerClass(realm, defaults);
    if (thread !== undefined) describeThread(realm, binding);
  };
}

/** Fills in what a thread learns only when it starts: its worker was booted ahead of time. */
export function describeThread(realm: Realm, binding: BindingObject): void {
  const { thread } = realm.host.request;
  if (thread === undefined) return;
  Object.assign(binding, { threadId: thread.threadId, threadName: thread.name, isInternalThread: thread.isInternal });
  (binding['resourceLimits'] as Float64Array).set(thread.resourceLimits);
}

const environmentPorts = new WeakMap<Realm, NodeMessagePort>();

/** The thread's port to its creator. */
function environmentPort(realm: Realm): NodeMessagePort | undefined {
  const { thread } = realm.host.request;
  if (thread === undefined) return undefined;
  let port = environmentPorts.get(realm);
  if (port === undefined) {
    const { connection, companion } = thread;
    port = transportOf(realm).adoptLink(descriptor(realm, connection, companion));
    environmentPorts.set(realm, port);
  }
  return port;
}

/** The kernel moved the holds to us already, or they were ours from the start. */
function descriptor(realm: Realm, connection: LinkDescriptor['connection'], companion: MessagePort): LinkDescriptor {
  return { connection, companion, holder: realm.host.slots.self, queued: [], isEnded: false };
}

function workerClass(realm: Realm, defaults: ThreadDefaults): unknown {
  class Worker extends AsyncWrap {
    static override readonly name = 'Worker';
    readonly threadId: number;
    readonly threadName: string;
    readonly messagePort: NodeMessagePort;
    readonly invalidExecArgv: readonly string[] | undefined;
    readonly invalidNodeOptions: readonly string[] | undefined;
    onexit: ((code: number, customError: string | null, reason: string | null) => void) | null = null;
    readonly #env: Record<string, string>;
    readonly #execArgv: readonly string[];
    readonly #limits: Float64Array;
    readonly #isInternal: boolean;
    readonly #theirs: LinkDescriptor['connection'];
    readonly #companion: MessagePort;
    readonly #handle: { isActive: boolean; isReferenced: boolean } & LoopHandle = { isActive: false, isReferenced: true };
    readonly #startedAtMs = realm.primitives.performance.now();
    #pid = 0;

    constructor(
      _url: unknown,
      env: Record<string, string> | null | undefined,
      execArgv: readonly string[] | undefined,
      limits: Float64Array,
      _tracksDescriptors: boolean,
      isInternal: boolean,
      name: string,
    ) {
      super(realm);
      this.#env = { ...(env ?? (realm.process['env'] as Record<string, string>)) };
      this.#execArgv = execArgv ?? defaults.execArgv();
      this.#limits = Float64Array.from(limits, (limit) => Math.max(0, limit));
      this.#isInternal = isInternal;
      this.threadName = name;
      this.invalidExecArgv = execArgv === undefined ? undefined : invalidOptions(defaults.shape, execArgv, '');
      this.invalidNodeOptions = env?.['NODE_OPTIONS'] === undefined ? undefined : invalidOptions(defaults.shape, [], env['NODE_OPTIONS']);
      this.threadId = realm.host.callSync({ type: 'reserve-thread' });
      const { ours, theirs } = realm.host.createConnection(LINK_BYTES);
      const { port1, port2 } = new realm.primitives.MessageChannel();
      this.#theirs = theirs;
      this.#companion = port2;
      this.messagePort = transportOf(realm).adoptLink(descriptor(realm, ours, port1));
      realm.loop.addHandle(this.#handle);
    }

    startThread(): void {
      const stdio = new ChildStdio(realm);
      for (let fd = 0; fd < STDIO; fd++) stdio.add(realm.descriptors.get(fd) === undefined ? { type: 'ignore' } : { type: 'inherit', fd });
      // Listening before the call: a short-lived thread may end first.
      const children = childrenOf(realm);
      const { host } = realm;
      this.#pid = host.callSync({
        type: 'spawn',
        request: {
          program: 'node',
          argv: [host.request.argv[0] ?? 'node', ...this.#execArgv],
          env: this.#env,
          cwd: realm.cwd,
          stdio: stdio.list,
          newGroup: false,
          thread: {
            threadId: this.threadId,
            name: this.threadName,
            pid: realm.process['pid'] as number,
            ppid: realm.process['ppid'] as number,
            isInternal: this.#isInternal,
            resourceLimits: [...this.#limits],
            connection: this.#theirs,
            companion: this.#companion,
          },
        },
      });
      if (this.#pid < 0) {
        stdio.abandon();
        realm.loop.enqueue(() => this.#exited({ code: TERMINATED, signal: null }, 'ERR_WORKER_INIT_FAILED', 'no free worker'));
        return;
      }
      this.#handle.isActive = true;
      children.onExit(this.#pid, (status) => this.#exited(status, null, null));
    }

    stopThread(): void {
      if (this.#pid > 0) realm.host.callSync({ type: 'kill', pid: this.#pid, signal: SIGKILL });
    }

    ref(): void {
      this.#handle.isReferenced = true;
    }

    unref(): void {
      this.#handle.isReferenced = false;
      // The loop looks again at whether anything keeps the process alive.
      realm.loop.enqueue(() => {});
    }

    hasRef(): boolean | undefined {
      return this.#handle.isActive ? this.#handle.isReferenced : undefined;
    }

    getResourceLimits(): Float64Array {
      return this.#limits;
    }

    loopStartTime(): number {
      return this.#startedAtMs;
    }

    loopIdleTime(): number {
      return 0;
    }

    #exited(status: ExitStatus, error: string | null, reason: string | null): void {
      realm.makeCallback(this, this.onexit, status.code ?? TERMINATED, error, reason);
      this.#handle.isActive = false;
      realm.loop.removeHandle(this.#handle);
    }
  }
  for (const name of REFUSED)
    Object.defineProperty(Worker.prototype, name, { value: refusal(realm, `worker.Worker#${name}`), writable: true, configurable: true });
  return Worker;
}

function invalidOptions(shape: Shape, execArgv: readonly string[], nodeOptions: string): readonly string[] | undefined {
  const ofProcess = execArgv.filter((argument) => PER_PROCESS.test(argument));
  if (ofProcess.length > 0) return ofProcess;
  const { error } = new OptionParser(shape).parse(execArgv, nodeOptions);
  return error === null ? undefined : [error.replace(/^bad option: /, '').replace(/ is not allowed in NODE_OPTIONS$/, '')];
}
