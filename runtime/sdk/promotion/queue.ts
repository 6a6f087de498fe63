// Commands that wait for a connection: kept across restarts of the browser, run once each. Page side.
import type { PromotionSignal } from '#protocol';

export interface QueuedCommand {
  readonly id: string;
  readonly argv: readonly string[];
  readonly cwd: string;
  readonly signal: PromotionSignal;
  readonly atMs: number;
}

const MAX_QUEUED = 50;

export class PromotionQueue {
  readonly #name: string;
  /** Those of this page: their process waits in its terminal, so they are not started a second time. */
  readonly #own = new Set<string>();

  constructor(workspaceKey: string) {
    this.#name = `verklet-queue:${workspaceKey}`;
  }

  list(): QueuedCommand[] {
    try {
      const stored: unknown = JSON.parse(localStorage.getItem(this.#name) ?? '[]');
      return Array.isArray(stored) ? (stored as QueuedCommand[]) : [];
    } catch {
      return []; // storage is off, or somebody wrote something else there
    }
  }

  /** Waiting from before this page. */
  left(): QueuedCommand[] {
    return this.list().filter(({ id }) => !this.#own.has(id));
  }

  add(command: Omit<QueuedCommand, 'id' | 'atMs'>): QueuedCommand {
    const queued = { ...command, id: crypto.randomUUID(), atMs: Date.now() };
    this.#own.add(queued.id);
    this.#store([...this.list(), queued].slice(-MAX_QUEUED));
    return queued;
  }

  /** True for whoever takes it first: that one runs it. Nobody else does, whatever happens next. */
  async take(id: string): Promise<boolean> {
    return navigator.locks.request(this.#name, () => {
      const commands = this.list();
      if (!commands.some((command) => command.id === id)) return false;
      this.#store(commands.filter((command) => command.id !== id));
      return true;
    });
  }

  #store(commands: readonly QueuedCommand[]): void {
    try {
      localStorage.setItem(this.#name, JSON.stringify(commands));
    } catch {
      // no storage: the command still waits in its terminal, it only does not survive the page
    }
  }
}
