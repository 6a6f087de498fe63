// Block files in memory: the last storage tier, and the ground of the crash tests. Runs anywhere.
import type { BlockFile, BlockFolder } from './block-file.ts';

export class MemoryFile implements BlockFile {
  #bytes: Uint8Array;
  #size: number;

  constructor(initial: Uint8Array = new Uint8Array()) {
    this.#bytes = initial.slice();
    this.#size = initial.length;
  }

  size(): number {
    return this.#size;
  }

  read(into: Uint8Array, offset: number): number {
    const count = Math.max(0, Math.min(into.length, this.#size - offset));
    into.set(this.#bytes.subarray(offset, offset + count));
    return count;
  }

  write(from: Uint8Array, offset: number): void {
    const end = offset + from.length;
    if (end > this.#bytes.length) {
      const grown = new Uint8Array(Math.max(end, this.#bytes.length * 2));
      grown.set(this.#bytes.subarray(0, this.#size));
      this.#bytes = grown;
    }
    this.#bytes.set(from, offset);
    this.#size = Math.max(this.#size, end);
  }

  truncate(size: number): void {
    if (size > this.#size) this.write(new Uint8Array(size - this.#size), this.#size);
    this.#bytes.fill(0, size);
    this.#size = size;
  }

  flush(): void {
    // Memory has no device behind it.
  }

  close(): void {
    // Nothing is held.
  }

  /** A copy of the content, as a crash would leave it. */
  snapshot(): Uint8Array {
    return this.#bytes.slice(0, this.#size);
  }
}

export class MemoryFolder implements BlockFolder {
  readonly files = new Map<string, MemoryFile>();

  async open(name: string): Promise<BlockFile> {
    const file = this.files.get(name) ?? new MemoryFile();
    this.files.set(name, file);
    return file;
  }

  async snapshot(name: string): Promise<Blob> {
    const file = this.files.get(name);
    if (file === undefined) throw new DOMException(`There is no file ${name}`, 'NotFoundError');
    return new Blob([file.snapshot().slice()]);
  }

  async list(): Promise<string[]> {
    return [...this.files.keys()];
  }

  async remove(name: string): Promise<void> {
    this.files.delete(name);
  }
}
