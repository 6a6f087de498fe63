// The editors that are open: their content, what is unsaved, which one shows.
import { computed, signal } from '@preact/signals';
import type { RuntimeFiles } from '@verklet/sdk';

export interface OpenFile {
  readonly path: string;
  /** As it is stored. */
  readonly saved: string;
  /** As the editor shows it. */
  readonly text: string;
}

export class OpenFiles {
  readonly list = signal<readonly OpenFile[]>([]);
  readonly shownPath = signal<string | null>(null);
  readonly shown = computed(() => this.list.value.find(({ path }) => path === this.shownPath.value) ?? null);
  readonly hasUnsaved = computed(() => this.list.value.some(isUnsaved));
  /** Another view of the file may have more than its text. */
  beforeSave: (path: string) => void = () => undefined;
  readonly #fs: RuntimeFiles;

  constructor(fs: RuntimeFiles) {
    this.#fs = fs;
  }

  async open(path: string): Promise<void> {
    if (!this.list.value.some((file) => file.path === path)) {
      const text = await this.#fs.readFile(path, 'utf8');
      this.list.value = [...this.list.value, { path, saved: text, text }];
    }
    this.shownPath.value = path;
  }

  edit(path: string, text: string): void {
    this.list.value = this.list.value.map((file) => (file.path === path ? { ...file, text } : file));
  }

  async save(path: string): Promise<void> {
    this.beforeSave(path);
    const file = this.list.value.find((one) => one.path === path);
    if (file === undefined) return;
    await this.#fs.writeFile(path, file.text);
    this.list.value = this.list.value.map((one) => (one.path === path ? { ...one, saved: file.text } : one));
  }

  async saveAll(): Promise<void> {
    for (const { path } of this.list.value.filter(isUnsaved)) await this.save(path);
  }

  /** Takes over what is on disk now, but not over changes that are not saved; closes what is gone. */
  async reloadSaved(): Promise<void> {
    for (const file of this.list.value.filter((one) => !isUnsaved(one))) {
      const text = await this.#fs.readFile(file.path, 'utf8').catch(() => null); // it is gone
      if (text === null) this.close(file.path);
      else this.list.value = this.list.value.map((one) => (one.path === file.path ? { ...one, saved: text, text } : one));
    }
  }

  close(path: string): void {
    const index = this.list.value.findIndex((file) => file.path === path);
    this.list.value = this.list.value.filter((file) => file.path !== path);
    if (this.shownPath.value === path) this.shownPath.value = this.list.value[Math.max(0, index - 1)]?.path ?? null;
  }

  moved(from: string, to: string): void {
    const follow = (path: string): string => (path === from ? to : path.startsWith(`${from}/`) ? to + path.slice(from.length) : path);
    this.list.value = this.list.value.map((file) => ({ ...file, path: follow(file.path) }));
    if (this.shownPath.value !== null) this.shownPath.value = follow(this.shownPath.value);
  }

  removed(path: string): void {
    for (const file of this.list.value) if (file.path === path || file.path.startsWith(`${path}/`)) this.close(file.path);
  }
}

export function isUnsaved({ saved, text }: OpenFile): boolean {
  return saved !== text;
}
