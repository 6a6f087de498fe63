// Node's event loop over the browser's: one queued event per macrotask, so that the browser drains microtasks between two.
// Phases follow libuv: timers, pending events, immediates. Runs in the process worker.
import type { EventLoop, LoopHandle, Primitives } from './realm.ts';

/** Thrown by `runMicrotasks` inside a batch of timers or immediates: Node's lists keep the rest, and the loop comes back for it. */
export const LEAVE_BATCH: unique symbol = Symbol('leave batch');

/** Turns that may go through `scheduler.yield`, which overtakes messages, before one that does not. */
const YIELDS_IN_A_ROW = 16;
/** Turns the loop waits when nothing is left: late rejections and microtasks may still queue work. */
const IDLE_TURNS = 2;

/** What Node's library hands to the loop while it boots, and what the loop tells the process. */
export interface LoopHooks {
  runTicks(): void;
  hasTicks(): boolean;
  /** Returns when timers are due next: ms on the loop's clock, negative when unreferenced, 0 for never. */
  processTimers(now: number): number;
  processImmediate(): void;
  /** [count, referenced count, outstanding]: Node's `immediateInfo`. */
  immediateInfo(): Uint32Array;
  onError(error: unknown): void;
  /** A turn begins: nothing of the one before may be seen. */
  onTurn(): void;
  /** Nothing keeps the process alive: emits `beforeExit`, or ends it when that changed nothing. */
  onIdle(isSecondTime: boolean): void;
}

interface Scheduler {
  yield?(): Promise<void>;
}

type Phase = 'timers' | 'events' | 'immediates' | 'end';

export class NodeLoop implements EventLoop {
  hooks: LoopHooks | null = null;
  isEnded = false;
  isInBatch = false;
  readonly #primitives: Primitives;
  readonly #channel: MessageChannel;
  readonly #scheduler: Scheduler | undefined;
  readonly #startedAtMs: number;
  readonly #handles = new Set<LoopHandle>();
  #events: (() => void)[] = [];
  #current: (() => void)[] = [];
  #nextEvent = 0;
  #requests = 0;
  #depth = 0;
  #phase: Phase = 'timers';
  #isPosted = false;
  #yields = 0;
  #idleTurns = 0;
  #saidIdle = false;
  /** A timer or an event ran in this iteration. */
  #didWork = false;
  #timerDueMs = Infinity;
  #isTimerReferenced = true;
  #timer: ReturnType<typeof setTimeout> | null = null;

  constructor(primitives: Primitives, scheduler: Scheduler | undefined) {
    this.#primitives = primitives;
    this.#scheduler = scheduler;
    this.#startedAtMs = primitives.performance.now();
    this.#channel = new primitives.MessageChannel();
    this.#channel.port1.onmessage = () => this.#turn();
  }

  /** Referenced and not closed, as `process._getActiveHandles()` counts them: whether they wait for something or not. */
  get openHandles(): readonly LoopHandle[] {
    return [...this.#handles].filter(({ isReferenced, isActive, owner }) =>
      owner !== undefined && 'hasRef' in owner ? (owner as { hasRef(): boolean }).hasRef() : isActive && isReferenced,
    );
  }

  ref(): void {
    this.#requests++;
  }

  unref(): void {
    this.#requests--;
    this.wake();
  }

  addHandle(handle: LoopHandle): void {
    this.#handles.add(handle);
  }

  removeHandle(handle: LoopHandle): void {
    this.#handles.delete(handle);
    this.wake();
  }

  enqueue(task: () => void): void {
    this.#events.push(task);
    this.wake();
  }

  track<T>(promise: Promise<T>): Promise<T> {
    this.ref();
    void this.#untilSettled(promise);
    return promise;
  }

