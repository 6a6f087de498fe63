// Keeps AsyncLocalStorage right across promises and native `await`, for which a browser has no hook: `then` is patched, and
// compiled code hands everything it awaits to `keep`. Before the first store exists both cost one comparison. Process worker.
import type { AwaitHelper } from './library.ts';
import type { PromiseHooks } from './promise-hooks.ts';

type Callback = ((value: unknown) => unknown) | null | undefined;

interface AsyncIteratorLike {
  next(value?: unknown): unknown;
  return?(value?: unknown): unknown;
  throw?(error?: unknown): unknown;
}

export class AsyncContext {
  #frame: unknown = undefined;
  #isInUse = false;
  #hooks: PromiseHooks | null = null;
  readonly #promises: PromiseConstructor;
  readonly #then: typeof Promise.prototype.then;
  /** What compiled code calls as `$$await`. */
  readonly keep: AwaitHelper;

  /** Patches the realm's promises: call before anything keeps a copy of `then`. */
  constructor(promises: PromiseConstructor) {
    this.#promises = promises;
    this.#then = promises.prototype.then;
    this.#patchThen(promises);
    this.keep = Object.assign((value: unknown) => (this.#isInUse ? this.#keep(value) : value), {
      each: (iterable: unknown) => (this.#isInUse ? this.#each(iterable) : iterable),
    });
    // Compiled by this call: where a program has used up the stack, there is no room left to compile it in.
    this.keep(undefined);
  }

  /** Opaque to us: Node's AsyncContextFrame, or `undefined`. */
  get frame(): unknown {
    return this.#frame;
  }

  set frame(frame: unknown) {
    if (frame !== undefined) this.#isInUse = true;
    this.#frame = frame;
  }

  /** From now on everything awaited and every reaction is told to the hooks while one of them is set. */
  watch(hooks: PromiseHooks): void {
    this.#hooks = hooks;
    this.#isInUse = true;
  }

  /** Runs `work` in a frame and comes back to the one before. */
  run<T>(frame: unknown, work: () => T): T {
    const before = this.#frame;
    this.frame = frame;
    try {
      return work();
    } finally {
      this.#frame = before;
    }
  }

  /**
   * The reaction added here runs right before the one that `await` adds next to the same promise: reactions of one promise
   * are queued together and in order. So the code after `await` finds its frame, in as many turns as native Node takes.
   */
  #keep(value: unknown): unknown {
    const frame = this.#frame;
    const native = this.#promises;
    // Not `instanceof`: what only inherits from a promise (React's chunks do) is a thenable to `await`.
    const isPromise = value instanceof native && Object.getPrototypeOf(value) === native.prototype && value.constructor === native;
    const promise = isPromise ? value : new native((resolve) => resolve(this.#inFrame(value, frame)));
    const hooks = this.#hooks?.isActive === true ? this.#hooks : null;
    if (promise !== value) hooks?.init(promise);
    const waiting = hooks?.suspend(promise);
    const restore = (): void => {
      this.#frame = frame;
      if (waiting !== undefined) hooks?.resume(waiting);
    };
    Reflect.apply(this.#then, promise, [restore, restore]);
    return promise;
  }

  /** A thenable's `then` is called a turn later: in the frame that waits for it. */
  #inFrame(value: unknown, frame: unknown): unknown {
    if ((typeof value !== 'object' && typeof value !== 'function') || value === null) return value;
    const { then } = value as { then?: unknown };
    if (typeof then !== 'function') return value;
    // oxlint-disable-next-line unicorn/no-thenable -- it stands for one
    return { then: (...callbacks: unknown[]) => this.run(frame, () => Reflect.apply(then, value, callbacks) as unknown) };
  }

  #each(iterable: unknown): unknown {
    const source = iterable as { [Symbol.asyncIterator]?(): AsyncIteratorLike } | null | undefined;
    const method = source?.[Symbol.asyncIterator];
    if (typeof method !== 'function') return iterable;
    return {
      [Symbol.asyncIterator]: () => {
        const iterator: AsyncIteratorLike = method.call(source);
        if (typeof iterator !== 'object' || iterator === null) return iterator;
        const { next } = iterator;
        return {
          next: (...args: []) => this.#keep(next.apply(iterator, args)),
          // Only what the iterator has: an absent method means something to the loop.
          ...(iterator.return && { return: (...args: []) => this.#keep(iterator.return?.(...args)) }),
          ...(iterator.throw && { throw: (...args: []) => this.#keep(iterator.throw?.(...args)) }),
        };
      },
    };
  }

  #hookedThen(hooks: PromiseHooks, promise: unknown, onFulfilled: Callback, onRejected: Callback): unknown {
    const frame = this.#frame;
    let derived: object = hooks; // replaced before any reaction runs
    const reaction = (callback: Callback, without: (value: unknown) => unknown) => (value: unknown) =>
      hooks.run(derived, () => (typeof callback === 'function' ? this.run(frame, () => callback(value)) : without(value)));
    const rethrow = (reason: unknown): never => {
      throw reason;
    };
    const reactions = [reaction(onFulfilled, (value) => value), reaction(onRejected, rethrow)];
    derived = Reflect.apply(this.#then, promise, reactions) as object;
    hooks.init(derived, promise as object);
    return derived;
  }

  #patchThen(promises: PromiseConstructor): void {
    const native = this.#then;
    const inFrame = (callback: Callback): Callback => {
      if (typeof callback !== 'function') return callback;
      const frame = this.#frame;
      return (value) => this.run(frame, () => callback(value));
    };
    // oxlint-disable-next-line no-this-alias -- the method below has a `this` of its own
    const context = this;
    // oxlint-disable-next-line unicorn/no-thenable -- the method itself is wanted, nobody awaits its holder
    const { then } = {
      // oxlint-disable-next-line unicorn/no-thenable
      then(this: unknown, onFulfilled: Callback, onRejected: Callback): unknown {
        if (!context.#isInUse) return Reflect.apply(native, this, [onFulfilled, onRejected]);
        const hooks = context.#hooks;
        if (hooks?.isActive === true) return context.#hookedThen(hooks, this, onFulfilled, onRejected);
        return Reflect.apply(native, this, [inFrame(onFulfilled), inFrame(onRejected)]);
      },
    };
    // oxlint-disable-next-line no-extend-native, unicorn/no-thenable -- the only place where a registration can be seen
    Object.defineProperty(promises.prototype, 'then', { value: then, writable: true, enumerable: false, configurable: true });
  }
}
