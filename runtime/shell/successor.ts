// A process that goes on as its child: `exec`, the last command of `sh -c`, npm's scripts. Runs in the tools worker.
import type { ExitStatus } from '#protocol';
import { signalNumber } from '../kernel/signals.ts';
import type { ProcessHost } from '../process/host.ts';
import { statusOf } from './tool-context.ts';

/** Blocks until the child ended; the kernel gives it the signals meanwhile. What ends it by a signal ends the caller, too. */
export function succeedBy(host: ProcessHost, pid: number): number {
  host.callSync({ type: 'set-successor', pid });
  const status = host.callSync<ExitStatus>({ type: 'wait', pid });
  if (status.signal !== null) host.callSync({ type: 'kill', pid: host.pid, signal: signalNumber(status.signal) ?? 0 });
  return statusOf(status);
}
