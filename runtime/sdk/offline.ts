// Makes stored workspaces independent of the network: their origins keep the runtime, and one origin more is kept ready for
// the next new workspace. Page side.
import { VerkletError, type FromFrame, type ToFrame } from '#protocol';
import { openFrame } from './frame-connection.ts';
import { withStore } from './store-worker.ts';
import { makeWorkspaceLabel } from './workspace-label.ts';

/** Where servers listen as a rule; a port that no workspace had before needs the network once. */
const LIKELY_PORTS = [3000, 5173, 8080, 8000] as const;
const PATIENCE_MS = 120_000;
const OPEN_TIMEOUT_MS = 15_000;

/** Asks a frame to do something for its origin; rejects with `ERR_NO_STORAGE` when the browser refuses. */
export async function askFrame(frame: HTMLIFrameElement, type: 'keep-offline' | 'erase-origin'): Promise<void> {
  const origin = new URL(frame.src).origin;
  const listening = new AbortController();
  const answer = new Promise<void>((resolve, reject) => {
    addEventListener(
      'message',
      ({ source, origin: from, data }: MessageEvent<FromFrame | null>) => {
        if (source !== frame.contentWindow || from !== origin) return;
        if (data?.type === 'offline-failed') reject(new VerkletError('ERR_NO_STORAGE', { reason: String(data.reason).slice(0, 500) }));
        else if (data?.type === (type === 'keep-offline' ? 'offline-ready' : 'origin-erased')) resolve();
      },
      { signal: listening.signal },
    );
    setTimeout(
      () => reject(new VerkletError('ERR_TIMEOUT', { what: 'Making the workspace available offline', timeoutMs: PATIENCE_MS })),
      PATIENCE_MS,
    );
  });
  const question: ToFrame = { type, ports: LIKELY_PORTS };
  frame.contentWindow?.postMessage(question, origin);
  try {
    await answer;
  } finally {
    listening.abort();
  }
}

/** Keeps an origin ready that the next new workspace can have without a network. */
export async function keepSpare(previewHost: string): Promise<void> {
  const known = await withStore((store) => store.spare(previewHost));
  if (known?.isReady === true) return;
  const label = known?.label ?? makeWorkspaceLabel();
  await withStore((store) => store.keepSpare(previewHost, { label, isReady: false }));
  await atOrigin(label, previewHost, (frame) => askFrame(frame, 'keep-offline'));
  await withStore((store) => store.keepSpare(previewHost, { label, isReady: true }));
}

/** Takes everything away that a workspace's origin and its ports keep. */
export function eraseOrigin(label: string, previewHost: string): Promise<void> {
  return atOrigin(label, previewHost, (frame) => askFrame(frame, 'erase-origin'));
}

/** Opens the frame of an origin for a while. */
export async function atOrigin(label: string, previewHost: string, work: (frame: HTMLIFrameElement) => Promise<void>): Promise<void> {
  const frame = await openFrame({ origin: `${location.protocol}//${label}.${previewHost}`, timeoutMs: OPEN_TIMEOUT_MS });
  try {
    await work(frame.frame);
  } finally {
    frame.frame.remove();
  }
}
