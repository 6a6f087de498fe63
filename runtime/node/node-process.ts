// The program behind node.worker.ts: boots Node's base, tells the broker, then becomes the process it is given.
import type { FromProcess, ToProcess } from '#protocol';
import { attachWorker, type WorkerScope } from '../process/worker-host.ts';
import { NodeProcess } from './boot.ts';
import { loadLibrary } from './library.ts';
import { capturePrimitives } from './primitives.ts';

type MessageListener = (event: MessageEvent<ToProcess>) => void;

/** Runs for the life of the worker. `early`: messages that came while this bundle was loading. */
export async function runNodeProcess(
  scope: DedicatedWorkerGlobalScope & typeof globalThis,
  early: readonly MessageEvent<ToProcess>[],
): Promise<void> {
  const workerScope = captureScope(scope, early);
  const primitives = capturePrimitives(scope);
  const [attached, loaded] = await Promise.all([attachWorker(workerScope), loadLibrary()]);
  const node = new NodeProcess({ host: attached.host, loaded, primitives, scope, runtimeUrl: import.meta.url });
  try {
    node.bootBase();
  } catch (error) {
    workerScope.postMessage({ type: 'worker-failed', reason: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    return;
  }
  attached.ready();
  await attached.started;
  node.start();
}

/** Node's bootstrap removes these names from the global object: keep what the host needs. */
function captureScope(scope: DedicatedWorkerGlobalScope, early: readonly MessageEvent<ToProcess>[]): WorkerScope {
  const { locks } = scope.navigator;
  return {
    postMessage: scope.postMessage.bind(scope) as (message: FromProcess, transfer?: Transferable[]) => void,
    addEventListener(type: 'message', listener: MessageListener) {
      scope.addEventListener(type, listener);
      for (const event of early) listener(event);
    },
    close: scope.close.bind(scope),
    navigator: { locks },
  };
}
