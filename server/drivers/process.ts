// Boxes on this Linux host without any engine: bubblewrap with every namespace, no capability, a seccomp filter and limits.
// Separates users who trust the operator's patching of the kernel; for hostile ones there are gVisor and machines.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect } from 'node:net';
import path from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { VerkletError } from '#protocol';
import { createControlGroup, findControlGroup, type ControlGroup } from './cgroups.ts';
import type { Availability, Box, BoxSpec, Driver } from './driver.ts';
import { BOX_ENV } from './driver.ts';
import { installRuntime, type BoxRuntime } from './box-runtime.ts';
import { seccompFilter } from './seccomp.ts';

/** Each box is a user of its own where the server may choose; far above what a distribution hands out. */
const FIRST_UID = 200_000;
const UIDS = 60_000;
const BOX_UID = 1000;
const CONNECT_TRIES = 200;
const CONNECT_PAUSE_MS = 10;

interface Handle {
  readonly id: string;
  readonly uid: number | null;
  /** The first process inside, as this host numbers it: everything in the box dies with it. */
  readonly initPid: number;
  /** Of that process, so that a reused number is not taken for it. */
  readonly startTime: string;
}

export class ProcessDriver implements Driver {
  readonly name = 'process';
  readonly isolation = 'namespaces';
  readonly #folder: string;
  #runtime: BoxRuntime | null = null;

  /** `folder` holds one folder per box, and must be short: socket paths are limited to 108 bytes. */
  constructor(folder: string) {
    this.#folder = folder;
  }

  async probe(): Promise<Availability> {
    if (process.platform !== 'linux')
      return { isAvailable: false, reason: `boxes without an engine need Linux; this is ${process.platform}` };
    if (spawnSync('bwrap', ['--version']).status !== 0) return { isAvailable: false, reason: 'bubblewrap (bwrap) is not installed' };
    if (seccompFilter() === null) return { isAvailable: false, reason: `there is no seccomp table for ${process.arch}` };
    try {
      this.#prepareFolder();
      const status = await this.#selfTest();
      for (const [field, wanted] of [
        ['CapEff', '0000000000000000'],
        ['NoNewPrivs', '1'],
        ['Seccomp', '2'],
      ] as const) {
        const found = new RegExp(`^${field}:\\s*(\\S+)`, 'm').exec(status)?.[1];
        if (found !== wanted) return { isAvailable: false, reason: `the sandbox is not tight: ${field} is ${found ?? 'unreadable'}` };
      }
      return { isAvailable: true, detail: `bubblewrap, user namespaces${process.getuid?.() === 0 ? ', one user per box' : ''}` };
    } catch (error) {
      return { isAvailable: false, reason: `the sandbox does not start: ${error instanceof Error ? error.message : String(error)}` };
    }
  }

