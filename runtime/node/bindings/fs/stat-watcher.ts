// `fs.watchFile`: looks at one path in an interval and reports changes. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { HandleWrap } from '../stream-base/handle-wrap.ts';
import { type FsContext, type PathArgument } from './context.ts';
import { emptyStat, fillStat, STAT_FIELDS, statArray, type StatArray } from './stat-values.ts';

export class StatWatcher extends HandleWrap {
  static readonly name: string = 'StatWatcher';
  readonly #context: FsContext;
  readonly #isBigInt: boolean;
  #path = '';
  #previous = emptyStat();
  #status = 0;
  #timer: ReturnType<Realm['primitives']['setTimeout']> | undefined;
  declare onchange?: (status: number, stats: StatArray) => void;

  constructor(context: FsContext, isBigInt: boolean) {
    super(context.realm);
    this.#context = context;
    this.#isBigInt = isBigInt;
  }

  start(path: PathArgument, intervalMs: number): number {
    this.#path = this.#context.pathOf(path);
    this.#status = this.#context.fs.stat(this.#path, this.#previous);
    this.setActive(true);
    // A missing file is reported once, at the start.
    if (this.#status < 0) this.realm.loop.enqueue(() => this.#report(emptyStat(), emptyStat()));
    this.#schedule(intervalMs);
    return 0;
  }

  protected override onClosing(): void {
    this.realm.primitives.clearTimeout(this.#timer);
  }

  #schedule(intervalMs: number): void {
    this.#timer = this.realm.primitives.setTimeout(() => {
      this.#look();
      if (!this.isShutDown) this.#schedule(intervalMs);
    }, intervalMs);
  }

  #look(): void {
    const current = emptyStat();
    const status = this.#context.fs.stat(this.#path, current);
    const isSame =
      status === this.#status &&
      JSON.stringify({ ...current, atimeSec: 0, atimeNsec: 0 }) === JSON.stringify({ ...this.#previous, atimeSec: 0, atimeNsec: 0 });
    if (isSame) return;
    const before = this.#previous;
    this.#previous = current;
    this.#status = status;
    this.realm.loop.enqueue(() => this.#report(current, before));
  }

  #report(current: ReturnType<typeof emptyStat>, before: ReturnType<typeof emptyStat>): void {
    if (this.isShutDown) return;
    const stats = statArray(2 * STAT_FIELDS, this.#isBigInt);
    // A file that is not there is all zeros, its device included.
    if (current.ino !== 0) fillStat(stats, current);
    if (before.ino !== 0) fillStat(stats, before, STAT_FIELDS);
    this.realm.makeCallback(this, this.onchange, this.#status, stats);
  }
}