  async #untilSettled(promise: Promise<unknown>): Promise<void> {
    try {
      await promise;
    } catch {
      // Its failure belongs to whoever holds it.
    } finally {
      this.unref();
    }
  }

  /** Milliseconds since the process began, whole. */
  now(): number {
    return Math.floor(this.#primitives.performance.now() - this.#startedAtMs);
  }

  scheduleTimer(durationMs: number): void {
    this.#timerDueMs = this.now() + Math.max(1, durationMs);
    this.#armTimer();
  }

  referenceTimer(isReferenced: boolean): void {
    this.#isTimerReferenced = isReferenced;
    this.wake();
  }

  /** Makes sure that a turn comes. */
  wake(): void {
    if (this.#isPosted || this.isEnded || this.hooks === null) return;
    this.#isPosted = true;
    if (this.#scheduler?.yield !== undefined && this.#yields < YIELDS_IN_A_ROW) {
      this.#yields++;
      void this.#turnAfter(this.#scheduler.yield());
      return;
    }
    this.#postTurn();
  }

  /** Awaited, not `then`: a program's promise hooks must not see the loop's own promises. */
  async #turnAfter(promise: Promise<void>): Promise<void> {
    await promise;
    this.#turn();
  }

  #postTurn(): void {
    this.#yields = 0;
    this.#channel.port2.postMessage(0);
  }

  /** A turn after everything the browser has queued by now, rejection events included. */
  #wakeLate(): void {
    if (this.#isPosted || this.isEnded) return;
    this.#isPosted = true;
    this.#primitives.setTimeout(() => this.#channel.port2.postMessage(0));
  }

  /** Runs `callback` as Node's MakeCallback does: outermost calls are followed by ticks, errors go to the fatal handler. */
  run(callback: () => unknown): unknown {
    this.#depth++;
    let result: unknown;
    try {
      result = callback();
    } catch (error) {
      if (error !== LEAVE_BATCH) this.hooks?.onError(error);
    } finally {
      this.#depth--;
    }
    if (this.#depth === 0) this.#runTicks();
    return result;
  }

  /** Whether JavaScript of the program is on the stack. */
  get isInCallback(): boolean {
    return this.#depth > 0;
  }

  #runTicks(): void {
    const { hooks } = this;
    if (hooks === null || this.isEnded || !hooks.hasTicks()) return;
    this.#depth++;
    try {
      hooks.runTicks();
    } catch (error) {
      hooks.onError(error);
    } finally {
      this.#depth--;
    }
    // After an error the rest of the queue waits: a turn of its own takes it up.
    if (hooks.hasTicks()) this.wake();
  }

  #turn(): void {
    this.#isPosted = false;
    const { hooks } = this;
    if (this.isEnded || hooks === null) return;
    hooks.onTurn();
    if (hooks.hasTicks()) {
      // Queued by microtasks: run them, let the browser drain what they queue, come back.
      this.#runTicks();
      this.wake();
      return;
    }
    if (this.#phase === 'timers' && this.#runTimers(hooks)) return;
    if (this.#phase === 'events' && this.#runEvent()) return;
    if (this.#phase === 'immediates' && this.#letRejectionsArrive(hooks)) return;
    if (this.#phase === 'immediates' && this.#runImmediates(hooks)) return;
    this.#endIteration(hooks);
  }

  #runTimers(hooks: LoopHooks): boolean {
    this.#phase = 'events';
    const now = this.now();
    if (now < this.#timerDueMs) return false;
    this.#didWork = true;
    if (this.#isTimerReferenced) this.#saidIdle = false;
    this.#timerDueMs = Infinity;
    let isComplete = false;
    this.#batch(() => {
      const next = hooks.processTimers(now);
      isComplete = true;
      if (next === 0) return;
      // Inside the batch: the ticks after it may set an earlier timer, and that one counts.
      this.#isTimerReferenced = next > 0;
      this.#timerDueMs = Math.abs(next);
    });
    if (!isComplete) {
      // Left early, for microtasks or by an error: the lists know what is still due.
      this.#timerDueMs = now;
      this.#phase = 'timers';
    }
    this.wake();
    return true;
  }

  #runEvent(): boolean {
    const event = this.#current[this.#nextEvent];
    if (event === undefined) {
      this.#phase = 'immediates';
      return false;
    }
    this.#nextEvent++;
    this.#didWork = true;
    try {
      event();
    } catch (error) {
      this.hooks?.onError(error);
    }
    this.#runTicks();
    this.wake();
    return true;
  }

  /**
   * Node tells of an unhandled rejection before any immediate runs. The browser's event for it comes in a task of its own, which
   * a yield overtakes and a message does not: so the first immediate of a batch waits for one.
   */
  #letRejectionsArrive(hooks: LoopHooks): boolean {
    if (this.#yields === 0 || hooks.immediateInfo()[0] === 0) return false;
    this.#isPosted = true;
    this.#postTurn();
    return true;
  }

  #runImmediates(hooks: LoopHooks): boolean {
    const [count = 0, referenced = 0, outstanding = 0] = hooks.immediateInfo();
    this.#phase = 'end';
    if (count === 0 && outstanding === 0) return false;
    // Unreferenced ones run beside other work, and are no work themselves.
    if (!this.#didWork && outstanding === 0 && !this.#isAlive(referenced)) return false;
    // What `beforeExit` set going runs: when all is done again, `beforeExit` comes again.
    if (referenced > 0) this.#saidIdle = false;
    this.#batch(() => hooks.processImmediate());
    if (hooks.immediateInfo()[2] !== 0) this.#phase = 'immediates';
    this.wake();
    return true;
  }

  #batch(work: () => void): void {
    this.run(() => {
      this.isInBatch = true;
      try {
        work();
      } finally {
        this.isInBatch = false;
      }
    });
  }

  #endIteration(hooks: LoopHooks): void {
    this.#phase = 'timers';
    this.#didWork = false;
    this.#current = this.#events;
    this.#events = [];
    this.#nextEvent = 0;
    const [count = 0, referenced = 0] = hooks.immediateInfo();
    const isAlive = this.#isAlive(referenced);
    if (this.#current.length > 0 || referenced > 0 || (count > 0 && isAlive)) {
      this.#idleTurns = 0;
      this.#saidIdle = false;
      this.wake();
      return;
    }
    if (this.#timerDueMs !== Infinity) this.#armTimer();
    if (isAlive) {
      this.#idleTurns = 0;
      this.#saidIdle = false;
      return;
    }
    if (this.#idleTurns++ < IDLE_TURNS) return this.#wakeLate();
    this.#idleTurns = 0;
    const isSecondTime = this.#saidIdle;
    this.#saidIdle = true;
    hooks.onIdle(isSecondTime);
    this.wake();
  }

  #isAlive(referencedImmediates: number): boolean {
    if (this.#requests > 0 || referencedImmediates > 0) return true;
    if (this.#timerDueMs !== Infinity && this.#isTimerReferenced) return true;
    for (const handle of this.#handles) if (handle.isActive && handle.isReferenced) return true;
    return false;
  }

  #armTimer(): void {
    const { setTimeout, clearTimeout } = this.#primitives;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        if (this.now() < this.#timerDueMs) this.#armTimer();
        else this.wake();
      },
      Math.max(0, this.#timerDueMs - this.now()),
    );
  }
}
