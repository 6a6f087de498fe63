// Block files in the database, for browsers without private files: read whole when they are opened, and written page by page
// when they are flushed, in one transaction. Runs in the store worker.
import type { BlockFile, BlockFolder } from './block-file.ts';
import { keysBelow, read, write } from './indexed-db.ts';
import { MemoryFile } from './memory-file.ts';

/** A save of one edit rewrites a page or two of these. */
const PAGE_BYTES = 32 * 1024;

class IndexedDbFile implements BlockFile {
  readonly #database: IDBDatabase;
  readonly #path: readonly [folder: string, name: string];
  readonly #content: MemoryFile;
  /** Pages that differ from the database. */
  readonly #dirty = new Set<number>();
  #storedPages: number;

  constructor(database: IDBDatabase, path: readonly [string, string], initial: Uint8Array) {
    this.#database = database;
    this.#path = path;
    this.#content = new MemoryFile(initial);
    this.#storedPages = Math.ceil(initial.length / PAGE_BYTES);
  }

  size(): number {
    return this.#content.size();
  }

  read(into: Uint8Array, offset: number): number {
    return this.#content.read(into, offset);
  }

  write(from: Uint8Array, offset: number): void {
    // What lies between the end and the offset becomes zeros, and is written, too.
    this.#mark(Math.min(offset, this.size()), offset + from.length);
    this.#content.write(from, offset);
  }

  truncate(size: number): void {
    this.#mark(Math.min(size, this.size()), Math.max(size, this.size()));
    this.#content.truncate(size);
  }

  async flush(): Promise<void> {
    const size = this.size();
    const pages = Math.ceil(size / PAGE_BYTES);
    const written = [...this.#dirty].filter((page) => page < pages);
    this.#dirty.clear();
    try {
      await write(this.#database, ['pages', 'files'], (tx) => {
        const stored = tx.objectStore('pages');
        for (const page of written) stored.put(this.#page(page, size), [...this.#path, page]);
        if (this.#storedPages > pages) stored.delete(IDBKeyRange.bound([...this.#path, pages], [...this.#path, this.#storedPages]));
        tx.objectStore('files').put(size, [...this.#path]);
      });
    } catch (error) {
      for (const page of written) this.#dirty.add(page);
      throw error;
    }
    this.#storedPages = pages;
  }

  close(): void {
    // Nothing is held: whoever owns the workspace is the only one to open its files.
  }

  #mark(from: number, to: number): void {
    for (let page = Math.floor(from / PAGE_BYTES); page * PAGE_BYTES < to; page++) this.#dirty.add(page);
  }

  #page(page: number, size: number): Uint8Array {
    const bytes = new Uint8Array(Math.min(PAGE_BYTES, size - page * PAGE_BYTES));
    this.#content.read(bytes, page * PAGE_BYTES);
    return bytes;
  }
}

export function openDatabaseFolder(database: IDBDatabase, folder: string): BlockFolder {
  return {
    open: async (name) => {
      // It is there from now on, as a file of a folder is, even if nothing is ever written to it.
      await write(database, ['files'], (tx) => {
        const files = tx.objectStore('files');
        const known = files.getKey([folder, name]);
        known.onsuccess = () => void (known.result === undefined && files.put(0, [folder, name]));
      });
      return new IndexedDbFile(database, [folder, name], await readFile(database, folder, name));
    },
    snapshot: async (name) => {
      const keys = await read(database, 'files', (files) => files.getAllKeys([folder, name]));
      if (keys.length === 0) throw new DOMException(`There is no file ${name}`, 'NotFoundError');
      return new Blob([await readFile(database, folder, name)]);
    },
    list: async () => {
      const keys = await read(database, 'files', (files) => files.getAllKeys(keysBelow(folder)));
      return keys.map((key) => (key as [string, string])[1]);
    },
    remove: (name) =>
      write(database, ['pages', 'files'], (tx) => {
        tx.objectStore('pages').delete(keysBelow(folder, name));
        tx.objectStore('files').delete([folder, name]);
      }),
  };
}

/** As it was flushed last; pages and size are of one moment, for they are written in one transaction. */
async function readFile(database: IDBDatabase, folder: string, name: string): Promise<Uint8Array<ArrayBuffer>> {
  const pages = (await read(database, 'pages', (store) => store.getAll(keysBelow(folder, name)))) as Uint8Array[];
  const bytes = new Uint8Array(pages.reduce((sum, page) => sum + page.length, 0));
  let offset = 0;
  for (const page of pages) {
    bytes.set(page, offset);
    offset += page.length;
  }
  return bytes;
}