  async start(spec: BoxSpec): Promise<Box> {
    this.#prepareFolder();
    const folder = this.#boxFolder(spec.id);
    rmSync(folder, { recursive: true, force: true });
    const uid = this.#chooseUid();
    for (const part of ['', 'workdir', 'home', 'run', 'tmp']) {
      mkdirSync(path.join(folder, part), { recursive: true, mode: 0o700 });
      if (uid !== null) chownSync(path.join(folder, part), uid, uid);
    }
    const group = createControlGroup(spec.id, spec.limits);
    try {
      const { child, initPid } = await this.#launch(folder, spec, uid, group, this.#agentCommand(spec));
      const handle: Handle = { id: spec.id, uid, initPid, startTime: startTimeOf(initPid) ?? '' };
      writeFileSync(path.join(this.#folder, `${spec.id}.json`), JSON.stringify(handle));
      child.unref();
      return this.#box(handle, group);
    } catch (error) {
      group?.remove();
      rmSync(folder, { recursive: true, force: true });
      throw error;
    }
  }

  async adopt(text: string): Promise<Box | null> {
    const handle = JSON.parse(text) as Handle;
    if (startTimeOf(handle.initPid) !== handle.startTime) {
      await this.#clean(handle, findControlGroup(handle.id));
      return null;
    }
    return this.#box(handle, findControlGroup(handle.id));
  }

  async reap(live: ReadonlySet<string>): Promise<number> {
    if (!existsSync(this.#folder)) return 0;
    let count = 0;
    for (const name of readdirSync(this.#folder)) {
      const id = /^([a-z0-9-]+)\.json$/.exec(name)?.[1];
      if (id === undefined || live.has(id)) continue;
      const handle = JSON.parse(readFileSync(path.join(this.#folder, name), 'utf8')) as Handle;
      const group = findControlGroup(id);
      if (startTimeOf(handle.initPid) === handle.startTime) {
        count++;
        kill(handle.initPid);
      }
      await this.#clean(handle, group);
    }
    return count;
  }

  #box(handle: Handle, group: ControlGroup | null): Box {
    const ended = Promise.withResolvers<string>();
    const watch = setInterval(() => {
      if (startTimeOf(handle.initPid) === handle.startTime) return;
      clearInterval(watch);
      ended.resolve(`the box ended ${lastWords(path.join(this.#boxFolder(handle.id), 'agent.log'))}`.trim());
    }, 500);
    watch.unref();
    return {
      handle: JSON.stringify(handle),
      ended: ended.promise,
      connect: () =>
        connectAgent(path.join(this.#boxFolder(handle.id), 'run/agent.sock'), () => startTimeOf(handle.initPid) === handle.startTime),
      stop: async () => {
        clearInterval(watch);
        if (startTimeOf(handle.initPid) === handle.startTime) kill(handle.initPid);
        await this.#clean(handle, group);
        ended.resolve('the box was stopped');
      },
    };
  }

  /** Waits until nothing of the box runs, then removes its folder and its control group. */
  async #clean(handle: Handle, group: ControlGroup | null): Promise<void> {
    for (let tries = 0; tries < 200; tries++) {
      const left = group?.pids() ?? [];
      if (left.length === 0 && startTimeOf(handle.initPid) !== handle.startTime) break;
      for (const pid of left) kill(pid);
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    group?.remove();
    rmSync(this.#boxFolder(handle.id), { recursive: true, force: true });
    rmSync(path.join(this.#folder, `${handle.id}.json`), { force: true });
  }

  #agentCommand({ env }: BoxSpec): string[] {
    const variables: Record<string, string> = {
      ...BOX_ENV,
      VERKLET_SOCKET: '/run/verklet/agent.sock',
      VERKLET_PTY: '/opt/verklet/pty.node',
      VERKLET_ENV: JSON.stringify({ ...BOX_ENV, ...env }),
    };
    const set = Object.entries(variables).flatMap(([name, value]) => ['--setenv', name, value]);
    return [...set, '--chdir', '/workdir', '/opt/verklet/bin/node', '--disable-warning=ExperimentalWarning', '/opt/verklet/agent.mjs'];
  }

  async #launch(
    folder: string,
    spec: Pick<BoxSpec, 'limits'>,
    uid: number | null,
    group: ControlGroup | null,
    command: readonly string[],
  ): Promise<{ child: ChildProcess; initPid: number }> {
    const runtime = (this.#runtime ??= await installRuntime(path.join(this.#folder, 'runtime')));
    const { limits } = spec;
    const prlimit = ['--core=0', '--nofile=8192', `--fsize=${limits.diskBytes}`];
    // Counted per user: only where the box has a user of its own. Control groups count the rest.
    if (uid !== null) prlimit.push(`--nproc=${limits.processes}`);
    // Without control groups the data segment is all that can be bounded.
    if (group === null) prlimit.push(`--data=${limits.memoryBytes}`);
    const logFile = path.join(folder, 'agent.log');
    const log = openSync(logFile, 'a', 0o600);
    const child = spawn('prlimit', [...prlimit, '--', 'bwrap', ...sandboxArguments(folder, runtime), ...command], {
      // A file, not a pipe: the box may outlive this server, and must not die of writing to it.
      stdio: ['ignore', log, log, 'pipe', 'pipe', 'pipe'],
      detached: true,
      ...(uid === null ? {} : { uid, gid: uid }),
    });
    closeSync(log);
    const [info, block, seccomp] = child.stdio.slice(3) as unknown as [Readable, Writable, Writable];
    for (const stream of [block, seccomp]) stream.on('error', () => undefined); // bwrap failed: its own message says why
    seccomp.end(seccompFilter() ?? '');
    const initPid = await new Promise<number>((resolve, reject) => {
      child.on('error', reject);
      child.on('exit', (code) => reject(new VerkletError('ERR_BOX_FAILED', { reason: lastWords(logFile) || `bwrap ended with ${code}` })));
      let text = '';
      info.on('data', (bytes: Buffer) => {
        text += bytes.toString();
        const pid = /"child-pid":\s*(\d+)/.exec(text)?.[1];
        if (pid !== undefined) resolve(Number(pid));
      });
    });
    // Nothing of the user's runs before its limits hold.
    group?.add(initPid);
    block.end('1');
    return { child, initPid };
  }

  async #selfTest(): Promise<string> {
    const folder = this.#boxFolder(`self-test-${randomUUID().slice(0, 8)}`);
    const uid = this.#chooseUid();
    for (const part of ['', 'workdir', 'home', 'run', 'tmp']) {
      mkdirSync(path.join(folder, part), { recursive: true, mode: 0o700 });
      if (uid !== null) chownSync(path.join(folder, part), uid, uid);
    }
    const { child, initPid } = await this.#launch(
      folder,
      { limits: { memoryBytes: 256 << 20, cpus: 1, processes: 64, diskBytes: 1 << 20 } },
      uid,
      null,
      ['/bin/sh', '-c', 'cat /proc/self/status > /workdir/status'],
    );
    try {
      await new Promise((resolve) => (child.exitCode === null ? child.once('exit', resolve) : resolve(null)));
      return readFileSync(path.join(folder, 'workdir/status'), 'utf8');
    } finally {
      if (child.exitCode === null) kill(initPid);
      rmSync(folder, { recursive: true, force: true });
    }
  }

  #prepareFolder(): void {
    // Others may pass through, to their own box, and see nothing.
    mkdirSync(this.#folder, { recursive: true });
    // It stands where every user of this host may write: what another one put there first is not ours to use.
    const found = lstatSync(this.#folder);
    if (!found.isDirectory() || (process.getuid && found.uid !== process.getuid()))
      throw new VerkletError('ERR_BOX_FAILED', { reason: `${this.#folder} belongs to somebody else` });
    chmodSync(this.#folder, 0o711);
  }

  #boxFolder(id: string): string {
    return path.join(this.#folder, id);
  }

  /** A user that no live box has; null where the server is not root and every box is the server's own user. */
  #chooseUid(): number | null {
    if (process.getuid?.() !== 0) return null;
    const taken = new Set<number>();
    for (const name of readdirSync(this.#folder)) {
      if (name.endsWith('.json')) taken.add((JSON.parse(readFileSync(path.join(this.#folder, name), 'utf8')) as Handle).uid ?? 0);
    }
    for (;;) {
      const uid = FIRST_UID + Math.floor(Math.random() * UIDS);
      if (!taken.has(uid)) return uid;
    }
  }
}

/** What a box sees: the host's programs read-only, its own folders, nothing else. */
function sandboxArguments(folder: string, runtime: BoxRuntime): string[] {
  const own = (part: string, target: string): string[] => ['--bind', path.join(folder, part), target];
  const links = ['bin', 'sbin', 'lib', 'lib64', 'lib32'].filter((name) => existsSync(`/${name}`) && lstatSync(`/${name}`).isSymbolicLink());
  const folders = ['bin', 'sbin', 'lib', 'lib64'].filter((name) => existsSync(`/${name}`) && lstatSync(`/${name}`).isDirectory());
  const settings = [
    'ld.so.cache',
    'ld.so.conf',
    'ld.so.conf.d',
    'alternatives',
    'ssl/certs',
    'ca-certificates',
    'localtime',
    'python3',
    'gitconfig',
  ]
    .map((name) => `/etc/${name}`)
    .filter((file) => existsSync(file));
  return [
    '--unshare-all',
    '--unshare-user',
    '--uid',
    String(BOX_UID),
    '--gid',
    String(BOX_UID),
    '--cap-drop',
    'ALL',
    '--disable-userns',
    '--new-session',
    '--clearenv',
    '--hostname',
    'verklet',
    '--seccomp',
    '5',
    '--info-fd',
    '3',
    '--block-fd',
    '4',
    '--ro-bind',
    '/usr',
    '/usr',
    ...links.flatMap((name) => ['--symlink', `usr/${name}`, `/${name}`]),
    ...folders.flatMap((name) => ['--ro-bind', `/${name}`, `/${name}`]),
    ...settings.flatMap((file) => ['--ro-bind', file, file]),
    ...Object.entries(runtime.etc).flatMap(([name, file]) => ['--ro-bind', file, `/etc/${name}`]),
    '--proc',
    '/proc',
    '--dev',
    '/dev',
    ...own('tmp', '/tmp'),
    ...own('workdir', '/workdir'),
    ...own('home', '/home/user'),
    ...own('run', '/run/verklet'),
    '--ro-bind',
    runtime.node,
    '/opt/verklet/bin/node',
    '--ro-bind',
    runtime.agent,
    '/opt/verklet/agent.mjs',
    ...(runtime.pty === null ? [] : ['--ro-bind', runtime.pty, '/opt/verklet/pty.node']),
    // The root itself is memory: nothing may fill it.
    '--remount-ro',
    '/',
  ];
}

async function connectAgent(socketPath: string, isAlive: () => boolean): Promise<Duplex> {
  for (let tries = 0; tries < CONNECT_TRIES; tries++) {
    if (!isAlive()) break;
    // The box may have put a link there, to talk us into another socket of this host.
    if (lstatSync(socketPath, { throwIfNoEntry: false })?.isSocket() === true) {
      const socket = connect(socketPath);
      const isConnected = await new Promise<boolean>((resolve) =>
        socket.once('connect', () => resolve(true)).once('error', () => resolve(false)),
      );
      if (isConnected) return socket;
    }
    await new Promise((resolve) => setTimeout(resolve, CONNECT_PAUSE_MS));
  }
  throw new VerkletError('ERR_BOX_FAILED', { reason: 'the agent in the box does not answer' });
}

/** What bubblewrap or the agent complained about. */
function lastWords(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim().slice(-500);
  } catch {
    return ''; // the folder is gone already
  }
}

/** Field 22 of /proc/<pid>/stat; null when there is no such process, or only its remains. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' ? null : (fields[19] ?? null);
  } catch {
    return null; // it ended
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it ended already
  }
}
