// The `errors` binding: stack decoration and the way into the fatal handler. Runs in the process worker.
import type { FatalHandler } from '../fatal.ts';
import type { PrepareCallback } from '../stack-frames.ts';
import type { BindingFactory } from '../realm.ts';

const toText = Object.prototype.toString;

/** Native Node's text of any value, without running its code. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return Error.prototype.toString.call(value);
  const text = toText.call(value);
  return text === '[object Object]' ? `#<${value.constructor?.name || 'Object'}>` : text;
}

/** `onPrepare` receives Node's stack formatter. */
export function errors(fatal: FatalHandler, onPrepare: (callback: PrepareCallback) => void): BindingFactory {
  return (_realm, binding) => {
    const ignore = (): void => {};
    binding['setPrepareStackTraceCallback'] = onPrepare;
    for (const name of ['setGetSourceMapErrorSource', 'setSourceMapsEnabled', 'setMaybeCacheGeneratedSourceMap']) binding[name] = ignore;
    binding['setEnhanceStackForFatalException'] = (before: (error: unknown) => unknown, after: (error: unknown) => unknown) => {
      fatal.enhancers = { before, after };
    };
    binding['noSideEffectsToString'] = textOf;
    binding['triggerUncaughtException'] = (error: unknown, fromPromise: boolean) => fatal.handle(error, fromPromise);
    binding['getErrorSourcePositions'] = () => ({ sourceLine: undefined, scriptResourceName: '', lineNumber: 0, startColumn: 0 });
  };
}
