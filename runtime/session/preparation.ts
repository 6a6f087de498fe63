// One command that a session needs before the person's own. Session worker.
import { WORKSPACE_ROOT, type LinkEndpoint, type ProcessEvent, type StreamOpening } from '#protocol';

/** Runs it in the workspace; resolves with its exit code, or null when it was ended. */
export function runPreparation(
  endpoint: LinkEndpoint,
  argv: readonly string[],
  cancelled: AbortSignal,
  show: (bytes: Uint8Array) => void,
): Promise<number | null> {
  return new Promise((resolve) => {
    const opening: StreamOpening = { type: 'spawn', argv: ['sh', '-c', 'exec "$@" 2>&1', 'sh', ...argv], cwd: WORKSPACE_ROOT, env: {} };
    const stream = endpoint.open(opening, {
      onData: (bytes) => {
        show(bytes.slice());
        stream.taken(bytes.length);
      },
      onMessage: (message) => {
        const event = message as ProcessEvent;
        if (event.type === 'exited') resolve(event.status.code);
        else if (event.type === 'failed') resolve(127);
      },
      onReset: () => resolve(null),
    });
    stream.end();
    cancelled.addEventListener(
      'abort',
      () => {
        stream.reset();
        resolve(null);
      },
      { once: true },
    );
  });
}
