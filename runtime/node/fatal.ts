// Uncaught errors, as Node reports them: its handlers first, then source line, stack and version on stderr. Process worker.
import { typeChecks } from './bindings/types.ts';
import { writeStderr } from './bindings/process-methods.ts';
import { flushLinks } from './bindings/messaging/thread-link.ts';
import type { Realm } from './realm.ts';

const GENERIC_USER_ERROR = 1;
const ERROR_IN_HANDLER = 7;
const UNSETTLED_AWAIT = 13;
/** `exit_info`: [is exiting, exit code, has exit code]. */
const EXIT_CODE = 1;
const HAS_EXIT_CODE = 2;
const FRAME = /\n\s+at (?:.*\()?((?:file:\/\/)?\/[^()\n]+?|node:[^()\n]+?):(\d+):(\d+)\)?/;

type Enhancer = (error: unknown) => unknown;

export class FatalHandler {
  /** Installed by Node's library: they add context to the stack and inspect the error. */
  enhancers: { readonly before: Enhancer; readonly after: Enhancer } | null = null;
  readonly #realm: Realm;

  constructor(realm: Realm) {
    this.#realm = realm;
  }

  /** Gives the program's handlers a chance, otherwise ends the process. */
  handle(error: unknown, isFromPromise = false): void {
    const { process } = this.#realm;
    let isHandled = false;
    try {
      isHandled = process['_fatalException']?.(error, isFromPromise) === true;
    } catch (second) {
      writeStderr(this.#realm, this.format(second));
      this.#realm.host.exit({ code: ERROR_IN_HANDLER, signal: null });
    }
    if (isHandled) return;
    const aborts = this.#realm.requireBuiltin('internal/options')['getOptionValue']('--abort-on-uncaught-exception') === true;
    if (aborts) this.#realm.host.exit({ code: null, signal: 'SIGABRT' });
    // A thread's error was given to its creator.
    if (this.#realm.host.isThread) flushLinks(this.#realm);
    else writeStderr(this.#realm, this.format(error));
    this.#realm.host.exit({ code: this.exitCode(GENERIC_USER_ERROR) || GENERIC_USER_ERROR, signal: null });
  }

  /** The code the program set, else `fallback`. */
  exitCode(fallback: number): number {
    const fields = this.#realm.process[this.#realm.privateSymbol('exit_info_private_symbol') as never] as Int32Array;
    return fields[HAS_EXIT_CODE] === 0 ? fallback : (fields[EXIT_CODE] ?? fallback);
  }

  /** Ends a process that waits for a top-level await which nothing can settle any more. */
  leaveUnsettled(location: string): void {
    writeStderr(this.#realm, `Warning: Detected unsettled top-level await at ${location}\n\n\n\n`);
    this.#realm.host.leave({ code: this.exitCode(UNSETTLED_AWAIT), signal: null });
  }

  format(error: unknown): string {
    const { version } = this.#realm.shape;
    const isError =
      typeChecks['isNativeError']?.(error) === true ||
      (typeof error === 'object' && error !== null && typeof readStack(error as Error) === 'string');
    if (!isError) {
      const hint = '(Use `node --trace-uncaught ...` to show where the exception was thrown)';
      return `Uncaught:\n${this.#inspect(error)}\n${hint}\n\nNode.js ${version}\n`;
    }
    const failure = error as Error & Record<symbol, unknown>;
    const arrow = this.#arrow(failure);
    return `${arrow}${this.#text(failure)}\n\nNode.js ${version}\n`;
  }

  /** The stack, or Node's inspection where the error carries more than its stack. */
  #text(error: Error): string {
    try {
      this.enhancers?.before(error);
      const enhanced = this.enhancers?.after(error);
      if (typeof enhanced === 'string') return enhanced;
    } catch {
      // An error whose own accessors throw: its stack is all that can be shown.
    }
    return String(readStack(error) ?? error);
  }

  #inspect(value: unknown): string {
    return this.#realm.requireBuiltin('internal/util/inspect')['inspect'](value) as string;
  }

  /** `file:line`, the source line and a caret, unless the error shows them already. */
  #arrow(error: Error & Record<symbol, unknown>): string {
    const stack = String(readStack(error));
    const recorded = error[this.#realm.privateSymbol('arrow_message_private_symbol')];
    if (typeof recorded === 'string') return stack.startsWith(recorded.split('\n', 1)[0] ?? '') ? '' : `${recorded}\n`;
    const [, url = '', line = '', column = ''] = FRAME.exec(stack) ?? [];
    if (url === '' || /^\S+:\d+\n/.test(stack)) return '';
    if (url.startsWith('node:')) return `${url}:${line}\n\n`;
    const bytes = this.#realm.host.fs.readFile(url.replace(/^file:\/\//, ''));
    const source =
      typeof bytes === 'number' ? undefined : new this.#realm.primitives.TextDecoder().decode(bytes).split('\n')[Number(line) - 1];
    if (source === undefined) return '';
    const caret = `${source.slice(0, Math.max(0, Number(column) - 1)).replaceAll(/[^\t]/g, ' ')}^`;
    return `${url}:${line}\n${source}\n${caret}\n\n`;
  }
}

/** A program's `Error.prepareStackTrace` may throw while the stack is read; the error is reported all the same. */
function readStack(error: Error): unknown {
  try {
    return error.stack;
  } catch {
    return `${error.name}: ${error.message}`;
  }
}
