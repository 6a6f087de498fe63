// The notebooks among the open files: made when shown, kept in step with the text of the file, ended when the file is closed.
import { effect, signal } from '@preact/signals';
import type { Runtime } from '@verklet/sdk';
import type { OpenFiles } from '../open-files.ts';
import { Notebook } from './notebook.ts';

/** Writing a notebook with pictures takes a moment: not for every line of output. */
const WRITE_DELAY_MS = 300;

type Opened = { readonly notebook: Notebook } | { readonly problem: string };

interface Entry {
  readonly opened: Opened;
  /** The text that the model stands for. */
  text: string;
  timer: ReturnType<typeof setTimeout> | null;
}

export class Notebooks {
  /** Notebooks that the user wants to see as text. */
  readonly asText = signal<ReadonlySet<string>>(new Set());
  readonly #runtime: Runtime;
  readonly #files: OpenFiles;
  readonly #entries = new Map<string, Entry>();
  readonly #stop: () => void;

  constructor(runtime: Runtime, files: OpenFiles) {
    this.#runtime = runtime;
    this.#files = files;
    this.#stop = effect(() => this.#follow());
  }

  isShownAsNotebook(path: string | null): path is string {
    return path !== null && path.endsWith('.ipynb') && !this.asText.value.has(path);
  }

  /** The notebook of the file that is shown; null where that is none. */
  get shown(): Notebook | null {
    const path = this.#files.shownPath.value;
    if (!this.isShownAsNotebook(path)) return null;
    const opened = this.open(path);
    return opened !== null && 'notebook' in opened ? opened.notebook : null;
  }

  open(path: string): Opened | null {
    const known = this.#entries.get(path);
    if (known !== undefined) return known.opened;
    const file = this.#files.list.peek().find((one) => one.path === path);
    if (file === undefined) return null;
    const entry: Entry = { opened: this.#read(path, file.text), text: file.text, timer: null };
    this.#entries.set(path, entry);
    return entry.opened;
  }

  /** Puts what the model has into the file's text: before it is saved or looked at. */
  flush(path: string): void {
    const entry = this.#entries.get(path);
    if (entry === undefined || entry.timer === null || !('notebook' in entry.opened)) return;
    clearTimeout(entry.timer);
    entry.timer = null;
    entry.text = entry.opened.notebook.text();
    this.#files.edit(path, entry.text);
  }

  showAsText(path: string, isText: boolean): void {
    this.flush(path);
    const paths = new Set(this.asText.value);
    if (isText) paths.add(path);
    else {
      paths.delete(path);
      // A file that could not be read is read again.
      if ('problem' in (this.#entries.get(path)?.opened ?? {})) this.#entries.delete(path);
    }
    this.asText.value = paths;
  }

  stop(): void {
    this.#stop();
  }

  #read(path: string, text: string): Opened {
    try {
      return { notebook: new Notebook(path, text, this.#runtime, () => this.#changed(path)) };
    } catch (error) {
      return { problem: error instanceof Error ? error.message : String(error) };
    }
  }

  #changed(path: string): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) entry.timer ??= setTimeout(() => this.flush(path), WRITE_DELAY_MS);
  }

  /** Files close, and their text changes elsewhere: on disk, or in the editor. */
  #follow(): void {
    const files = this.#files.list.value;
    for (const [path, entry] of this.#entries) {
      const file = files.find((one) => one.path === path);
      if (file === undefined) {
        if (entry.timer !== null) clearTimeout(entry.timer);
        if ('notebook' in entry.opened) void entry.opened.notebook.end();
        this.#entries.delete(path);
      } else if (file.text !== entry.text && entry.timer === null && 'notebook' in entry.opened)
        this.#reload(file.text, entry, entry.opened.notebook);
    }
  }

  #reload(text: string, entry: Entry, notebook: Notebook): void {
    entry.text = text;
    try {
      notebook.load(text);
    } catch {
      // Half-written text in the editor: the model keeps what it had until the text is a notebook again.
    }
  }
}
