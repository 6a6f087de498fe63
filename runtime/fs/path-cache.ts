// Remembers where paths led. An entry counts while no name and no mode anywhere has changed since: the generation tells.

const CAPACITY = 8192;

interface Entry {
  inode: number;
  generation: number;
}

export class PathCache {
  readonly #entries = new Map<string, Entry>();

  /** The inode, or 0 when it is not known for this generation. */
  get(path: string, generation: number): number {
    const entry = this.#entries.get(path);
    return entry !== undefined && entry.generation === generation ? entry.inode : 0;
  }

  set(path: string, inode: number, generation: number): void {
    const entry = this.#entries.get(path);
    if (entry !== undefined) {
      entry.inode = inode;
      entry.generation = generation;
      return;
    }
    if (this.#entries.size >= CAPACITY) this.#entries.clear();
    this.#entries.set(path, { inode, generation });
  }
}
