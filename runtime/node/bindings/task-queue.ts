// The `task_queue` and `timers` bindings: Node's ticks, microtasks, timers and immediates on our loop. Process worker.
import { queueMicrotask } from '../../process/intrinsics.ts';
import { LEAVE_BATCH, type LoopHooks, type NodeLoop } from '../loop.ts';
import type { BindingFactory } from '../realm.ts';
import { knownPromises } from './util.ts';

const REJECTED = 2;

/** What Node's library installs while it boots; the loop reads it on every turn. */
export class LoopWiring {
  runTicks: () => void = () => {};
  processTimers: (now: number) => number = () => 0;
  processImmediate: () => void = () => {};
  immediateInfo = new Uint32Array(3);
  onRejection: ((kind: number, promise: Promise<unknown>, reason: unknown) => void) | null = null;
  hasTickQueued = false;
  hasRejection = false;

  hooks(rest: Pick<LoopHooks, 'onError' | 'onIdle' | 'onTurn'>): LoopHooks {
    return {
      ...rest,
      runTicks: () => this.runTicks(),
      hasTicks: () => this.hasTickQueued || this.hasRejection,
      processTimers: (now) => this.processTimers(now),
      processImmediate: () => this.processImmediate(),
      immediateInfo: () => this.immediateInfo,
    };
  }
}

export function taskQueue(wiring: LoopWiring, loop: NodeLoop): BindingFactory {
  return (_realm, binding) => {
    // [has tick scheduled, has rejection to warn]: accessors, so that a tick queued by a microtask wakes the loop.
    binding['tickInfo'] = Object.defineProperties(
      {},
      {
        0: {
          get: () => (wiring.hasTickQueued ? 1 : 0),
          set: (value: number) => {
            wiring.hasTickQueued = value !== 0;
            if (wiring.hasTickQueued && !loop.isInCallback) loop.wake();
          },
        },
        1: {
          get: () => (wiring.hasRejection ? 1 : 0),
          set: (value: number) => {
            wiring.hasRejection = value !== 0;
            if (wiring.hasRejection && !loop.isInCallback) loop.wake();
          },
        },
      },
    );
    binding['setTickCallback'] = (callback: () => void) => {
      wiring.runTicks = callback;
    };
    binding['runMicrotasks'] = () => {
      // Cannot happen synchronously in a browser: leave the batch, microtasks drain, the loop re-enters.
      // oxlint-disable-next-line only-throw-error -- a private signal between the loop and itself
      if (loop.isInBatch) throw LEAVE_BATCH;
    };
    binding['enqueueMicrotask'] = (callback: () => void) => {
      queueMicrotask(() => loop.run(callback));
    };
    binding['setPromiseRejectCallback'] = (callback: LoopWiring['onRejection']) => {
      wiring.onRejection = callback;
    };
  };
}

/** Feeds the browser's rejection events to Node's own bookkeeping. */
export function listenToRejections(scope: typeof globalThis, wiring: LoopWiring, loop: NodeLoop): void {
  const [REJECT_WITH_NO_HANDLER, HANDLER_ADDED] = [0, 1];
  scope.addEventListener('unhandledrejection', (event) => {
    event.preventDefault();
    if (loop.isEnded) return;
    knownPromises.set(event.promise, [REJECTED, event.reason]);
    wiring.onRejection?.(REJECT_WITH_NO_HANDLER, event.promise, event.reason);
    loop.wake();
  });
  scope.addEventListener('rejectionhandled', (event) => {
    if (loop.isEnded) return;
    wiring.onRejection?.(HANDLER_ADDED, event.promise, undefined);
    loop.wake();
  });
}

export function timers(wiring: LoopWiring, loop: NodeLoop): BindingFactory {
  return (_realm, binding) => {
    (binding['timeoutInfo'] as Int32Array).fill(0);
    wiring.immediateInfo = binding['immediateInfo'] as Uint32Array<ArrayBuffer>;
    wiring.immediateInfo.fill(0);
    binding['setupTimers'] = (processImmediate: () => void, processTimers: (now: number) => number) => {
      wiring.processImmediate = processImmediate;
      wiring.processTimers = processTimers;
    };
    binding['getLibuvNow'] = () => loop.now();
    binding['scheduleTimer'] = (durationMs: number) => loop.scheduleTimer(durationMs);
    binding['toggleTimerRef'] = (isReferenced: boolean) => loop.referenceTimer(isReferenced);
    binding['toggleImmediateRef'] = () => loop.wake();
  };
}
