// The `async_wrap` and `async_context_frame` bindings: async ids, and the frame that AsyncLocalStorage reads. Process worker.
import { PromiseHooks } from '../promise-hooks.ts';
import type { AsyncContext } from '../async-context.ts';
import type { BindingFactory } from '../realm.ts';

interface Hooks {
  init(asyncId: number, type: string, triggerAsyncId: number, resource: object): void;
  before(asyncId: number): void;
  after(asyncId: number): void;
  destroy(asyncId: number): void;
}

/** What Node's library installs for async_hooks; shared by the binding and the loop's callbacks. */
export class AsyncState {
  hooks: Hooks | null = null;
}

export function asyncContextFrame(context: AsyncContext): BindingFactory {
  return (_realm, binding) => {
    binding['getContinuationPreservedEmbedderData'] = () => context.frame;
    binding['setContinuationPreservedEmbedderData'] = (frame: unknown) => {
      context.frame = frame;
    };
  };
}

export function asyncWrap(state: AsyncState): BindingFactory {
  return (realm, binding) => {
    const {
      async_hook_fields: counts,
      async_id_fields: ids,
      constants,
    } = binding as {
      async_hook_fields: Uint32Array;
      async_id_fields: Float64Array;
      constants: Record<string, number>;
    };
    const {
      kExecutionAsyncId = 0,
      kTriggerAsyncId = 1,
      kAsyncIdCounter = 2,
      kDefaultTriggerAsyncId = 3,
      kStackLength = 0,
      kDestroy = 0,
      kCheck = 0,
    } = constants;
    counts.fill(0);
    counts[kCheck] = 1;
    ids[kExecutionAsyncId] = 1;
    ids[kTriggerAsyncId] = 0;
    ids[kAsyncIdCounter] = 1;
    ids[kDefaultTriggerAsyncId] = -1;
    const resources: unknown[] = [];
    binding['execution_async_resources'] = resources;
    binding['async_ids_stack'] = new Float64Array(64);
    binding['setupHooks'] = (hooks: Hooks) => {
      state.hooks = hooks;
    };
    binding['pushAsyncContext'] = (asyncId: number, triggerId: number) => {
      const offset = (counts[kStackLength] ?? 0) * 2;
      let stack = binding['async_ids_stack'] as Float64Array;
      if (offset >= stack.length) {
        const larger = new Float64Array(stack.length * 3);
        larger.set(stack);
        binding['async_ids_stack'] = stack = larger;
      }
      stack[offset] = ids[kExecutionAsyncId] ?? 0;
      stack[offset + 1] = ids[kTriggerAsyncId] ?? 0;
      counts[kStackLength] = offset / 2 + 1;
      ids[kExecutionAsyncId] = asyncId;
      ids[kTriggerAsyncId] = triggerId;
    };
    binding['popAsyncContext'] = () => {
      const depth = counts[kStackLength] ?? 0;
      if (depth === 0) return false;
      const stack = binding['async_ids_stack'] as Float64Array;
      ids[kExecutionAsyncId] = stack[(depth - 1) * 2] ?? 0;
      ids[kTriggerAsyncId] = stack[(depth - 1) * 2 + 1] ?? 0;
      resources.length = Math.min(resources.length, depth - 1);
      counts[kStackLength] = depth - 1;
      return depth > 1;
    };
    binding['executionAsyncResource'] = (index: number) => resources[index];
    binding['clearAsyncIdStack'] = () => {
      counts[kStackLength] = 0;
      ids[kExecutionAsyncId] = 0;
      ids[kTriggerAsyncId] = 0;
      resources.length = 0;
    };
    binding['queueDestroyAsyncId'] = (asyncId: number) => {
      if ((counts[kDestroy] ?? 0) > 0) realm.loop.enqueue(() => state.hooks?.destroy(asyncId));
    };
    let hookFunctions: unknown[] = [undefined, undefined, undefined, undefined];
    const scope = realm.globalThis as unknown as { Promise: PromiseConstructor };
    const promiseHooks = new PromiseHooks(scope, (error) =>
      realm.makeCallback(scope, () => {
        throw error;
      }),
    );
    binding['setPromiseHooks'] = (...hooks: unknown[]) => {
      hookFunctions = hooks;
      promiseHooks.set(hooks as []);
      if (promiseHooks.isActive) realm.asyncContext.watch(promiseHooks);
    };
    binding['getPromiseHooks'] = () => hookFunctions;
    binding['setCallbackTrampoline'] = () => {};
    const collected = new FinalizationRegistry<{ asyncId: number; state?: { destroyed?: boolean } }>(({ asyncId, state }) => {
      if (state?.destroyed !== true) binding['queueDestroyAsyncId'](asyncId);
    });
    binding['registerDestroyHook'] = (target: object, asyncId: number, state?: { destroyed?: boolean }) =>
      collected.register(target, { asyncId, ...(state && { state }) });
  };
}
