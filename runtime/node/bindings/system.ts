// What a program learns about its machine and user: the `os`, `credentials` and `uv` bindings. Runs in the process worker.
import { navigator } from '../../process/intrinsics.ts';
import type { BindingFactory } from '../realm.ts';
import type { UvErrors } from '../uv-errors.ts';

const ERRNAME_WARNING =
  "Directly calling process.binding('uv').errname(<val>) is being deprecated. Please make sure to use util.getSystemErrorName() instead.";
const UID = 1000;
const GIBIBYTE = 2 ** 30;
/** Linux's priority range; a tab has no scheduler to tell, the number is only kept. */
const PRIORITY = { lowest: 19, highest: -20 };
const CPU_MODEL = 'Virtual CPU';
const CPU_MHZ = 2000;

export function uv(errors: UvErrors): BindingFactory {
  return (realm, binding) => {
    let hasWarned = false;
    binding['errname'] = (errno: number) => {
      if (!hasWarned && realm.requireBuiltin('internal/options')['getOptionValue']('--pending-deprecation') === true) {
        hasWarned = true;
        realm.process['emitWarning'](ERRNAME_WARNING, 'DeprecationWarning', 'DEP0119');
      }
      return errors.name(errno);
    };
    binding['getErrorMap'] = () => new Map(errors.entries);
    binding['getErrorMessage'] = (errno: number) => errors.message(errno);
  };
}

export const credentials: BindingFactory = (realm, binding) => {
  binding['safeGetenv'] = (name: string) => realm.process?.['env'][name];
  binding['getTempDir'] = () => {
    const { TMPDIR, TMP, TEMP } = realm.process['env'] as Record<string, string | undefined>;
    const folder = TMPDIR || TMP || TEMP || '/tmp';
    return folder.length > 1 && folder.endsWith('/') ? folder.slice(0, -1) : folder;
  };
  binding['implementsPosixCredentials'] = true;
  for (const name of ['getuid', 'geteuid', 'getgid', 'getegid']) binding[name] = () => UID;
  binding['getgroups'] = () => [UID];
  for (const name of ['initgroups', 'setegid', 'seteuid', 'setgid', 'setuid', 'setgroups']) {
    binding[name] = () => {
      throw realm.uvException(-1, name);
    };
  }
};

export const os: BindingFactory = (realm, binding) => {
  const { hardwareConcurrency } = navigator;
  const { performance } = realm.primitives;
  let priority = 0;
  const isOwn = (pid: number): boolean => pid === 0 || pid === realm.host.pid;
  binding['getHostname'] = () => 'verklet';
  binding['getOSInformation'] = () => ['Linux', '#1 SMP Verklet', '6.6.0-verklet', 'x86_64'];
  binding['getLoadAvg'] = (into: Float64Array) => void into.fill(0);
  binding['getUptime'] = () => performance.now() / 1000;
  binding['getTotalMem'] = () => heapLimit(performance);
  binding['getFreeMem'] = () => heapLimit(performance) - heapUsed(performance);
  binding['getAvailableParallelism'] = () => hardwareConcurrency;
  binding['getCPUs'] = () => Array.from({ length: hardwareConcurrency }, () => [CPU_MODEL, CPU_MHZ, 0, 0, 0, 0, 0]).flat();
  binding['getInterfaceAddresses'] = () => [
    ...['lo', '127.0.0.1', '255.0.0.0', 'IPv4', '00:00:00:00:00:00', true, -1],
    ...['lo', '::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', 'IPv6', '00:00:00:00:00:00', true, 0],
  ];
  binding['getHomeDirectory'] = () => (realm.process['env']['HOME'] as string | undefined) ?? '/home/user';
  binding['getUserInfo'] = (options?: { encoding?: string }) => {
    const text = (value: string): unknown =>
      options?.encoding === 'buffer' ? realm.requireBuiltin('buffer')['Buffer'].from(value) : value;
    return { uid: UID, gid: UID, username: text('user'), homedir: text('/home/user'), shell: text('/bin/sh') };
  };
  binding['getPriority'] = (pid: number, context: Record<string, unknown>) => {
    if (isOwn(pid)) return priority;
    Object.assign(context, { errno: -3, code: 'ESRCH', message: 'no such process', syscall: 'uv_os_getpriority' });
    return undefined;
  };
  binding['setPriority'] = (pid: number, wanted: number, context: Record<string, unknown>) => {
    if (!isOwn(pid)) {
      Object.assign(context, { errno: -3, code: 'ESRCH', message: 'no such process', syscall: 'uv_os_setpriority' });
      return -3;
    }
    priority = Math.min(PRIORITY.lowest, Math.max(PRIORITY.highest, wanted));
    return 0;
  };
  binding['isBigEndian'] = false;
};

/** Chromium only; elsewhere fixed numbers stand in. */
interface MemoryPerformance {
  readonly memory?: { readonly usedJSHeapSize: number; readonly totalJSHeapSize: number; readonly jsHeapSizeLimit: number };
}

export function heapUsed(performance: Performance): number {
  return (performance as MemoryPerformance).memory?.usedJSHeapSize ?? GIBIBYTE / 16;
}

export function heapTotal(performance: Performance): number {
  return (performance as MemoryPerformance).memory?.totalJSHeapSize ?? GIBIBYTE / 8;
}

export function heapLimit(performance: Performance): number {
  return (performance as MemoryPerformance).memory?.jsHeapSizeLimit ?? 4 * GIBIBYTE;
}
