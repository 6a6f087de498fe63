// Brings a promise of the browser into Node's event loop. Runs in the process worker.
import type { Realm } from './realm.ts';

/** Settles as an event of the loop, and keeps the process alive until then. */
export function inLoop<T>({ loop }: Pick<Realm, 'loop'>, promise: Promise<T>): Promise<T> {
  loop.ref();
  return new Promise<T>((resolve, reject) => {
    const later = (settle: () => void): void => {
      loop.enqueue(settle);
      loop.unref();
    };
    promise.then(
      (value) => later(() => resolve(value)),
      (error: unknown) => later(() => reject(error as Error)),
    );
  });
}
