// The `process_methods` binding: what stands behind `process`. Runs in the process worker.
import type { Stat } from '../../fs/file-system.ts';
import type { NodeLoop } from '../loop.ts';
import { activeRequests, AsyncWrap } from './stream-base/handle-wrap.ts';
import { flushLinks } from './messaging/thread-link.ts';
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { handleTypeOf, openStreamEnds } from '../descriptors.ts';
import { heapLimit, heapTotal, heapUsed } from './system.ts';
import { parseEnvText } from './util/env-text.ts';

const ENOTDIR = -20;
const ENOENT = -2;
const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const NS_PER_S = 1_000_000_000n;
const SIGABRT_EXIT = 134;
const LAST_SIGNAL = 64;
const EINVAL = -22;

/** Memory outside the heap is not told; a fresh process of Node has about this much. */
const EXTERNAL_BYTES = 2_000_000;

/** What {@link processMethods} needs besides the realm. */
export interface ProcessState {
  readonly loop: NodeLoop;
  readonly versions: Record<string, string>;
  argv: readonly string[];
  execArgv: readonly string[];
  umask: number;
  /** `--title`. */
  title?: string;
}

export function processMethods(state: ProcessState): BindingFactory {
  return (realm, binding) => {
    installClock(realm, binding);
    installFolder(realm, binding, state);
    installMeasures(realm, binding, state);
    installEnd(realm, binding);
    binding['patchProcessObject'] = (target: BindingObject) => patchProcessObject(realm, state, target);
    binding['_getActiveRequests'] = () => [...activeRequests(realm)];
    const active = (): object[] => state.loop.openHandles.map((handle) => handle.owner ?? handle);
    binding['_getActiveHandles'] = () => active().map((handle) => ownerOf(realm, handle));
    binding['getActiveResourcesInfo'] = () => {
      const { timeoutInfo, immediateInfo } = realm.internalBinding('timers') as Record<string, Int32Array>;
      const names = active().map((handle) => (handle instanceof AsyncWrap ? handle.resourceName : handle.constructor.name));
      const repeated = (name: string, count = 0): string[] => Array.from({ length: count }, () => name);
      const pending = [...activeRequests(realm)].map((request) => request.constructor.name);
      return [...pending, ...names, ...repeated('Timeout', timeoutInfo?.[0]), ...repeated('Immediate', immediateInfo?.[1])];
    };
    binding['_rawDebug'] = (text: string) => writeStderr(realm, `${text}\n`);
    for (const name of ['_debugProcess', '_debugEnd', 'setEmitWarningSync', 'resetStdioForTesting']) binding[name] = () => {};
    binding['loadEnvFile'] = (path = '.env') => loadEnvFile(realm, path);
  };
}

/** Nanoseconds on a clock that all processes of the workspace share. */
function installClock(realm: Realm, binding: BindingObject): void {
  const { performance } = realm.primitives;
  const originNs = BigInt(Math.floor(performance.timeOrigin)) * 1_000_000n;
  const now = (): bigint => originNs + BigInt(Math.round(performance.now() * 1e6));
  const fields = new Uint32Array(new ArrayBuffer(16), 0, 3);
  const big = new BigUint64Array(fields.buffer, 0, 1);
  binding['hrtimeBuffer'] = fields;
  binding['hrtime'] = () => {
    const time = now();
    const seconds = time / NS_PER_S;
    fields[0] = Number(seconds >> 32n);
    fields[1] = Number(seconds & 0xffffffffn);
    fields[2] = Number(time % NS_PER_S);
  };
  binding['hrtimeBigInt'] = () => {
    big[0] = now();
  };
  binding['uptime'] = () => performance.now() / 1000;
}

function installFolder(realm: Realm, binding: BindingObject, state: ProcessState): void {
  const stat = {} as Stat;
  binding['cwd'] = () => realm.cwd;
  binding['chdir'] = (folder: string) => {
    const target = realm.host.fs.realpath(realm.resolvePath(folder));
    const errno = typeof target === 'number' ? target : realm.host.fs.stat(target, stat);
    const failure = errno < 0 ? errno : (stat.mode & S_IFMT) === S_IFDIR ? 0 : ENOTDIR;
    if (failure < 0 || typeof target === 'number') throw realm.uvException(failure || ENOENT, 'chdir', realm.cwd, folder);
    realm.cwd = target;
  };
  binding['umask'] = (mask?: number) => {
    const previous = state.umask;
    if (mask !== undefined) state.umask = mask & 0o777;
    return previous;
  };
}

