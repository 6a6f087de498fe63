// The handles behind `createHistogram` and `monitorEventLoopDelay`. Runs in the process worker.
import { performance } from '../../../process/intrinsics.ts';
import type { Realm } from '../../realm.ts';
import { markShareable } from '../messaging/native-handles.ts';
import { Histogram } from './histogram.ts';

const NANOSECONDS = 1e6;

export class HistogramHandle {
  protected readonly histogram: Histogram;
  #previous: number | null = null;

  constructor(lowest?: bigint | number, highest?: bigint | number) {
    this.histogram = new Histogram(lowest === undefined ? 1 : Number(lowest), highest === undefined ? undefined : Number(highest));
    markShareable(this);
  }

  record(value: bigint | number): void {
    this.histogram.record(Number(value));
  }

  recordDelta(): void {
    const now = performance.now() * NANOSECONDS;
    if (this.#previous !== null) this.histogram.record(Math.max(1, Math.round(now - this.#previous)));
    this.#previous = now;
  }

  add(other: HistogramHandle): void {
    this.histogram.add(other.histogram);
  }

  reset(): void {
    this.histogram.reset();
    this.#previous = null;
  }

  count(): number {
    return this.histogram.count;
  }

  countBigInt(): bigint {
    return BigInt(this.histogram.count);
  }

  min(): number {
    return this.histogram.min;
  }

  minBigInt(): bigint {
    return this.histogram.count === 0 ? 9223372036854775807n : BigInt(this.histogram.min);
  }

  max(): number {
    return this.histogram.max;
  }

  maxBigInt(): bigint {
    return BigInt(this.histogram.max);
  }

  mean(): number {
    return this.histogram.mean;
  }

  exceeds(): number {
    return this.histogram.exceeds;
  }

  exceedsBigInt(): bigint {
    return BigInt(this.histogram.exceeds);
  }

  stddev(): number {
    return this.histogram.deviation;
  }

  percentile(percentage: number): number {
    return this.histogram.percentile(percentage);
  }

  percentileBigInt(percentage: number): bigint {
    return BigInt(this.histogram.percentile(percentage));
  }

  percentiles(into: Map<number, number>): void {
    for (const [percentage, value] of this.histogram.percentiles()) into.set(percentage, value);
  }

  percentilesBigInt(into: Map<number, bigint>): void {
    for (const [percentage, value] of this.histogram.percentiles()) into.set(percentage, BigInt(value));
  }
}

/** Samples how late a timer of `resolutionMs` fires; never keeps the process alive. */
export class DelayHistogramHandle extends HistogramHandle {
  readonly #realm: Realm;
  readonly #resolutionMs: number;
  #timer: number | null = null;

  constructor(realm: Realm, resolutionMs: number) {
    super(1, 3.6e12);
    this.#realm = realm;
    this.#resolutionMs = resolutionMs;
  }

  start(shouldReset: boolean): void {
    if (shouldReset) this.reset();
    if (this.#timer === null) this.#arm(this.#realm.primitives.performance.now());
  }

  stop(): void {
    if (this.#timer !== null) this.#realm.primitives.clearTimeout(this.#timer);
    this.#timer = null;
  }

  #arm(since: number): void {
    this.#timer = this.#realm.primitives.setTimeout(() => {
      const now = this.#realm.primitives.performance.now();
      this.histogram.record(Math.max(1, Math.round((now - since) * NANOSECONDS)));
      this.#arm(now);
    }, this.#resolutionMs) as unknown as number;
  }
}
