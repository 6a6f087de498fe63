// What every bench suite returns. A ratio compares both sides in the same run on the same machine; absolutes are only context.

export interface BenchRow {
  readonly id: string;
  readonly unit: string;
  /** Median of our runs, in `unit`. */
  readonly ours: number;
  /** Median of the native runs, in `unit`; null where the bar is absolute. */
  readonly native: number | null;
  /** ours / native; null where the bar is absolute. */
  readonly ratio: number | null;
  /** The bar as text: `<= 1.3x`, `<= 400 ms`. */
  readonly bar: string;
  readonly holds: boolean;
}

export type Bar = { readonly atMostRatio: number } | { readonly atLeastRatio: number } | { readonly atMost: number };

export function row(id: string, unit: string, ours: number, native: number | null, bar: Bar): BenchRow {
  const ratio = native === null ? null : ours / native;
  if ('atMost' in bar) return { id, unit, ours, native, ratio, bar: `<= ${bar.atMost} ${unit}`, holds: ours <= bar.atMost };
  if (ratio === null) throw new Error(`${id}: a ratio bar needs a native measurement`);
  if ('atMostRatio' in bar) return { id, unit, ours, native, ratio, bar: `<= ${bar.atMostRatio}x`, holds: ratio <= bar.atMostRatio };
  return { id, unit, ours, native, ratio, bar: `>= ${bar.atLeastRatio}x`, holds: ratio >= bar.atLeastRatio };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? (sorted[middle] ?? NaN) : ((sorted[middle - 1] ?? NaN) + (sorted[middle] ?? NaN)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
