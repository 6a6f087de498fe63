// Promise hooks (`v8.promiseHooks`, async ids of promises) without an engine's help: `then`, the await helper and, while a hook
// is set, the global `Promise` tell what they do. Promises that async functions return are first seen when used. Process worker.

import { queueMicrotask } from '../process/intrinsics.ts';

type Hook = (promise: object, parent?: object) => void;
type Executor = (resolve: (value: unknown) => void, reject: (reason: unknown) => void) => void;

export class PromiseHooks {
  readonly #promises: PromiseConstructor;
  readonly #scope: { Promise: PromiseConstructor };
  readonly #report: (error: unknown) => void;
  #init: Hook | undefined;
  #before: Hook | undefined;
  #after: Hook | undefined;
  #settled: Hook | undefined;
  /** What an async function goes on as, after an `await`. */
  #continued: object | null = null;
  #observed: PromiseConstructor | null = null;
  isActive = false;

  /** `report` gets what a hook throws. */
  constructor(scope: { Promise: PromiseConstructor }, report: (error: unknown) => void) {
    this.#scope = scope;
    this.#promises = scope.Promise;
    this.#report = report;
  }

  set([init, before, after, settled]: ReadonlyArray<Hook | undefined>): void {
    [this.#init, this.#before, this.#after, this.#settled] = [init, before, after, settled];
    this.isActive = [init, before, after, settled].some((hook) => typeof hook === 'function');
    this.#observe();
  }

  /** The callbacks of a `then` that made `derived`, with the hooks around them. */
  init(promise: object, parent?: object): void {
    this.#call(this.#init, promise, parent);
  }

  settle(promise: object): void {
    this.#call(this.#settled, promise);
  }

  /** Runs a reaction as `promise`. */
  run<T>(promise: object, work: () => T): T {
    this.endContinuation();
    this.#call(this.#before, promise);
    try {
      return work();
    } finally {
      this.settle(promise);
      this.#call(this.#after, promise);
    }
  }

  /** The stand-in for the promise with which V8 waits in an `await`. */
  suspend(awaited: object): object {
    const waiting = new this.#promises(() => {});
    this.init(waiting, awaited);
    return waiting;
  }

  /** An async function goes on; it ends at the next thing seen, at the latest when what is queued now has run. */
  resume(waiting: object): void {
    this.endContinuation();
    this.#call(this.#before, waiting);
    this.#continued = waiting;
    queueMicrotask(() => {
      if (this.#continued === waiting) this.endContinuation();
    });
  }

  endContinuation(): void {
    const continued = this.#continued;
    if (continued === null) return;
    this.#continued = null;
    this.#call(this.#after, continued);
  }

  #call(hook: Hook | undefined, promise: object, parent?: object): void {
    if (typeof hook !== 'function') return;
    try {
      hook(promise, parent);
    } catch (error) {
      this.#report(error);
    }
  }

  /** While a hook is set, `Promise` itself tells what it makes. */
  #observe(): void {
    const { Promise: current } = this.#scope;
    if (this.isActive && current === this.#promises) this.#scope.Promise = this.#observed ??= this.#makeObserved();
    else if (!this.isActive && current === this.#observed) this.#scope.Promise = this.#promises;
  }

  #makeObserved(): PromiseConstructor {
    const native = this.#promises;
    const construct = (executor: Executor, newTarget: Function): object => {
      if (typeof executor !== 'function') return Reflect.construct(native, [executor], newTarget) as object;
      const capability: { resolve?: (value: unknown) => void; reject?: (reason: unknown) => void } = {};
      const promise = Reflect.construct(
        native,
        [(resolve: never, reject: never) => Object.assign(capability, { resolve, reject })],
        newTarget,
      );
      this.init(promise as object);
      let isSettled = false;
      const settling = (settle?: (value: unknown) => void) => (value: unknown) => {
        settle?.(value);
        if (!isSettled) this.settle(promise as object);
        isSettled = true;
      };
      const reject = settling(capability.reject);
      try {
        executor(settling(capability.resolve), reject);
      } catch (error) {
        reject(error);
      }
      return promise as object;
    };
    const observed: PromiseConstructor = new Proxy(native, {
      construct: (_target, [executor], newTarget) => construct(executor as Executor, newTarget === observed ? native : newTarget),
      get: (target, key, receiver) => (key === 'resolve' && receiver === observed ? resolve : (Reflect.get(target, key) as unknown)),
    });
    const resolve = (value: unknown): unknown =>
      value instanceof native && value.constructor === native ? value : new observed((settle) => settle(value));
    return observed;
  }
}
