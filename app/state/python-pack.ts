// Python for use without a network: whether it is kept, and the download while it is under way.
import { signal } from '@preact/signals';
import { isVerkletError, PythonPack, type PythonPackState } from '@verklet/sdk';
import { offlineFiles } from 'virtual:offline-files';
import { reporting } from './notices.ts';
import { previewHost } from './preview-host.ts';
import { refreshStorage } from './storage.ts';

/** Null while unknown. */
export const pythonPack = signal<PythonPackState | null>(null);
/** Null unless a download is under way. */
export const packProgress = signal<{ readonly keptBytes: number; readonly totalBytes: number } | null>(null);
/** Why the last download ended early, unless the user stopped it. Shown beside it: notices are behind the storage page. */
export const packFailure = signal('');
/** What the pack of this version takes. */
export const packSizeBytes = offlineFiles.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);

/** A download sends some thousand chunks. */
const SHOWN_EVERY_MS = 100;

let underWay: AbortController | null = null;

export async function refreshPythonPack(): Promise<void> {
  await reporting(async () => {
    pythonPack.value = await PythonPack.state();
  });
}

/** Goes on where an earlier download was stopped. It runs on when the storage page is closed. */
export async function keepPythonPack(): Promise<void> {
  if (underWay) return;
  const { signal: aborted } = (underWay = new AbortController());
  packProgress.value = { keptBytes: pythonPack.value?.keptBytes ?? 0, totalBytes: packSizeBytes };
  packFailure.value = '';
  let shownAtMs = 0;
  const onProgress = (keptBytes: number, totalBytes: number): void => {
    if (aborted.aborted || performance.now() - shownAtMs < SHOWN_EVERY_MS) return;
    shownAtMs = performance.now();
    packProgress.value = { keptBytes, totalBytes };
  };
  try {
    await PythonPack.keep({ previewHost: previewHost(), signal: aborted, onProgress });
  } catch (error) {
    if (!isVerkletError(error) || error.code !== 'ERR_ABORTED') packFailure.value = error instanceof Error ? error.message : String(error);
  }
  underWay = null;
  packProgress.value = null;
  await Promise.all([refreshPythonPack(), refreshStorage()]);
}

export function stopPythonPack(): void {
  underWay?.abort();
}

export async function removePythonPack(): Promise<void> {
  packFailure.value = '';
  await reporting(() => PythonPack.remove());
  await Promise.all([refreshPythonPack(), refreshStorage()]);
}
