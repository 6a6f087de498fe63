// The worker of every built-in program but Node and Python: waits for a process, imports the program it names, runs it to its
// exit code.
import type { ProcessHost } from '../process/host.ts';
import { attachWorker } from '../process/worker-host.ts';
import { loadTool } from './programs.ts';
import { inheritedStreams, StreamIo } from './sh/streams.ts';
import { encodeText } from './text.ts';
import { createContext, NOT_FOUND, runTool } from './tool-context.ts';

const INTERNAL_ERROR = 1;

void attachWorker(self as DedicatedWorkerGlobalScope).then(async ({ ready, started }) => {
  ready();
  const host = await started;
  host.leave({ code: await runProgram(host), signal: null });
});

async function runProgram(host: ProcessHost): Promise<number> {
  const { program, argv, env, cwd } = host.request;
  const io = new StreamIo(host);
  const streams = inheritedStreams(host);
  const tool = await loadTool(program);
  if (tool === undefined) return NOT_FOUND;
  try {
    return await runTool(tool, createContext({ host, io, argv, env, cwd, streams }));
  } catch (error) {
    io.write(streams[2], encodeText(`${program}: ${error instanceof Error ? error.message : String(error)}\n`));
    return INTERNAL_ERROR;
  }
}
