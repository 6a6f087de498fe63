// Copies console output and uncaught errors of a preview to the diagnostics stream, capped. Runs in preview pages and workers.
import type { Channel } from './channel.ts';

const LEVELS = ['debug', 'log', 'info', 'warn', 'error'] as const;
/** Enough to debug with; a page that logs in a loop must not fill the stream. */
const MAX_LINES_PER_SECOND = 50;
const MAX_TEXT_LENGTH = 4096;

interface ConsoleScope extends EventTarget {
  readonly console: Console;
}

export function installConsole(scope: ConsoleScope, channel: Channel): void {
  let second = 0;
  let lines = 0;
  const report = (level: string, values: readonly unknown[]) => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) lines = 0;
    second = now;
    if (lines++ >= MAX_LINES_PER_SECOND) return;
    channel.send({ type: 'verklet-report-console', level, text: values.map(describe).join(' ').slice(0, MAX_TEXT_LENGTH) });
  };
  for (const level of LEVELS) {
    const native = scope.console[level].bind(scope.console);
    const copy = { [level]: (...values: unknown[]) => (report(level, values), native(...values)) }[level];
    Object.defineProperty(scope.console, level, { value: copy, writable: true, configurable: true, enumerable: true });
  }
  scope.addEventListener('error', (event) => {
    const { error, message } = event as ErrorEvent;
    if (message !== undefined) report('error', [`Uncaught ${describe(error ?? message)}`]); // a failed image has no message
  });
  scope.addEventListener('unhandledrejection', (event) =>
    report('error', ['Unhandled rejection:', (event as PromiseRejectionEvent).reason]),
  );
}

/** Never throws, and never runs more of user code than a getter or `toJSON`. */
function describe(value: unknown): string {
  try {
    if (value instanceof Error) return value.stack ?? String(value);
    return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
  } catch {
    return Object.prototype.toString.call(value); // a cycle or a throwing getter: the kind of object is what can be said
  }
}
