// Starts a child through the kernel: resolves the program, hands over its descriptors. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { resolveProgram } from '../../../process/exec.ts';
import { ENOENT, ENOTDIR, EPERM } from '../stream-base/errno.ts';
import { emptyStat, S_IFDIR, S_IFMT } from '../fs/stat-values.ts';
import type { ChildStdio, StdioOption } from './child-stdio.ts';

/** `options` of `process_wrap` and `spawn_sync`, as `child_process` builds them. */
export interface SpawnOptions {
  readonly file: string;
  readonly args?: readonly string[] | null;
  readonly cwd?: string | null;
  readonly envPairs?: readonly string[] | null;
  readonly stdio?: readonly StdioOption[];
  readonly detached?: boolean;
  readonly timeout?: number;
  readonly maxBuffer?: number;
  readonly killSignal?: number;
  readonly uid?: number | null;
  readonly gid?: number | null;
}

/** There is one user, and it is not root: nobody else can be become. */
const USER_ID = 1000;

function isOwnUser({ uid, gid }: SpawnOptions): boolean {
  return (uid ?? USER_ID) === USER_ID && (gid ?? USER_ID) === USER_ID;
}

/** Blocks for the kernel's answer: the pid, or a negative errno with what the child would have held taken back. */
export function launch(realm: Realm, options: SpawnOptions, stdio: ChildStdio): number {
  const pid = tryLaunch(realm, options, stdio);
  if (pid < 0) stdio.giveBack();
  return pid;
}

function tryLaunch(realm: Realm, options: SpawnOptions, stdio: ChildStdio): number {
  const cwd = options.cwd === undefined || options.cwd === null ? realm.cwd : realm.resolvePath(options.cwd);
  const stat = emptyStat();
  const found = realm.host.fs.stat(cwd, stat);
  if (found < 0) return found;
  if ((stat.mode & S_IFMT) !== S_IFDIR) return ENOTDIR;
  if (options.file === '') return ENOENT;
  const env = environment(realm, options.envPairs);
  if (!isOwnUser(options)) return EPERM;
  // A program gets text, whatever the caller put into the list.
  const argv = (options.args ?? [options.file]).map(String);
  const resolved = resolveProgram(realm.host.fs, { file: options.file, argv, env, cwd });
  if (typeof resolved === 'number') return resolved;
  const ipcDescriptor = (options.stdio ?? []).findIndex((option) => option.ipc === true);
  return realm.host.callSync({
    type: 'spawn',
    request: {
      program: resolved.program,
      argv: resolved.argv,
      env,
      cwd,
      stdio: stdio.list,
      newGroup: options.detached === true,
      ...(ipcDescriptor >= 0 && { ipcDescriptor }),
    },
  });
}

/** Fills `stdio` from the options; a negative result is an errno, with everything taken back. */
export function prepareStdio(stdio: ChildStdio, options: readonly StdioOption[]): number {
  for (const option of options) {
    const result = stdio.add(option);
    if (result < 0) {
      stdio.abandon();
      return result;
    }
  }
  return 0;
}

function environment(realm: Realm, pairs: readonly string[] | null | undefined): Record<string, string> {
  if (pairs === undefined || pairs === null) return { ...(realm.process['env'] as Record<string, string>) };
  const entries = pairs.map((pair): [string, string] => {
    const equals = pair.indexOf('=');
    return [pair.slice(0, equals), pair.slice(equals + 1)];
  });
  return Object.fromEntries(entries);
}
