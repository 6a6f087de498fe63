// The `v8` binding: what a browser tells about its heap, zero for the rest. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { refusal } from './buffer/node-error.ts';

interface MemoryInfo {
  readonly totalJSHeapSize: number;
  readonly usedJSHeapSize: number;
  readonly jsHeapSizeLimit: number;
}

/** Where the browser keeps its heap to itself: a fresh process of Node. */
const UNKNOWN_HEAP: MemoryInfo = { totalJSHeapSize: 6e6, usedJSHeapSize: 5e6, jsHeapSizeLimit: 4e9 };

export const v8: BindingFactory = (realm, binding) => {
  binding['updateHeapStatisticsBuffer'] = (): void => {
    const heap = (realm.primitives.performance as { memory?: MemoryInfo }).memory ?? UNKNOWN_HEAP;
    const set = (name: string, value: number): void => {
      (binding['heapStatisticsBuffer'] as Float64Array)[binding[name] as number] = value;
    };
    set('kTotalHeapSizeIndex', heap.totalJSHeapSize);
    set('kTotalPhysicalSizeIndex', heap.totalJSHeapSize);
    set('kTotalAvailableSize', heap.jsHeapSizeLimit - heap.usedJSHeapSize);
    set('kUsedHeapSizeIndex', heap.usedJSHeapSize);
    set('kHeapSizeLimitIndex', heap.jsHeapSizeLimit);
    set('kNumberOfNativeContextsIndex', 1);
  };
  binding['updateHeapCodeStatisticsBuffer'] = () => {};
  binding['updateHeapSpaceStatisticsBuffer'] = () => {};
  // Flags belong to the browser; Node ignores the ones it does not know, too.
  let versionTag = 0x76e12b;
  binding['setFlagsFromString'] = () => {
    versionTag++;
  };
  binding['setHeapSnapshotNearHeapLimit'] = () => {};
  binding['cachedDataVersionTag'] = () => versionTag;
  binding['isStringOneByteRepresentation'] = (text: string) => !/[^\0-\xff]/.test(text);
  binding['getHashSeed'] = () => 0n;
  for (const name of ['getCppHeapStatistics', 'startCpuProfile', 'stopCpuProfile']) binding[name] = refusal(realm, `v8.${name}`);
};
