// The jobs of a shell: what it started, and what became of it. Runs in the tools worker.
import type { ExitStatus } from '#protocol';
import { signalNumber } from '../../kernel/signals.ts';
import type { ProcessHost } from '../../process/host.ts';
import { statusOf } from '../tool-context.ts';

const LOST: ExitStatus = { code: 127, signal: null };
const SIGNAL_BASE = 128;

interface Member {
  readonly pid: number;
  status: ExitStatus | null;
  stoppedBy: string | null;
}

/** The reply to an untraced wait: how a process ended, or that it was stopped. */
type ChildChange = ExitStatus & { readonly stopped?: string };

export class Job {
  readonly id: number;
  readonly group: number;
  readonly source: string;
  readonly members: readonly Member[];
  /** A foreground job that was stopped is remembered; one that ended is not. */
  isKept: boolean;
  readonly #host: ProcessHost;
  readonly #waiting = new Set<() => void>();

  constructor(host: ProcessHost, { id, pids, source, isKept }: { id: number; pids: readonly number[]; source: string; isKept: boolean }) {
    this.#host = host;
    this.id = id;
    this.group = pids[0] ?? 0;
    this.source = source;
    this.isKept = isKept;
    this.members = pids.map((pid): Member => ({ pid, status: null, stoppedBy: null }));
    for (const member of this.members) void this.#watch(member);
  }

  get isEnded(): boolean {
    return this.members.every(({ status }) => status !== null);
  }

  get isStopped(): boolean {
    return !this.isEnded && this.members.every(({ status, stoppedBy }) => status !== null || stoppedBy !== null);
  }

  /** The exit codes of its processes; of a stopped one 128 and the signal. */
  get statuses(): number[] {
    return this.members.map(({ status, stoppedBy }) =>
      status === null ? SIGNAL_BASE + (signalNumber(stoppedBy ?? '') ?? 0) : statusOf(status),
    );
  }

  get lastPid(): number {
    return this.members.at(-1)?.pid ?? 0;
  }

  /** Resolves when every process has ended or is stopped. */
  async settled(): Promise<void> {
    while (!this.isEnded && !this.isStopped) await this.changed();
  }

  changed(): Promise<void> {
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  continue(): void {
    for (const member of this.members) member.stoppedBy = null;
    this.#host.callSync({ type: 'kill', pid: -this.group, signal: 18 });
  }

  describe(): string {
    if (this.isEnded) {
      const last = this.members.at(-1)?.status;
      if (last?.signal !== null && last?.signal !== undefined)
        return last.signal === 'SIGKILL' ? 'Killed' : last.signal === 'SIGTERM' ? 'Terminated' : last.signal;
      return last?.code === 0 ? 'Done' : `Exit ${last?.code ?? 0}`;
    }
    return this.isStopped ? 'Stopped' : 'Running';
  }

  async #watch(member: Member): Promise<void> {
    while (member.status === null) {
      const change = await this.#host.call<ChildChange | number>({ type: 'wait', pid: member.pid, untraced: true });
      if (typeof change === 'number') member.status = LOST;
      else if (change.stopped !== undefined) member.stoppedBy = change.stopped;
      else member.status = change;
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    }
  }
}

export class JobTable {
  readonly #host: ProcessHost;
  readonly #jobs: Job[] = [];

  constructor(host: ProcessHost) {
    this.#host = host;
  }

  add(pids: readonly number[], source: string, isKept: boolean): Job {
    const id = 1 + Math.max(0, ...this.#jobs.map((job) => job.id));
    const job = new Job(this.#host, { id, pids, source, isKept });
    this.#jobs.push(job);
    return job;
  }

  remove(job: Job): void {
    const index = this.#jobs.indexOf(job);
    if (index >= 0) this.#jobs.splice(index, 1);
  }

  /** The newest last. */
  list(): readonly Job[] {
    return this.#jobs.filter(({ isKept }) => isKept);
  }

  current(): Job | undefined {
    return this.list().findLast(({ isStopped }) => isStopped) ?? this.list().at(-1);
  }

  /** `%1`, `%%`, `%+`, `%-`, `%name`, `%?text`, or a pid. */
  find(spec: string): Job | undefined {
    const jobs = this.list();
    if (!spec.startsWith('%')) return jobs.find(({ members }) => members.some(({ pid }) => pid === Number(spec)));
    const name = spec.slice(1);
    if (name === '' || name === '%' || name === '+') return this.current();
    if (name === '-') return jobs.at(-2) ?? jobs.at(-1);
    if (/^\d+$/.test(name)) return jobs.find(({ id }) => id === Number(name));
    return jobs.findLast(({ source }) => (name.startsWith('?') ? source.includes(name.slice(1)) : source.startsWith(name)));
  }

  mark(job: Job): string {
    const current = this.current();
    return job === current ? '+' : job === this.list().findLast((one) => one !== current) ? '-' : ' ';
  }
}
