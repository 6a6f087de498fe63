// What programs of the workspace displayed: the newest last, a limited number, and which of preview and output is shown.
import { signal } from '@preact/signals';
import type { Runtime } from '@verklet/sdk';
import type { Json, Output } from './notebook/notebook-file.ts';

/** Each may be a picture of megabytes. */
const MAX_OUTPUTS = 60;

export interface Shown {
  readonly id: number;
  readonly pid: number;
  readonly command: string;
  readonly atMs: number;
  readonly output: Extract<Output, { type: 'display' }>;
}

export class OutputPanel {
  readonly list = signal<readonly Shown[]>([]);
  readonly shownTab = signal<'preview' | 'output'>('preview');
  /** Came since the panel was looked at. */
  readonly unseen = signal(0);
  readonly #commands = new Map<number, string>();
  readonly #clearing = new Set<number>();
  #lastId = 0;

  constructor(runtime: Runtime) {
    runtime.diagnostics.on((diagnostic) => {
      if (diagnostic.type === 'process-started') this.#commands.set(diagnostic.pid, diagnostic.command);
      if (diagnostic.type === 'process-exited') this.#commands.delete(diagnostic.pid);
    });
    runtime.displays.on((event) => {
      if (event.type === 'clear') return this.#clear(event.pid, event.wait);
      // What comes from a process as JSON is JSON.
      const { data, metadata } = event as { data: Record<string, Json>; metadata: Record<string, Json> };
      this.#add(event.pid, { type: 'display', data, metadata, displayId: event.displayId }, event.isUpdate);
    });
  }

  show(): void {
    this.shownTab.value = 'output';
    this.unseen.value = 0;
  }

  clear(): void {
    this.list.value = [];
    this.unseen.value = 0;
  }

  #add(pid: number, output: Shown['output'], isUpdate: boolean): void {
    if (this.#clearing.delete(pid)) this.#clear(pid, false);
    const isSame = (one: Shown): boolean => one.pid === pid && one.output.displayId !== null && one.output.displayId === output.displayId;
    if (isUpdate) {
      this.list.value = this.list.value.map((one) => (isSame(one) ? { ...one, output } : one));
      return;
    }
    const shown = { id: ++this.#lastId, pid, command: this.#commands.get(pid) ?? `process ${pid}`, atMs: Date.now(), output };
    this.list.value = [...this.list.value, shown].slice(-MAX_OUTPUTS);
    if (this.shownTab.value !== 'output') this.unseen.value++;
  }

  #clear(pid: number, wait: boolean): void {
    if (wait) this.#clearing.add(pid);
    else this.list.value = this.list.value.filter((one) => one.pid !== pid);
  }
}
