// The `errors` binding: stack decoration and the way into the fatal handler. Runs in the process worker.
import type { FatalHandler } from '../fatal.ts';
import type { ScriptCompiler } from '../compile/scripts.ts';
import type { PrepareCallback } from '../stack-frames.ts';
import type { BindingFactory, Realm } from '../realm.ts';
import { sitesOf } from '../v8-stacks.ts';

const toText = Object.prototype.toString;

/** Native Node's text of any value, without running its code. */
function textOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return String(value);
  if (value instanceof Error) return Error.prototype.toString.call(value);
  const text = toText.call(value);
  return text === '[object Object]' ? `#<${value.constructor?.name || 'Object'}>` : text;
}

/** `onPrepare` receives Node's stack formatter. */
export function errors(fatal: FatalHandler, compiler: ScriptCompiler, onPrepare: (callback: PrepareCallback) => void): BindingFactory {
  return (realm, binding) => {
    const ignore = (): void => {};
    binding['setPrepareStackTraceCallback'] = onPrepare;
    for (const name of ['setGetSourceMapErrorSource', 'setSourceMapsEnabled', 'setMaybeCacheGeneratedSourceMap']) binding[name] = ignore;
    binding['setEnhanceStackForFatalException'] = (before: (error: unknown) => unknown, after: (error: unknown) => unknown) => {
      fatal.enhancers = { before, after };
    };
    binding['noSideEffectsToString'] = textOf;
    binding['triggerUncaughtException'] = (error: unknown, fromPromise: boolean) => fatal.handle(error, fromPromise);
    binding['getErrorSourcePositions'] = (error: { stack?: unknown }) => sourcePosition(realm, compiler, error);
  };
}

interface SourcePosition {
  readonly sourceLine: string;
  readonly scriptResourceName: string;
  readonly lineNumber: number;
  /** From 0. */
  readonly startColumn: number;
}

/** Where an error was made, from its structured frames: its stack must not have been read before. */
function sourcePosition(realm: Realm, compiler: ScriptCompiler, error: { stack?: unknown }): SourcePosition {
  const [site] = sitesOf(error);
  const scriptResourceName = site?.getFileName() ?? '';
  const lineNumber = site?.getLineNumber() ?? 0;
  const lines = sourceText(realm, compiler, scriptResourceName).split('\n');
  return { sourceLine: lines[lineNumber - 1] ?? '', scriptResourceName, lineNumber, startColumn: (site?.getColumnNumber() ?? 1) - 1 };
}

function sourceText(realm: Realm, compiler: ScriptCompiler, name: string): string {
  const compiled = compiler.sourceOf(name);
  if (compiled !== undefined) return compiled;
  const bytes = name.startsWith('/') ? realm.host.fs.readFile(name) : 0;
  return typeof bytes === 'number' ? '' : new realm.primitives.TextDecoder().decode(bytes);
}
