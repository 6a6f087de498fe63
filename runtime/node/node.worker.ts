// The worker of a Node process: a stub whose bundle is imported, because browsers cache the compiled code of imports.
// Messages that arrive before the bundle is there wait here.
import type { ToProcess } from '#protocol';

const early: MessageEvent<ToProcess>[] = [];
const keep = (event: MessageEvent<ToProcess>): void => void early.push(event);
self.addEventListener('message', keep);
void import('./node-process.ts').then(({ runNodeProcess }) => {
  self.removeEventListener('message', keep);
  return runNodeProcess(self as DedicatedWorkerGlobalScope & typeof globalThis, early);
});
