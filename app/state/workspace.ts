// One open workspace: its runtime, its tree of files, its open editors, terminals and ports.
import { computed, signal } from '@preact/signals';
import { type Diagnostic, type OpenPort, Runtime } from '@verklet/sdk';
import type { Template } from '../templates/index.ts';
import { notify } from './notices.ts';
import { OpenFiles } from './open-files.ts';
import { FileTreeModel } from './file-tree.ts';

const MAX_DIAGNOSTICS = 500;

export interface TerminalTab {
  readonly id: number;
  readonly title: string;
}

export class Workspace {
  readonly runtime: Runtime;
  readonly template: Template;
  readonly files: OpenFiles;
  readonly tree: FileTreeModel;
  readonly ports = signal<readonly OpenPort[]>([]);
  readonly shownPort = signal<number | null>(null);
  readonly diagnostics = signal<readonly Diagnostic[]>([]);
  readonly terminals = signal<readonly TerminalTab[]>([]);
  readonly shownTerminal = signal(0);
  readonly isBusy = computed(() => this.ports.value.length > 0);
  /** Types into the terminal that is shown; set by it. */
  typeIntoTerminal: ((text: string) => void) | null = null;
  #lastTerminal = 0;

  static async open(template: Template, signal?: AbortSignal): Promise<Workspace> {
    const previewHost = document.querySelector<HTMLMetaElement>('meta[name="verklet-preview-host"]')?.content ?? '';
    const runtime = await Runtime.boot({ ...(previewHost === '' ? {} : { previewHost }), ...(signal ? { signal } : {}) });
    try {
      await runtime.fs.mount(template.files);
    } catch (error) {
      await runtime.dispose();
      throw error;
    }
    return new Workspace(runtime, template);
  }

  private constructor(runtime: Runtime, template: Template) {
    this.runtime = runtime;
    this.template = template;
    this.files = new OpenFiles(runtime.fs);
    this.tree = new FileTreeModel(runtime.fs);
    this.diagnostics.value = runtime.diagnostics.list();
    runtime.diagnostics.on((diagnostic) => this.#record(diagnostic));
    runtime.ports.on(({ type, port }) => this.#portChanged(type, port));
    void this.tree.start();
    void this.files.open(template.open);
    this.addTerminal();
  }

  addTerminal(): void {
    const id = ++this.#lastTerminal;
    this.terminals.value = [...this.terminals.value, { id, title: `sh ${id}` }];
    this.shownTerminal.value = id;
  }

  closeTerminal(id: number): void {
    this.terminals.value = this.terminals.value.filter((tab) => tab.id !== id);
    if (this.shownTerminal.value === id) this.shownTerminal.value = this.terminals.value.at(-1)?.id ?? 0;
    if (this.terminals.value.length === 0) this.addTerminal();
  }

  async close(): Promise<void> {
    this.tree.stop();
    await this.runtime.dispose();
  }

  #portChanged(type: 'open' | 'close', port: OpenPort): void {
    this.ports.value = this.runtime.ports.list();
    if (type === 'open') {
      this.shownPort.value = port.port;
      notify(`A server listens on port ${port.port}.`);
    }
  }

  #record(diagnostic: Diagnostic): void {
    this.diagnostics.value = [...this.diagnostics.value, diagnostic].slice(-MAX_DIAGNOSTICS);
  }
}
