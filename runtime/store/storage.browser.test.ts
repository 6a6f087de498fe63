// All storage tiers in a real browser against one suite, and which of them is taken where interfaces are missing.
import { expect, test } from 'vitest';
import type { ConformanceTask } from './storage-conformance.worker.ts';
import { storageCases } from './storage.conformance.ts';

for (const tier of ['opfs', 'indexeddb', 'memory'] as const)
  test.each(storageCases)(`${tier}: $name`, async ({ name }) => expect(await perform({ tier, name })).toBe('done'));

test.each([
  [[], 'opfs'],
  [['opfs'], 'indexeddb'],
  [['handles'], 'indexeddb'],
  [['opfs', 'indexeddb'], 'memory'],
] as const)('a browser without %j gives the tier %s', async (lacks, tier) => {
  expect(await perform({ tier: 'best', name: '', lacks })).toBe(tier);
});

async function perform(task: ConformanceTask): Promise<string> {
  const worker = new Worker(new URL('./storage-conformance.worker.ts', import.meta.url), { type: 'module' });
  try {
    const answer = new Promise<{ found?: string; error?: string }>((resolve, reject) => {
      worker.addEventListener('message', ({ data }) => resolve(data));
      worker.addEventListener('error', ({ message }) => reject(new Error(message)));
    });
    worker.postMessage(task);
    const { found, error } = await answer;
    if (error !== undefined) throw new Error(error);
    return found ?? '';
  } finally {
    worker.terminate();
  }
}
