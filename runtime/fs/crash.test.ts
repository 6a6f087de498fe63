// Writers are killed at random moments, ninety times: the tree is whole after each, and everyone else goes on.
import { Worker } from 'node:worker_threads';
import { expect, test } from 'vitest';
import { Slots } from '../kernel/ipc/slots.ts';
import { loadCoreModule } from './core-module.ts';
import { populate } from './populate.ts';
import { SharedFileSystem } from './shared-file-system.ts';

const KILLS = 90;
const SPREAD_MS = 12;

test('ninety kills of writing workers leave no corrupt tree', { timeout: 120_000 }, async () => {
  const handle = { memory: SharedFileSystem.createMemory(), core: await loadCoreModule() };
  const memory = Slots.create();
  const slots = new Slots(memory, 1);
  SharedFileSystem.format(handle);
  const fs = SharedFileSystem.attach(handle, slots);
  populate(fs, [], '');
  let rolledBack = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const slot = 2 + (kill % 200);
    slots.reset(slot);
    const writer = new Worker(new URL('crash-writer.ts', import.meta.url), { workerData: { handle, memory, slot, kill } });
    await new Promise((resolve) => writer.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * SPREAD_MS));
    // Resolves once the thread has ended: the proof of death that a browser gets from a lock.
    await writer.terminate();
    slots.markDead(slot);
    slots.markProvenDead(slot);
    if (fs.recover(slot) === 'rolled-back') rolledBack++;
    fs.releaseSlot(slot);
    expect(fs.check(), `after kill ${kill}`).toEqual([]);
    expect(fs.writeFile('/workdir/alive', new Uint8Array(kill), 0o644)).toBe(0);
  }
  expect(fs.readFile('/workdir/alive')).toHaveLength(KILLS - 1);
  // Otherwise no kill hit a change under way, and the test showed nothing.
  expect(rolledBack).toBeGreaterThan(0);
});
