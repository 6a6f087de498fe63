// Gathers saved entries and their bytes into messages of a few megabytes, with a bounded number under way. File service.
import type { SavedEntry } from '#protocol';
import type { StoreClient } from './store-client.ts';

const BATCH_BYTES = 4 * 1024 * 1024;
const BATCH_ENTRIES = 4096;
/** Reading goes on while the store writes, but not further ahead than this. */
const MAX_UNDER_WAY = 3;

export class SaveBatches {
  readonly #store: StoreClient;
  #entries: SavedEntry[] = [];
  #chunks: Uint8Array[] = [];
  #sizeBytes = 0;
  readonly #underWay = new Set<Promise<unknown>>();
  /** Entries gathered so far. */
  count = 0;

  constructor(store: StoreClient) {
    this.#store = store;
  }

  add(entry: SavedEntry, content?: Uint8Array): void {
    this.#entries.push(entry);
    this.count++;
    if (content) {
      this.#chunks.push(content);
      this.#sizeBytes += content.length;
    }
  }

  get isFull(): boolean {
    return this.#sizeBytes >= BATCH_BYTES || this.#entries.length >= BATCH_ENTRIES;
  }

  /** Sends what is gathered; resolves when there is room for more. */
  async send(): Promise<void> {
    if (this.#entries.length === 0) return;
    const bytes = new Uint8Array(this.#sizeBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    const sent = this.#store.ask({ type: 'save-batch', entries: this.#entries, bytes }, [bytes.buffer]);
    this.#entries = [];
    this.#chunks = [];
    this.#sizeBytes = 0;
    this.#underWay.add(sent);
    // Settled either way: a failed batch fails the commit, which says why.
    void sent.catch(() => undefined).finally(() => this.#underWay.delete(sent));
    if (this.#underWay.size >= MAX_UNDER_WAY) await Promise.race(this.#underWay);
  }

  async finish(): Promise<void> {
    await this.send();
    await Promise.all(this.#underWay);
  }
}
