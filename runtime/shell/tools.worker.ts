// The worker of every built-in program but Node: waits for a process, imports the program it names, runs it to its exit code.
import { attachWorker } from '../process/worker-host.ts';
import { runProgram } from './programs.ts';

void attachWorker(self as DedicatedWorkerGlobalScope).then(async ({ ready, started }) => {
  ready();
  const host = await started;
  host.leave({ code: await runProgram(host), signal: null });
});
