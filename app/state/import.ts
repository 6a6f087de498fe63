// Brings files in: zip archives, single files and whole folders, dropped or chosen. Progress is shown, and can be cancelled.
import { signal } from '@preact/signals';
import type { FileTree, RuntimeFiles } from '@verklet/sdk';

/** A file to bring in, with its path below the target. */
export interface IncomingFile {
  readonly path: string;
  readonly file: File;
}

export interface ImportProgress {
  readonly files: number;
  readonly sizeBytes: number;
  /** Of the files as they are chosen: an archive counts as large as it is packed. */
  readonly totalBytes: number;
  cancel(): void;
}

export const importProgress = signal<ImportProgress | null>(null);

/** More would not fit into a workspace, and is a mistake: a home folder, a disk. */
const MAX_FILES = 50_000;
const MAX_BYTES = 1024 * 1024 * 1024;
const BATCH_BYTES = 8 * 1024 * 1024;
/** Made by tools and large: not brought along with a folder. */
const LEFT_OUT = new Set(['node_modules', '.git', '.DS_Store']);

/** Writes files below `folder`; zip archives are unpacked in place of themselves. Returns how many files came in. */
export async function importFiles(fs: RuntimeFiles, incoming: readonly IncomingFile[], folder = '.'): Promise<number> {
  const total = incoming.length;
  const sizeBytes = incoming.reduce((sum, { file }) => sum + file.size, 0);
  if (total > MAX_FILES || sizeBytes > MAX_BYTES)
    throw new Error(
      `${total} files with ${Math.round(sizeBytes / 1e6)} MB are too many: at most ${MAX_FILES} files with ${MAX_BYTES / 1e6} MB can be imported.`,
    );
  const cancelled = new AbortController();
  let files = 0;
  let doneBytes = 0;
  let batch: Record<string, FileTree[string]> = {};
  let batchBytes = 0;
  const show = (moreFiles: number, moreBytes: number): void => {
    const cancel = (): void => cancelled.abort();
    importProgress.value = { files: files + moreFiles, sizeBytes: doneBytes + moreBytes, totalBytes: sizeBytes, cancel };
  };
  const flush = async (): Promise<void> => {
    await fs.mount(batch, folder);
    batch = {};
    batchBytes = 0;
  };
  try {
    for (const { path, file } of incoming) {
      if (cancelled.signal.aborted) throw new Error(`The import was cancelled after ${files} files.`);
      show(0, 0);
      if (isZip(file)) files += await unpack(file);
      else {
        const bytes = new Uint8Array(await file.arrayBuffer());
        place(batch, path.split('/'), bytes);
        batchBytes += bytes.length;
        files++;
        if (batchBytes >= BATCH_BYTES) await flush();
      }
      doneBytes += file.size;
    }
    await flush();
    return files;
  } finally {
    importProgress.value = null;
  }

  async function unpack(file: File): Promise<number> {
    let unpacked = 0;
    await fs.mount(file, folder, {
      signal: cancelled.signal,
      onProgress: (progress) => {
        unpacked = progress.files;
        show(unpacked, progress.totalBytes === 0 ? file.size : (file.size * progress.sizeBytes) / progress.totalBytes);
      },
    });
    return unpacked;
  }
}

/** Asks for files, or for a whole folder. Empty when the user gave none. */
export function chooseFiles(kind: 'files' | 'folder'): Promise<IncomingFile[]> {
  const input = document.createElement('input');
  input.type = 'file';
  input.multiple = true;
  input.webkitdirectory = kind === 'folder';
  return new Promise((resolve) => {
    input.addEventListener('cancel', () => resolve([]));
    input.addEventListener('change', () =>
      resolve(
        [...(input.files ?? [])]
          .map((file) => ({ path: file.webkitRelativePath === '' ? file.name : file.webkitRelativePath, file }))
          .filter(({ path }) => !path.split('/').some((name) => LEFT_OUT.has(name))),
      ),
    );
    input.click();
  });
}

/** Everything in a drop, folders with all their content. Read at once: the browser forgets a drop after its event. */
export async function droppedFiles(transfer: DataTransfer): Promise<IncomingFile[]> {
  const dropped = [...transfer.items].filter(({ kind }) => kind === 'file').map((item) => item.webkitGetAsEntry() ?? item.getAsFile());
  const found = await Promise.all(
    dropped.filter((one) => one !== null).map((one) => (one instanceof File ? [{ path: one.name, file: one }] : readEntry(one, ''))),
  );
  return found.flat();
}

async function readEntry(entry: FileSystemEntry, prefix: string): Promise<IncomingFile[]> {
  if (LEFT_OUT.has(entry.name)) return [];
  const path = prefix + entry.name;
  if (entry.isFile) {
    const file = await new Promise<File>((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));
    return [{ path, file }];
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const found: IncomingFile[] = [];
  // A reader gives a hundred at a time, and an empty list at the end.
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) return found;
    for (const inner of some) found.push(...(await readEntry(inner, `${path}/`)));
  }
}

function place(tree: Record<string, FileTree[string]>, names: readonly string[], bytes: Uint8Array): void {
  const [name = '', ...rest] = names;
  if (rest.length === 0) {
    tree[name] = bytes;
    return;
  }
  const folder = (tree[name] ??= {}) as Record<string, FileTree[string]>;
  place(folder, rest, bytes);
}

export function importedText(files: number): string {
  return files === 1 ? 'One file was imported.' : `${files} files were imported.`;
}

export function isZip({ name, type }: { readonly name: string; readonly type: string }): boolean {
  return type === 'application/zip' || name.endsWith('.zip');
}
