// The `performance` binding: clock, milestones, observers, histograms. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { DelayHistogramHandle, HistogramHandle } from './performance/histogram-handle.ts';

const NANOSECONDS = 1e6;
const MICROSECONDS = 1e3;

export const performanceBinding: BindingFactory = (realm, binding) => {
  const { performance } = realm.primitives;
  const { constants } = binding as { constants: Record<string, number> };
  const milestones = (binding['milestones'] ??= new Float64Array(8)) as Float64Array;
  const set = (name: string, value: number): void => {
    const index = constants?.[name];
    if (index !== undefined) milestones[index] = value;
  };
  // The origin is the worker's own: `now()` counts from it. Both are kept in Node's units.
  set('NODE_PERFORMANCE_MILESTONE_TIME_ORIGIN_TIMESTAMP', performance.timeOrigin * MICROSECONDS);
  for (const name of ['TIME_ORIGIN', 'ENVIRONMENT', 'NODE_START', 'V8_START']) set(`NODE_PERFORMANCE_MILESTONE_${name}`, 0);
  set('NODE_PERFORMANCE_MILESTONE_LOOP_START', -1);
  set('NODE_PERFORMANCE_MILESTONE_LOOP_EXIT', -1);
  set('NODE_PERFORMANCE_MILESTONE_BOOTSTRAP_COMPLETE', -1);
  binding['now'] = () => performance.now();
  binding['markBootstrapComplete'] = () => {
    set('NODE_PERFORMANCE_MILESTONE_BOOTSTRAP_COMPLETE', performance.now() * NANOSECONDS);
    set('NODE_PERFORMANCE_MILESTONE_LOOP_START', performance.now() * NANOSECONDS);
  };
  // Idle time belongs to the browser's loop, which does not tell.
  binding['loopIdleTime'] = () => 0;
  binding['uvMetricsInfo'] = () => [0, 0, 0];
  let observe: unknown = null;
  binding['setupObservers'] = (callback: unknown) => {
    observe = callback;
  };
  binding['notify'] = (type: string, entry: unknown) => {
    if (typeof observe === 'function') realm.loop.enqueue(() => realm.makeCallback(binding, observe, type, entry));
  };
  // Garbage collections cannot be seen: observers of `gc` wait in vain, as on a process that never collects.
  binding['installGarbageCollectionTracking'] = () => {};
  binding['removeGarbageCollectionTracking'] = () => {};
  binding['Histogram'] = HistogramHandle;
  binding['createELDHistogram'] = (resolutionMs: number) => new DelayHistogramHandle(realm, resolutionMs);
};
