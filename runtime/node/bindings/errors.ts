// The `errors` binding: stack decoration and the way into the fatal handler. Runs in the process worker.
import type { FatalHandler } from '../fatal.ts';
import type { BindingFactory } from '../realm.ts';

const toText = Object.prototype.toString;

/** Native Node's text of any value, without running its code. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return Error.prototype.toString.call(value);
  const text = toText.call(value);
  return text === '[object Object]' ? `#<${value.constructor?.name || 'Object'}>` : text;
}

export function errors(fatal: FatalHandler): BindingFactory {
  return (_realm, binding) => {
    const ignore = (): void => {};
    // V8 formats stacks by itself, and asks the program's own Error.prepareStackTrace: what Node's callback does natively.
    for (const name of ['setPrepareStackTraceCallback', 'setGetSourceMapErrorSource', 'setSourceMapsEnabled', 'setMaybeCacheGeneratedSourceMap']) binding[name] = ignore;
    binding['setEnhanceStackForFatalException'] = (before: (error: unknown) => unknown, after: (error: unknown) => unknown) => {
      fatal.enhancers = { before, after };
    };
    binding['noSideEffectsToString'] = textOf;
    binding['triggerUncaughtException'] = (error: unknown, fromPromise: boolean) => fatal.handle(error, fromPromise);
    binding['getErrorSourcePositions'] = () => ({ sourceLine: undefined, scriptResourceName: '', lineNumber: 0, startColumn: 0 });
  };
}
