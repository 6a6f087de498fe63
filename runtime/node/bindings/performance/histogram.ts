// Histogram of integers with the precision of HdrHistogram (three significant figures by default), as Node's
// `perf_hooks` offers. Counts sit in buckets of growing width. Pure.

const SUB_BUCKET_BITS = 11;
const SUB_BUCKETS = 1 << SUB_BUCKET_BITS;
/** What an empty histogram answers for its minimum. */
const EMPTY_MIN = 9223372036854776000;

export class Histogram {
  readonly #buckets = new Map<number, number>();
  readonly #lowest: number;
  readonly #highest: number;
  #count = 0;
  #exceeds = 0;
  #min = Infinity;
  #max = 0;

  constructor(lowest = 1, highest = Number.MAX_SAFE_INTEGER) {
    this.#lowest = lowest;
    this.#highest = highest;
  }

  record(value: number, count = 1): void {
    if (value > this.#highest || value < this.#lowest) {
      this.#exceeds += count;
      return;
    }
    const key = bucketOf(value);
    this.#buckets.set(key, (this.#buckets.get(key) ?? 0) + count);
    this.#count += count;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  add(other: Histogram): void {
    for (const [key, count] of other.#buckets) this.#buckets.set(key, (this.#buckets.get(key) ?? 0) + count);
    this.#count += other.#count;
    this.#exceeds += other.#exceeds;
    this.#min = Math.min(this.#min, other.#min);
    this.#max = Math.max(this.#max, other.#max);
  }

  reset(): void {
    this.#buckets.clear();
    this.#count = 0;
    this.#exceeds = 0;
    this.#min = Infinity;
    this.#max = 0;
  }

  get count(): number {
    return this.#count;
  }

  get exceeds(): number {
    return this.#exceeds;
  }

  get min(): number {
    return this.#count === 0 ? EMPTY_MIN : bucketOf(this.#min);
  }

  get max(): number {
    return this.#count === 0 ? 0 : highestOf(bucketOf(this.#max));
  }

  get mean(): number {
    if (this.#count === 0) return Number.NaN;
    let sum = 0;
    for (const [key, count] of this.#buckets) sum += middleOf(key) * count;
    return sum / this.#count;
  }

  get deviation(): number {
    if (this.#count === 0) return Number.NaN;
    const { mean } = this;
    let sum = 0;
    for (const [key, count] of this.#buckets) sum += (middleOf(key) - mean) ** 2 * count;
    return Math.sqrt(sum / this.#count);
  }

  percentile(percentage: number): number {
    const wanted = Math.max(1, Math.floor((percentage / 100) * this.#count + 0.5));
    let seen = 0;
    for (const key of [...this.#buckets.keys()].toSorted((a, b) => a - b)) {
      seen += this.#buckets.get(key) ?? 0;
      if (seen >= wanted) return percentage === 0 ? key : highestOf(key);
    }
    return 0;
  }

  /** Halves the remaining distance to 100 at each step, as the library's iterator does; ends where the last value is reached. */
  percentiles(): Map<number, number> {
    const out = new Map<number, number>();
    if (this.#count === 0) return out.set(100, 0);
    let [percentage, seen, value] = [0, 0, 0];
    for (const key of [...this.#buckets.keys()].toSorted((a, b) => a - b)) {
      if (seen === this.#count) break;
      seen += this.#buckets.get(key) ?? 0;
      value = key;
      while (percentage <= (100 * seen) / this.#count) {
        out.set(percentage, value);
        percentage += 100 / 2 ** (Math.trunc(Math.log2(100 / (100 - percentage))) + 1);
        if (seen === this.#count) break;
      }
    }
    return out.set(100, value);
  }
}

/** Lowest value that shares a bucket with `value`. */
function bucketOf(value: number): number {
  const width = widthAt(value);
  return Math.floor(value / width) * width;
}

function widthAt(value: number): number {
  let width = 1;
  while (value / width >= SUB_BUCKETS) width *= 2;
  return width;
}

function highestOf(bucket: number): number {
  return bucket + widthAt(bucket) - 1;
}

function middleOf(bucket: number): number {
  return bucket + Math.floor(widthAt(bucket) / 2);
}
