// Functions of a program that SQLite calls: scalar, aggregate and window functions, authorizers, changeset handlers. An
// exception in one of them is kept until SQLite has returned, and thrown instead of SQLite's own error. Process worker.
import type { Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import type { LoadedSqlite } from './library.ts';
import { argumentValue, giveResult } from './values.ts';

type Callback = (...args: unknown[]) => unknown;

export interface AggregateOptions {
  readonly start: unknown;
  readonly step: Callback;
  readonly result: Callback | undefined;
  readonly inverse: Callback | undefined;
  readonly usesBigInts: boolean;
}

interface Scalar {
  readonly call: Callback;
  readonly usesBigInts: boolean;
}

const SQLITE_DENY = 1;
const SQLITE_CHANGESET_ABORT = 2;
const CALLBACK_FAILED = 'callback failed';

export class Functions {
  readonly #current: () => LoadedSqlite;
  readonly #scalars = new Map<number, Scalar>();
  readonly #aggregates = new Map<number, AggregateOptions>();
  readonly #callbacks = new Map<number, Callback>();
  /** Accumulated values, by the number in SQLite's own memory for the aggregation. */
  readonly #states = new Map<number, unknown>();
  /** Those among them that are windows. */
  readonly #windows = new Set<number>();
  #nextId = 1;
  #failure: { readonly error: unknown } | null = null;

  constructor(_realm: Realm, current: () => LoadedSqlite) {
    this.#current = current;
  }

  addScalar(scalar: Scalar): number {
    this.#scalars.set(this.#nextId, scalar);
    return this.#nextId++;
  }

  addAggregate(options: AggregateOptions): number {
    this.#aggregates.set(this.#nextId, options);
    return this.#nextId++;
  }

  /** For an authorizer; 0 is none. */
  addCallback(callback: Callback): number {
    this.#callbacks.set(this.#nextId, callback);
    return this.#nextId++;
  }

  /** Two callbacks under one number: `filter` and `conflict` of a changeset. */
  addHandlers(filter: Callback | undefined, conflict: Callback | undefined): number {
    const id = this.#nextId++;
    if (filter !== undefined) this.#callbacks.set(-id, filter);
    if (conflict !== undefined) this.#callbacks.set(id, conflict);
    return id;
  }

  remove(id: number): void {
    for (const table of [this.#scalars, this.#aggregates]) table.delete(id);
    this.#callbacks.delete(id);
    this.#callbacks.delete(-id);
  }

  /** Throws what a callback threw while SQLite ran. */
  rethrow(): void {
    const failure = this.#failure;
    this.#failure = null;
    if (failure !== null) throw failure.error;
  }

  imports(): Record<string, (...args: never[]) => unknown> {
    return {
      callFunction: (id: number, context: number, count: number, values: number) => this.#callScalar(id, context, count, values),
      callStep: (id: number, context: number, state: number, count: number, values: number, isInverse: number) =>
        this.#callStep(id, context, state, count, values, isInverse !== 0),
      callResult: (id: number, context: number, state: number, isFinal: number) => this.#callResult(id, context, state, isFinal !== 0),
      authorize: (id: number, action: number, ...names: number[]) => this.#authorize(id, action, names),
      filterTable: (id: number, table: number) =>
        this.#guard(0, () => (this.#callbacks.get(-id)?.(this.#current().memory.text(table)) ? 1 : 0)),
      resolveConflict: (id: number, kind: number) =>
        this.#guard(SQLITE_CHANGESET_ABORT, () => {
          const resolve = this.#callbacks.get(id);
          const answer = resolve === undefined ? SQLITE_CHANGESET_ABORT : resolve(kind);
          return typeof answer === 'number' ? answer : -1;
        }),
    };
  }

  #guard<T>(otherwise: T, run: () => T): T {
    try {
      return run();
    } catch (error) {
      this.#failure ??= { error };
      return otherwise;
    }
  }

  #arguments(count: number, values: number, usesBigInts: boolean): unknown[] {
    const loaded = this.#current();
    return Array.from({ length: count }, (_unused, index) => argumentValue(loaded, loaded.memory.u32(values + index * 4), usesBigInts));
  }

  /** Makes SQLite stop; the exception itself is thrown when it has. */
  #fail(context: number, error: unknown): void {
    this.#failure ??= { error };
    const { api, memory } = this.#current();
    const at = api.malloc(CALLBACK_FAILED.length);
    memory.bytes.set(new TextEncoder().encode(CALLBACK_FAILED), at);
    api.sqlite3_result_error(context, at, CALLBACK_FAILED.length);
    api.free(at);
  }

  #callScalar(id: number, context: number, count: number, values: number): void {
    try {
      const scalar = this.#scalars.get(id);
      giveResult(this.#current(), context, scalar?.call(...this.#arguments(count, values, scalar.usesBigInts)));
    } catch (error) {
      this.#fail(context, error);
    }
  }

  #stateId(options: AggregateOptions, state: number): number {
    const { memory } = this.#current();
    const known = memory.u32(state);
    if (known !== 0) return known;
    const id = this.#nextId++;
    memory.setU32(state, id);
    this.#states.set(id, typeof options.start === 'function' ? (options.start as Callback)() : options.start);
    return id;
  }

  #callStep(id: number, context: number, state: number, count: number, values: number, isInverse: boolean): void {
    const options = this.#aggregates.get(id);
    if (options === undefined) return;
    try {
      const stateId = this.#stateId(options, state);
      const step = isInverse ? options.inverse : options.step;
      this.#states.set(stateId, step?.(this.#states.get(stateId), ...this.#arguments(count, values, options.usesBigInts)));
    } catch (error) {
      this.#fail(context, error);
    }
  }

  #callResult(id: number, context: number, state: number, isFinal: boolean): void {
    const options = this.#aggregates.get(id);
    if (options === undefined) return;
    try {
      const stateId = this.#stateId(options, state);
      const value = this.#states.get(stateId);
      if (isFinal) this.#states.delete(stateId);
      if (this.#failure !== null) return;
      // A window has given its values row by row: the end adds none.
      if (isFinal && this.#windows.delete(stateId)) return;
      if (!isFinal) this.#windows.add(stateId);
      giveResult(this.#current(), context, options.result === undefined ? value : options.result(value));
    } catch (error) {
      this.#fail(context, error);
    }
  }

  #authorize(id: number, action: number, names: readonly number[]): number {
    return this.#guard(SQLITE_DENY, () => {
      const { memory } = this.#current();
      const answer = this.#callbacks.get(id)?.(action, ...names.map((at) => (at === 0 ? null : memory.text(at))));
      if (typeof answer !== 'number' || !Number.isInteger(answer))
        throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'Authorizer callback must return an integer authorization code');
      if (answer < 0 || answer > 2)
        throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', 'Authorizer callback returned a invalid authorization code');
      return answer;
    });
  }
}
