// Asynchronous compilation keeps a process alive, as V8's own tasks do in Node. Runs in the process worker.
import type { EventLoop } from './realm.ts';

const ASYNCHRONOUS = ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming'] as const;

export function trackCompilation(scope: typeof globalThis, loop: EventLoop): void {
  for (const name of ASYNCHRONOUS) {
    const descriptor = Object.getOwnPropertyDescriptor(scope.WebAssembly, name);
    if (typeof descriptor?.value !== 'function') continue;
    const original = descriptor.value as (...args: unknown[]) => Promise<unknown>;
    const tracked = {
      [name](...args: unknown[]): Promise<unknown> {
        return loop.track(Reflect.apply(original, scope.WebAssembly, args));
      },
    }[name];
    if (tracked === undefined) continue;
    Object.defineProperty(tracked, 'length', { value: original.length, configurable: true });
    Object.defineProperty(scope.WebAssembly, name, { ...descriptor, value: tracked });
  }
}
