// The bubblewrap driver against the real kernel. Says why when this machine cannot run boxes.
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { driverConformance } from './conformance.ts';
import { ProcessDriver } from './process.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'vkt-'));
const driver = new ProcessDriver(folder);
const availability = await driver.probe();
afterAll(() => rmSync(folder, { recursive: true, force: true }));

if (availability.isAvailable) driverConformance('process', () => driver);
else {
  process.stderr.write(`The process driver is not tested here: ${availability.reason}\n`);
  test.skip('the process driver does not run here', () => undefined);
}

test('a folder that is not the server’s own is refused', async () => {
  const link = path.join(folder, 'link');
  symlinkSync(tmpdir(), link);
  expect(await new ProcessDriver(link).probe()).toMatchObject({ isAvailable: false });
});
