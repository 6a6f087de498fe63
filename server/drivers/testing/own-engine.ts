// A Docker engine of a test's own, in a network namespace, which can be killed and started again. Needs root and dockerd.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export class OwnEngine {
  readonly socket: string;
  readonly #folder: string;
  /** Null: the host's own network, for what must reach a registry. */
  readonly #namespace: string | null;
  #daemon: ChildProcess | null = null;

  private constructor(folder: string, isOnHostNetwork: boolean) {
    this.#folder = folder;
    this.#namespace = isOnHostNetwork ? null : path.basename(folder);
    this.socket = path.join(folder, 'docker.sock');
  }

  /** Why there can be none here; null when there can. */
  static missing(): string | null {
    if (process.getuid?.() !== 0 || spawnSync('dockerd', ['--version']).status !== 0)
      return 'this needs root and dockerd (apt-get install docker.io iptables)';
    return null;
  }

  static async start({ isOnHostNetwork = false } = {}): Promise<OwnEngine> {
    const engine = new OwnEngine(mkdtempSync(path.join(tmpdir(), 'vkd-')), isOnHostNetwork);
    if (engine.#namespace !== null) {
      run('ip', ['netns', 'add', engine.#namespace]);
      run('nsenter', [`--net=/run/netns/${engine.#namespace}`, 'ip', 'link', 'set', 'lo', 'up']);
    }
    await engine.launch();
    return engine;
  }

  async launch(): Promise<void> {
    const part = (name: string): string => path.join(this.#folder, name);
    rmSync(part('pid'), { force: true });
    const network = this.#namespace === null ? '/proc/self/ns/net' : `/run/netns/${this.#namespace}`;
    this.#daemon = spawn(
      'nsenter',
      [
        `--net=${network}`,
        'dockerd',
        ...['--data-root', part('data'), '--exec-root', part('exec'), '--pidfile', part('pid')],
        ...['-H', `unix://${this.socket}`, '--bridge=none', '--iptables=false'],
      ],
      { stdio: 'ignore' },
    );
    for (let tries = 0; tries < 150; tries++) {
      if (existsSync(this.socket) && spawnSync('docker', ['-H', `unix://${this.socket}`, 'version']).status === 0) return;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
    throw new Error('dockerd did not start');
  }

  /** Ends the daemon, and only it: what it started goes on without it. */
  async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const daemon = this.#daemon;
    if (daemon === null || daemon.exitCode !== null || daemon.signalCode !== null) return;
    const ended = new Promise((resolve) => daemon.once('exit', resolve));
    const pidFile = path.join(this.#folder, 'pid');
    if (existsSync(pidFile)) process.kill(Number(readFileSync(pidFile, 'utf8')), signal);
    else daemon.kill(signal);
    await ended;
  }

  async close(): Promise<void> {
    await this.end('SIGTERM');
    if (this.#namespace !== null) run('ip', ['netns', 'delete', this.#namespace]);
    // What a killed daemon had mounted, the next one does not unmount.
    for (const line of readFileSync('/proc/mounts', 'utf8').split('\n').toReversed()) {
      const mounted = line.split(' ')[1] ?? '';
      if (mounted.startsWith(`${this.#folder}/`)) run('umount', ['--lazy', mounted]);
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

function run(file: string, args: readonly string[]): void {
  const { status, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`${file} ${args.join(' ')}: ${stderr}`);
}
