// The crypto binding's jobs: one class per operation, run at once or in a later turn of the loop. Runs in the process worker.
import type { BindingObject, Realm } from '../../realm.ts';
import { AsyncWrap } from '../stream-base/handle-wrap.ts';

/**
 * One operation. Arguments are checked and copied when the job is made, and what is wrong with them is thrown then; the
 * function that comes back does the work, and what it throws is the job's result.
 */
export type Operation = (...args: never[]) => () => unknown;

export function jobClass(realm: Realm, binding: BindingObject, name: string, prepare: Operation): unknown {
  const Job = class extends AsyncWrap {
    readonly #isSync: boolean;
    readonly #work: () => unknown;

    constructor(mode: number, ...args: unknown[]) {
      super(realm);
      this.#isSync = mode === binding['kCryptoJobSync'];
      this.#work = (prepare as (...args: unknown[]) => () => unknown)(...args);
    }

    /** [error, result] at once, or `ondone(error, result)` later. */
    run(): unknown[] | undefined {
      if (this.#isSync) return this.#outcome();
      realm.loop.ref();
      realm.loop.enqueue(() => {
        realm.loop.unref();
        realm.makeCallback(this, (this as unknown as { ondone: unknown }).ondone, ...this.#outcome());
      });
      return undefined;
    }

    #outcome(): [error: unknown, result?: unknown] {
      try {
        return [undefined, this.#work()];
      } catch (error) {
        return [error];
      }
    }
  };
  return Object.defineProperty(Job, 'name', { value: name });
}