function installMeasures(realm: Realm, binding: BindingObject, state: ProcessState): void {
  const { performance } = realm.primitives;
  binding['memoryUsage'] = (into: Float64Array) => {
    const [total, used] = [heapTotal(performance), heapUsed(performance)];
    into.set([total, total, used, EXTERNAL_BYTES, 0]);
  };
  binding['rss'] = () => heapTotal(performance);
  binding['constrainedMemory'] = () => 0;
  binding['availableMemory'] = () => heapLimit(performance) - heapUsed(performance);
  // A tab does not tell CPU time: wall-clock time since start, all of it as user time.
  binding['cpuUsage'] = (into: Float64Array) => into.set([state.loop.now() * 1000, 0]);
  binding['threadCpuUsage'] = binding['cpuUsage'];
  binding['resourceUsage'] = (into: Float64Array) => {
    into.fill(0);
    into[0] = state.loop.now() * 1000;
    into[2] = heapTotal(performance) / 1024;
  };
}

function installEnd(realm: Realm, binding: BindingObject): void {
  binding['reallyExit'] = (code: number) => {
    flushLinks(realm);
    return realm.host.exit({ code: (code ?? 0) & 0xff, signal: null });
  };
  binding['abort'] = () => realm.host.exit({ code: SIGABRT_EXIT, signal: 'SIGABRT' });
  binding['causeSegfault'] = () => realm.host.exit({ code: null, signal: 'SIGSEGV' });
  binding['_kill'] = (pid: number, signal: number) => (signal < 0 || signal > LAST_SIGNAL ? EINVAL : sendSignal(realm, pid, signal));
  binding['dlopen'] = (_module: unknown, file: string) => {
    realm.host.reportUnsupported(`native addon ${file}`);
    throw nodeError(
      Error,
      'ERR_DLOPEN_FAILED',
      `${file}: native addons cannot be loaded in the browser; this project needs a server for them`,
    );
  };
  binding['execve'] = () => {
    throw realm.uvException(-38, 'execve');
  };
}

/** 0 means the sender's own group, as for `kill(2)`. */
function sendSignal(realm: Realm, pid: number, signal: number): number {
  return realm.host.callSync({ type: 'kill', pid: pid === 0 ? -realm.host.pid : pid, signal });
}

function patchProcessObject(realm: Realm, state: ProcessState, target: BindingObject): void {
  const define = (name: string, value: unknown, isWritable = true): void => {
    Object.defineProperty(target, name, { value, writable: isWritable, enumerable: true, configurable: true });
  };
  let title = state.title ?? state.argv[0] ?? 'node';
  Object.defineProperty(target, 'title', {
    get: () => title,
    set: (value: unknown) => {
      title = String(value);
    },
    enumerable: true,
    configurable: true,
  });
  define('argv', [...state.argv]);
  define('execArgv', [...state.execArgv]);
  define('versions', Object.freeze({ ...state.versions }), false);
  const { thread } = realm.host.request;
  define('pid', thread?.pid ?? realm.host.pid, false);
  define('ppid', thread?.ppid ?? realm.host.ppid, false);
  define('execPath', '/usr/bin/node');
  define('debugPort', 9229);
}

function loadEnvFile(realm: Realm, path: string): void {
  const bytes = realm.host.fs.readFile(realm.resolvePath(path));
  if (typeof bytes === 'number') throw realm.uvException(bytes, 'open', path);
  const environment = realm.process['env'] as Record<string, string>;
  for (const [name, value] of Object.entries(parseEnvText(new realm.primitives.TextDecoder().decode(bytes)))) environment[name] ??= value;
}

/** Writes to descriptor 2 at once, blocking while the reader is slow: the last words of a process must not be lost. */
export function writeStderr(realm: Realm, text: string): void {
  const bytes = new realm.primitives.TextEncoder().encode(text);
  const descriptor = realm.descriptors.get(2);
  if (descriptor === undefined || descriptor.kind === 'null' || handleTypeOf(realm, 2) === 'INVALID') return;
  if (descriptor.kind === 'file') {
    realm.host.fs.write(descriptor.handle, bytes, -1);
    return;
  }
  const { send } = openStreamEnds(realm.host, descriptor.stdioIndex);
  if (send !== null) send.writeAll(bytes);
}

/** What a program knows of a handle: the socket, server or child that owns it. */
function ownerOf(realm: Realm, handle: object): unknown {
  const { owner_symbol: key } = realm.internalBinding('symbols') as { owner_symbol: symbol };
  return (handle as Record<symbol, unknown>)[key] ?? handle;
}
