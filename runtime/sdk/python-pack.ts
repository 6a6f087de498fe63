// Python for use without a network, kept once for all workspaces of this browser. Only on the user's wish: it is large. Page side.
import { isVerkletError, VerkletError, type PythonPackState, type ToFrame } from '#protocol';
import { atOrigin } from './offline.ts';
import { withStore } from './store-worker.ts';
import { makeWorkspaceLabel } from './workspace-label.ts';

export interface KeepPackOptions {
  /** As {@link BootOptions.previewHost}. */
  readonly previewHost?: string;
  /** Ends the download; whole files stay, and the next call goes on from there. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (keptBytes: number, totalBytes: number) => void;
}

let isUpdated = false;

/** Every call rejects with a coded error. */
export const PythonPack = {
  state: (): Promise<PythonPackState> => withStore((store) => store.pythonPack()),
  /** Resolves when the current version is here. Rejects with `ERR_STORAGE_FULL`, `ERR_PACK_FAILED` or `ERR_ABORTED`. */
  async keep({ previewHost = `preview.${location.host}`, signal, onProgress }: KeepPackOptions = {}): Promise<void> {
    if (signal?.aborted) throw new VerkletError('ERR_ABORTED', { what: 'Keeping Python offline' });
    await withStore((store) =>
      // An origin of its own: no program of the user's ever ran there, or could change what is read.
      atOrigin(makeWorkspaceLabel(), previewHost, async ({ contentWindow, src }) => {
        const { port1, port2 } = new MessageChannel();
        const question: ToFrame = { type: 'read-pack', ports: [] };
        contentWindow?.postMessage(question, new URL(src).origin, [port2]);
        const cancel = (): void => void store.cancelPythonPack();
        signal?.addEventListener('abort', cancel);
        try {
          await store.keepPythonPack(port1, onProgress ?? (() => undefined));
        } finally {
          signal?.removeEventListener('abort', cancel);
        }
      }).catch((error: unknown) => {
        if (!isVerkletError(error) || error.code !== 'ERR_FRAME_UNREACHABLE') throw error;
        throw new VerkletError('ERR_PACK_FAILED', { reason: 'the server does not answer' }, { cause: error });
      }),
    );
  },
  remove: (): Promise<void> => withStore((store) => store.removePythonPack()),
} as const;

/** Fetches the new version of a pack that is kept, once per visit. */
export async function updatePythonPack(previewHost: string): Promise<void> {
  if (isUpdated || (await PythonPack.state()).state !== 'complete') return;
  isUpdated = true;
  await PythonPack.keep({ previewHost });
}
