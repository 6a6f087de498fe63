// The explorer's model: which folders are open and what is in them; follows changes on the file system.
import { computed, signal } from '@preact/signals';
import type { DirectoryEntry, RuntimeFiles } from '@verklet/sdk';

export interface TreeRow {
  /** Relative to the workspace. */
  readonly path: string;
  readonly name: string;
  readonly depth: number;
  readonly isFolder: boolean;
  readonly isOpen: boolean;
}

/** Many changes at once, as an installation makes, become one refresh. */
const REFRESH_DELAY_MS = 150;

export class FileTreeModel {
  readonly #fs: RuntimeFiles;
  readonly #open = signal<ReadonlySet<string>>(new Set(['']));
  readonly #entries = signal<ReadonlyMap<string, readonly DirectoryEntry[]>>(new Map());
  readonly rows = computed(() => this.#rows('', 0));
  readonly focused = signal('');
  readonly #stop = new AbortController();
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(fs: RuntimeFiles) {
    this.#fs = fs;
  }

  async start(): Promise<void> {
    await this.#load('');
    await this.#fs.watch('.', { recursive: true, signal: this.#stop.signal }, () => this.#refreshSoon()).catch(() => undefined);
  }

  stop(): void {
    this.#stop.abort();
    if (this.#timer !== null) clearTimeout(this.#timer);
  }

  async toggle(path: string): Promise<void> {
    const open = new Set(this.#open.value);
    if (open.delete(path)) this.#open.value = open;
    else {
      await this.#load(path);
      this.#open.value = open.add(path);
    }
  }

  #rows(folder: string, depth: number): TreeRow[] {
    const entries = this.#entries.value.get(folder) ?? [];
    return entries.flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      const isFolder = entry.isDirectory();
      const isOpen = isFolder && this.#open.value.has(path);
      return [{ path, name: entry.name, depth, isFolder, isOpen }, ...(isOpen ? this.#rows(path, depth + 1) : [])];
    });
  }

  #refreshSoon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      void Promise.all([...this.#open.value].map((folder) => this.#load(folder)));
    }, REFRESH_DELAY_MS);
  }

  async #load(folder: string): Promise<void> {
    try {
      const entries = await this.#fs.readdir(folder === '' ? '.' : folder, { withFileTypes: true });
      const sorted = entries.toSorted((a, b) => Number(b.isDirectory()) - Number(a.isDirectory()) || a.name.localeCompare(b.name));
      this.#entries.value = new Map(this.#entries.value).set(folder, sorted);
    } catch {
      // The folder is gone: so is its row.
      const open = new Set(this.#open.value);
      if (folder !== '' && open.delete(folder)) this.#open.value = open;
    }
  }
}
