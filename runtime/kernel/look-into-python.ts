// Asks Python what a Python command would meet, without running it: the same look that the command takes when it starts. Kernel worker.
import type { PromotionSignal } from '#protocol';
import type { Doorbell } from './ipc/doorbell.ts';
import type { ProcessTable } from './process-table.ts';
import { Credit, PipedStdio } from './sdk-process.ts';

export interface PythonCommand {
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
}

/** The reasons in order; empty where there is none, or where Python could not be asked. */
export async function lookIntoPython(processes: ProcessTable, doorbell: Doorbell, command: PythonCommand): Promise<PromotionSignal[]> {
  const { argv, env, cwd } = command;
  const stdio = new PipedStdio(doorbell);
  const look = ['python3', '-m', '_verklet.boundary', ...argv];
  const pid = processes.spawn(null, { program: 'python3', argv: look, env, cwd, stdio: stdio.stdio, newGroup: true });
  if (pid < 0) {
    stdio.finish();
    return [];
  }
  stdio.end();
  let text = '';
  const decoder = new TextDecoder();
  await stdio.pump(new Credit(), (stream, bytes) => {
    if (stream === 'stdout') text += decoder.decode(bytes, { stream: true });
  });
  return parse(text);
}

function parse(text: string): PromotionSignal[] {
  try {
    return JSON.parse(text) as PromotionSignal[];
  } catch {
    return []; // it ended before it answered: the command's own start will say why
  }
}
