// A worker that changes the tree as fast as it can until it is killed; see crash.test.ts.
import { parentPort, workerData } from 'node:worker_threads';
import { Slots } from '../kernel/ipc/slots.ts';
import { SharedFileSystem } from './shared-file-system.ts';

interface WriterData {
  readonly handle: { readonly memory: WebAssembly.Memory; readonly core: WebAssembly.Module };
  readonly memory: SharedArrayBuffer;
  readonly slot: number;
  readonly kill: number;
}

const { handle, memory, slot, kill } = workerData as WriterData;
const fs = SharedFileSystem.attach(handle, new Slots(memory, slot));
const root = `/workdir/writer-${kill % 7}`;
fs.mkdirAll(root, 0o755);
parentPort?.postMessage('writing');
for (let round = 0; ; round++) {
  const name = `${root}/${round % 50}`;
  fs.writeFile(name, new Uint8Array((round * 131) % 20_000).fill(round), 0o644);
  fs.rename(name, `${name}-moved`);
  fs.mkdirAll(`${name}-folder/inner`, 0o755);
  const held = fs.open(`${name}-open`, 0o102, 0o644);
  fs.write(held, new Uint8Array(round % 5000), -1);
  if (round % 3 === 0) fs.close(held);
  fs.removeAll(`${name}-folder`);
  fs.unlink(`${name}-moved`);
}
