// Who may write a workspace: one tab at a time, proven by a Web Lock. Another may ask for it. Runs in the store worker.
import { channelName, lockName } from '#protocol';

/** How long an owner may take for its last save before a new one gives up waiting. */
export const HAND_OVER_MS = 10_000;

export interface Ownership {
  release(): void;
}

interface Request {
  readonly type: 'request-hand-over';
}

/** Null when another tab owns the workspace. */
export function tryOwn(folder: string, onRequest: () => void): Promise<Ownership | null> {
  return own(folder, { ifAvailable: true }, onRequest);
}

/** Asks the owner to save and let go; null when it does not in time. */
export async function takeOver(folder: string, onRequest: () => void): Promise<Ownership | null> {
  const channel = new BroadcastChannel(channelName(folder));
  const deadline = AbortSignal.timeout(HAND_OVER_MS);
  try {
    const owned = own(folder, { signal: deadline }, onRequest);
    channel.postMessage({ type: 'request-hand-over' } satisfies Request);
    return await owned;
  } catch (error) {
    if (deadline.aborted) return null;
    throw error;
  } finally {
    channel.close();
  }
}

function own(folder: string, options: LockOptions, onRequest: () => void): Promise<Ownership | null> {
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(lockName(folder), options, (lock) => {
        if (lock === null) return resolve(null);
        const held = Promise.withResolvers<void>();
        const channel = new BroadcastChannel(channelName(folder));
        channel.addEventListener('message', ({ data }: MessageEvent<Request | null>) => {
          if (data?.type === 'request-hand-over') onRequest();
        });
        resolve({
          release() {
            channel.close();
            held.resolve();
          },
        });
        return held.promise;
      })
      .catch(reject);
  });
}
