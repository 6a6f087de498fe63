// The last tier, memory, against what every tier has to do. The others need a browser: storage.browser.test.ts.
import { test } from 'vitest';
import { storageCases } from './storage.conformance.ts';
import { memoryStorage } from './storage.ts';

test.each(storageCases)('memory: $name', async ({ run }) => {
  const storage = memoryStorage();
  await run(storage, async () => storage);
});
