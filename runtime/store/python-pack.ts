// Python for use without a network: one copy on the page's origin, of which every workspace gets its files. User code cannot
// reach it. Runs in the store worker.
import { clear, createStore, del, get, keys, set, type UseStore } from 'idb-keyval';
import { PACK_FOLDER, VerkletError, type PackFile, type PythonPackState } from '#protocol';
import { isFull } from './full.ts';
import { downloadFile, downloadList } from './pack-download.ts';

/** The list of files that the pack consists of; the others are kept by their addresses. */
const LIST_KEY = 'list';
const LOCK = 'verklet-python-pack';

export class PythonPack {
  #store: UseStore | null = null;
  #underWay: AbortController | null = null;

  async state(): Promise<PythonPackState> {
    const [list, kept] = await Promise.all([this.#list(), this.#kept()]);
    if (list === null) return { state: 'absent', keptBytes: 0, totalBytes: 0 };
    const keptBytes = sizeOf(list.filter(({ url }) => kept.has(url)));
    const totalBytes = sizeOf(list);
    return { state: keptBytes === totalBytes ? 'complete' : 'partial', keptBytes, totalBytes };
  }

  /** A file that is kept, for the kernel; null for any other. It is read from the device only when it is used. */
  async read(name: string): Promise<Blob | null> {
    if (typeof indexedDB === 'undefined') return null;
    return (await get<Blob>(PACK_FOLDER + name, this.#open())) ?? null;
  }

  /**
   * Fetches what is missing of the version that the preview host has now, over a port to its frame; then lets the files of
   * other versions go. Rejects with `ERR_STORAGE_FULL`, `ERR_PACK_FAILED` or `ERR_ABORTED`; whole files stay for the next time.
   */
  async keep(port: MessagePort, onProgress: (keptBytes: number, totalBytes: number) => void): Promise<void> {
    const { signal } = (this.#underWay = new AbortController());
    port.start();
    try {
      // Two tabs would fetch everything twice.
      await navigator.locks.request(LOCK, { signal }, () => this.#fetchMissing(port, signal, onProgress));
    } catch (error) {
      if (isFull(error)) throw new VerkletError('ERR_STORAGE_FULL', { what: 'Python for use without a network' }, { cause: error });
      throw signal.aborted ? new VerkletError('ERR_ABORTED', { what: 'Keeping Python offline' }, { cause: error }) : error;
    } finally {
      port.close();
      this.#underWay = null;
    }
  }

  /** Ends {@link keep}; what has arrived whole stays. */
  cancel(): void {
    this.#underWay?.abort();
  }

  async remove(): Promise<void> {
    this.cancel();
    await navigator.locks.request(LOCK, () => clear(this.#open()));
  }

  async #fetchMissing(port: MessagePort, signal: AbortSignal, onProgress: (kept: number, total: number) => void): Promise<void> {
    const list = await downloadList(port, signal);
    const kept = await this.#kept();
    const missing = list.filter(({ url }) => !kept.has(url));
    const totalBytes = sizeOf(list);
    let keptBytes = totalBytes - sizeOf(missing);
    await requireRoom(sizeOf(missing));
    // An older version that is complete stays the pack until the new one is.
    if ((await this.state()).state !== 'complete') await set(LIST_KEY, list, this.#open());
    onProgress(keptBytes, totalBytes);
    const onBytes = (sizeBytes: number): void => onProgress((keptBytes += sizeBytes), totalBytes);
    for (const file of missing) {
      const blob = await downloadFile(port, file, { signal, onBytes });
      signal.throwIfAborted();
      await set(file.url, blob, this.#open());
    }
    await set(LIST_KEY, list, this.#open());
    const isCurrent = new Set(list.map(({ url }) => url));
    for (const url of kept) if (!isCurrent.has(url)) await del(url, this.#open());
  }

  async #list(): Promise<readonly PackFile[] | null> {
    if (typeof indexedDB === 'undefined') return null;
    return (await get<readonly PackFile[]>(LIST_KEY, this.#open())) ?? null;
  }

  async #kept(): Promise<Set<string>> {
    if (typeof indexedDB === 'undefined') return new Set();
    return new Set((await keys<string>(this.#open())).filter((key) => key !== LIST_KEY));
  }

  /** Not before it is needed: a browser without a database refuses here. */
  #open(): UseStore {
    return (this.#store ??= createStore('verklet-python-pack', 'files'));
  }
}

/** Better said before the download than after it. */
async function requireRoom(sizeBytes: number): Promise<void> {
  const { usage = 0, quota = 0 } = await navigator.storage.estimate();
  if (quota > 0 && usage + sizeBytes > quota) throw new DOMException('There is no room for the pack', 'QuotaExceededError');
}

function sizeOf(files: readonly PackFile[]): number {
  return files.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}
