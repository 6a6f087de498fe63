// The worker of one Python process: restores an interpreter, waits for a process, runs its command line to the end.
import type { PythonAssets } from '#protocol';
import type { ProcessHost } from '../process/host.ts';
import { attachWorker } from '../process/worker-host.ts';
import { inheritedStreams, StreamIo } from '../shell/sh/streams.ts';
import { encodeText } from '../shell/text.ts';
import { HostApi } from './host-api.ts';
import { bootInterpreter, type Interpreter } from './interpreter.ts';
import { needsPlainBoot, PIP_WHEEL, runsPip } from './start-options.ts';

interface StartModule {
  readonly start: {
    (host: HostApi, request: string): number | string;
    callPromising(host: HostApi, request: string): Promise<number | string>;
  };
}

const scope = self as DedicatedWorkerGlobalScope;

void attachWorker(scope).then(async ({ host, ready, started, assets }) => {
  let interpreter: Interpreter;
  const loaded = await assets;
  try {
    interpreter = await bootInterpreter(host, loaded, { snapshot: new Uint8Array(loaded.snapshot) });
  } catch (error) {
    scope.postMessage({ type: 'worker-failed', reason: `Python did not start: ${textOf(error)}` });
    return;
  }
  ready();
  const process = await started;
  try {
    await runProcess(process, loaded, interpreter);
  } catch (error) {
    // The interpreter itself broke: out of memory, a stack overflow in C, a fault of ours.
    new StreamIo(process).write(inheritedStreams(process)[2], encodeText(`Fatal Python error: ${textOf(error)}\n`));
    process.leave({ code: null, signal: 'SIGABRT' });
  }
});

async function runProcess(host: ProcessHost, assets: PythonAssets, warm: Interpreter): Promise<void> {
  const { argv, env } = host.request;
  const options = needsPlainBoot(argv, env);
  const isPip = runsPip(argv);
  const interpreter =
    options !== null ? await bootInterpreter(host, assets, { args: options, env }) : isPip ? await bootPip(host, assets) : warm;
  const { pyodide, system } = interpreter;
  if (isPip) system.guest.fs.writeFile(PIP_WHEEL, await bytesAt(assets.urls.pipWheel));
  system.start();
  const { start } = pyodide.pyimport('_verklet.start') as unknown as StartModule;
  // On a stack that can be put aside, so that threads can take turns; plainly where the engine has no such stacks.
  const begin = system.canSwitchStacks ? start.callPromising.bind(start) : start;
  const status = await begin(new HostApi(system), JSON.stringify({ argv, env, pid: host.pid, ppid: host.ppid }));
  host.leave(typeof status === 'string' ? { code: null, signal: status } : { code: status, signal: null });
}

async function bootPip(host: ProcessHost, assets: PythonAssets): Promise<Interpreter> {
  return bootInterpreter(host, assets, { snapshot: await bytesAt(assets.urls.pipSnapshot) });
}

async function bytesAt(url: string): Promise<Uint8Array> {
  if (url === '') throw new Error('this build has no pip: see runtime/python/build/find-pip.ts for where it looks');
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url} could not be loaded (${response.status})`);
  return new Uint8Array(await response.arrayBuffer());
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
