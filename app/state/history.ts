// The snapshots of the open workspace: which are listed, which is looked at, and what differs from now.
import { signal } from '@preact/signals';
import type { Snapshot, SnapshotChange } from '@verklet/sdk';
import type { Workspace } from './workspace.ts';

export interface LookedAt {
  readonly snapshot: Snapshot;
  /** From the snapshot to now, in the project; packages are left out. */
  readonly changes: readonly SnapshotChange[];
}

export interface FileComparison {
  readonly path: string;
  /** Null: not there, or not text. */
  readonly before: string | null;
  readonly now: string | null;
}

export class HistoryModel {
  readonly snapshots = signal<readonly Snapshot[]>([]);
  readonly looked = signal<LookedAt | null>(null);
  readonly compared = signal<FileComparison | null>(null);
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  async refresh(): Promise<void> {
    this.snapshots.value = await this.#persistence.history();
  }

  /** Keeps the present state under a name. */
  async keep(name: string): Promise<void> {
    await this.#persistence.snapshot(name);
    await this.refresh();
  }

  async lookAt(snapshot: Snapshot): Promise<void> {
    await this.#persistence.save();
    const [newest] = await this.#persistence.history();
    const changes = newest === undefined ? [] : await this.#persistence.diff(snapshot.id, newest.id);
    this.compared.value = null;
    this.looked.value = {
      snapshot,
      changes: changes.filter(({ path }) => path.startsWith('/workdir/') && !path.includes('/node_modules/')),
    };
  }

  async compare(path: string): Promise<void> {
    const looked = this.looked.value;
    if (looked === null) return;
    const then = await this.#persistence.readFile(looked.snapshot.id, path);
    const now = await this.#workspace.runtime.fs.readFile(path).catch(() => null); // gone or a folder
    this.compared.value = { path, before: textOf(then), now: textOf(now) };
  }

  /** Returns the state before, for an undo. */
  async restore(snapshot: Snapshot): Promise<Snapshot | null> {
    await this.#persistence.save();
    const [before = null] = await this.#persistence.history();
    await this.#persistence.restore(snapshot.id);
    await this.#workspace.files.reloadSaved();
    this.looked.value = null;
    this.compared.value = null;
    await this.refresh();
    return before;
  }

  /** Returns the key of the copy. */
  copy(snapshot: Snapshot): Promise<string> {
    return this.#persistence.fork(
      snapshot.id,
      `${this.#workspace.name.value} (${snapshot.name ?? new Date(snapshot.atMs).toLocaleString()})`,
    );
  }

  get #persistence(): Workspace['runtime']['persistence'] {
    return this.#workspace.runtime.persistence;
  }
}

function textOf(bytes: Uint8Array | null): string | null {
  if (bytes === null) return null;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null; // not text
  }
}
