// One open workspace: its runtime, its tree of files, its open editors, terminals and ports.
import { computed, signal } from '@preact/signals';
import { type Diagnostic, type OnConflict, type OpenPort, type PersistenceState, type Process, Runtime } from '@verklet/sdk';
import type { Template } from '../templates/index.ts';
import { notify, reporting } from './notices.ts';
import { Notebooks } from './notebook/notebooks.ts';
import { OutputPanel } from './output-panel.ts';
import { HistoryModel } from './history.ts';
import { OpenFiles } from './open-files.ts';
import { previewHost, registryOption } from './preview-host.ts';
import { FileTreeModel } from './file-tree.ts';
import { promotionPolicy, ServerSession, serverUrl } from './server-session.ts';

const MAX_DIAGNOSTICS = 500;

export interface TerminalTab {
  readonly id: number;
  readonly title: string;
  /** A command that ran by itself, shown in place of a shell. */
  readonly process?: Process;
}

export interface OpenWorkspaceOptions {
  readonly key: string;
  readonly name: string;
  /** Fills the workspace when it is new; its commands are offered later, too. */
  readonly template: Template | null;
  readonly onConflict?: OnConflict;
  /** Another tab took the workspace over. */
  readonly onHandedOver: () => void;
}

export class Workspace {
  readonly runtime: Runtime;
  readonly key: string;
  readonly name;
  readonly template: Template | null;
  /** Whether what is in the files is also stored. */
  readonly stored = signal<PersistenceState>('saved');
  readonly server: ServerSession;
  readonly files: OpenFiles;
  readonly tree: FileTreeModel;
  readonly notebooks: Notebooks;
  readonly outputs: OutputPanel;
  readonly history = new HistoryModel(this);
  readonly ports = signal<readonly OpenPort[]>([]);
  readonly shownPort = signal<number | null>(null);
  readonly diagnostics = signal<readonly Diagnostic[]>([]);
  /** The workspace opens without a network. */
  readonly isKeptOffline = signal(false);
  readonly terminals = signal<readonly TerminalTab[]>([]);
  readonly shownTerminal = signal(0);
  readonly isBusy = computed(() => this.ports.value.length > 0);
  /** Types into the terminal that is shown; set by it. */
  typeIntoTerminal: ((text: string) => void) | null = null;
  #lastTerminal = 0;

  /** Rejects with a coded error, and then leaves nothing behind. */
  static async open({ key, name, template, onConflict, onHandedOver }: OpenWorkspaceOptions): Promise<Workspace> {
    const runtime = await Runtime.boot({
      previewHost: previewHost(),
      ...registryOption(),
      persistenceKey: key,
      workspaceName: name,
      workspaceNote: template?.id ?? '',
      ...(onConflict ? { onConflict } : {}),
      server: { onPromote: promotionPolicy.value, ...(serverUrl.value === '' ? {} : { url: serverUrl.value }) },
    });
    try {
      if (runtime.persistence.isNew && template !== null) await runtime.fs.mount(template.files);
    } catch (error) {
      await runtime.dispose();
      throw error;
    }
    return new Workspace(runtime, template, onHandedOver);
  }

  private constructor(runtime: Runtime, template: Template | null, onHandedOver: () => void) {
    this.runtime = runtime;
    this.key = runtime.persistence.key ?? '';
    this.name = signal(runtime.persistence.name);
    this.template = template;
    this.stored.value = runtime.persistence.state;
    runtime.persistence.on(async (event) => {
      this.stored.value = runtime.persistence.state;
      if (event.type === 'save-failed') notify(event.error.message, { tone: 'problem' });
      if (event.type === 'handing-over') await reporting(() => this.files.saveAll());
      if (event.type === 'handed-over') onHandedOver();
    });
    if (runtime.persistence.isRecovered)
      notify('The newest save of this workspace was damaged. It opened at the save before it.', { tone: 'problem' });
    this.server = new ServerSession(runtime);
    runtime.onQueuedCommand((process, argv) => this.addTerminal(argv.join(' '), process));
    this.files = new OpenFiles(runtime.fs);
    this.notebooks = new Notebooks(runtime, this.files);
    this.files.beforeSave = (path) => this.notebooks.flush(path);
    this.outputs = new OutputPanel(runtime);
    this.tree = new FileTreeModel(runtime.fs);
    this.diagnostics.value = runtime.diagnostics.list();
    runtime.diagnostics.on((diagnostic) => this.#record(diagnostic));
    runtime.ports.on(({ type, port }) => this.#portChanged(type, port));
    void this.tree.start();
    // The file may be gone by now: then no editor opens by itself.
    if (template !== null) void this.files.open(template.open).catch(() => undefined);
    this.addTerminal();
  }

  addTerminal(title?: string, process?: Process): void {
    const id = ++this.#lastTerminal;
    this.terminals.value = [...this.terminals.value, { id, title: title ?? `sh ${id}`, ...(process ? { process } : {}) }];
    this.shownTerminal.value = id;
  }

  closeTerminal(id: number): void {
    this.terminals.value = this.terminals.value.filter((tab) => tab.id !== id);
    if (this.shownTerminal.value === id) this.shownTerminal.value = this.terminals.value.at(-1)?.id ?? 0;
    if (this.terminals.value.length === 0) this.addTerminal();
  }

  async close(): Promise<void> {
    this.notebooks.stop();
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
    if (diagnostic.type === 'offline-ready') this.isKeptOffline.value = true;
  }
}
