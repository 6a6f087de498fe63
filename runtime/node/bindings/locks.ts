// The `locks` binding: named locks within one process, exclusive or shared. Runs in the process worker.
import type { BindingFactory, BindingObject } from '../realm.ts';

type Mode = 'exclusive' | 'shared';
type Callback = (lock: object | null) => unknown;

interface Lock {
  readonly name: string;
  readonly mode: Mode;
  readonly clientId: string;
  readonly run: () => void;
  readonly fail: (error: Error) => void;
}

class LockTable {
  readonly #held = new Set<Lock>();
  #pending: Lock[] = [];

  canGrant(name: string, mode: Mode): boolean {
    const queued = this.#pending.some((lock) => lock.name === name);
    return !queued && this.#fits(name, mode);
  }

  enqueue(lock: Lock): void {
    this.#pending.push(lock);
    this.#grant();
  }

  steal(lock: Lock, error: Error): void {
    for (const held of [...this.#held].filter(({ name }) => name === lock.name)) {
      this.#held.delete(held);
      held.fail(error);
    }
    this.#held.add(lock);
    lock.run();
  }

  release(lock: Lock): void {
    this.#held.delete(lock);
    this.#grant();
  }

  snapshot(): { held: object[]; pending: object[] } {
    const describe = ({ name, mode, clientId }: Lock) => ({ name, mode, clientId });
    return { held: [...this.#held].map(describe), pending: this.#pending.map(describe) };
  }

  #fits(name: string, mode: Mode): boolean {
    const others = [...this.#held].filter((lock) => lock.name === name);
    return others.length === 0 || (mode === 'shared' && others.every((lock) => lock.mode === 'shared'));
  }

  /** First come, first served per name. */
  #grant(): void {
    const blocked = new Set<string>();
    const granted: Lock[] = [];
    this.#pending = this.#pending.filter((lock) => {
      if (blocked.has(lock.name) || !this.#fits(lock.name, lock.mode)) {
        blocked.add(lock.name);
        return true;
      }
      this.#held.add(lock);
      granted.push(lock);
      return false;
    });
    for (const lock of granted) lock.run();
  }
}

export const locks: BindingFactory = (realm, binding) => {
  const table = new LockTable();
  binding['query'] = () => Promise.resolve(table.snapshot());
  binding['request'] = (name: string, clientId: string, mode: Mode, steal: boolean, ifAvailable: boolean, callback: Callback) =>
    realm.loop.track(request(binding, table, { name, clientId, mode, steal, ifAvailable, callback }));
};

interface Request {
  readonly name: string;
  readonly clientId: string;
  readonly mode: Mode;
  readonly steal: boolean;
  readonly ifAvailable: boolean;
  readonly callback: Callback;
}

async function request(binding: BindingObject, table: LockTable, wanted: Request): Promise<unknown> {
  const { name, clientId, mode, callback } = wanted;
  if (wanted.ifAvailable && !table.canGrant(name, mode)) return callback(null);
  const { promise, resolve, reject } = Promise.withResolvers<unknown>();
  const lock: Lock = { name, mode, clientId, run: () => void hold(), fail: reject };
  const hold = async (): Promise<void> => {
    try {
      resolve(await callback({ name, mode, clientId }));
    } catch (error) {
      reject(error as Error);
    } finally {
      table.release(lock);
    }
  };
  if (wanted.steal)
    table.steal(
      lock,
      Object.assign(new Error('The lock was stolen'), { name: 'AbortError', code: binding['LOCK_STOLEN_ERROR'] as string }),
    );
  else table.enqueue(lock);
  return promise;
}
