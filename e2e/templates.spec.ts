// Every template that needs no packages does what its start page card says. The Express one is the main job's.
import { expect, test } from 'playwright/test';
import { http } from '../app/templates/http.ts';
import { script } from '../app/templates/script.ts';
import { staticSite } from '../app/templates/static-site.ts';
import type { Template } from '../app/templates/template.ts';
import { launchRuntime, type Harness } from './harness.ts';

let harness: Harness;
test.beforeEach(async () => {
  harness = await launchRuntime();
});
test.afterEach(() => harness.close());

test('the static site is served with its types, and nothing beside it', async () => {
  await start(staticSite, 8000);
  const page = await harness.fetchPreview(8000, '/');
  expect([page.status, page.headers['content-type']]).toEqual([200, 'text/html']);
  expect(page.body.toString()).toContain('<h1>A static site</h1>');
  expect((await harness.fetchPreview(8000, '/script.js')).headers['content-type']).toBe('text/javascript');
  expect((await harness.fetchPreview(8000, '/..%2fserve.mjs')).status).toBe(404);
  expect((await harness.fetchPreview(8000, '/nothing')).status).toBe(404);
});

test('the HTTP server counts its visits', async () => {
  await start(http, 8080);
  expect((await harness.fetchPreview(8080, '/a')).body.toString()).toContain('GET /a');
  expect((await harness.fetchPreview(8080, '/b')).body.toString()).toContain('Request number 2');
});

test('the script runs to its end', async () => {
  await mount(script);
  const [command = '', ...args] = script.steps[0]?.split(' ') ?? [];
  const result = await harness.spawn(command, args, { timeoutMs: 15_000 });
  expect({ code: result.code, stderr: result.stderr.toString() }).toEqual({ code: 0, stderr: '' });
  expect(result.stdout.toString()).not.toBe('');
});

async function start(template: Template, port: number): Promise<void> {
  await mount(template);
  const [command = '', ...args] = template.steps.at(-1)?.split(' ') ?? [];
  void harness.spawn(command, args);
  await harness.page.evaluate((wanted) => globalThis.harnessRuntime.ports.waitFor(wanted).then(() => undefined), port);
}

function mount(template: Template): Promise<void> {
  return harness.page.evaluate((files) => globalThis.harnessRuntime.fs.mount(files), template.files);
}
