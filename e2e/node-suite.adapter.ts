// Runs Node's own test files in the tab: the adapter for a suite runner that calls `spawn(argv, options)` per file.
// One runtime serves the whole run; it is booted anew when a test brought it down.
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { zipSync, type Zippable } from 'fflate';
import { launchRuntime, type Harness } from './harness.ts';

const ROOT = '/workdir/suite';
/** Boots after which a run gives up: something is wrong with the product, not with one test. */
const MAX_REBOOTS = 20;
/** Tests that run at once have a temporary folder each. */
const MAX_SLOTS = 8;

interface SuiteSpawn {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
  readonly slot: number;
}

interface SuiteResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
  readonly timedOut: boolean;
}

export default async function adapter({ suite }: { suite: string }): Promise<{
  name: string;
  root: string;
  jobs: number;
  spawn(argv: string[], options: SuiteSpawn): Promise<SuiteResult>;
  close(): Promise<void>;
}> {
  const zip = zipSuite(suite);
  let harness = await boot(zip);
  let reboots = 0;
  return {
    name: 'verklet in Chromium',
    root: ROOT,
    jobs: 2,
    async spawn(argv, options) {
      const file = argv.find((argument) => argument.startsWith(`${ROOT}/`)) ?? '';
      const own = path.join(suite, path.relative(ROOT, file));
      try {
        if (existsSync(own)) await harness.fs.writeFile(file, readFileSync(own));
        const result = await harness.spawn('node', argv, {
          cwd: options.cwd,
          env: { NODE_TEST_DIR: `/tmp/slot-${options.slot}`, NODE_SKIP_FLAG_CHECK: '1', ...options.env },
          timeoutMs: options.timeoutMs,
        });
        return { code: result.code, stdout: result.stdout.toString(), stderr: result.stderr.toString(), timedOut: result.timedOut };
      } catch (error) {
        if (++reboots > MAX_REBOOTS) throw error;
        await harness.close().catch(() => undefined); // it is broken: closing may fail too
        harness = await boot(zip);
        return { code: null, stdout: '', stderr: `the runtime broke: ${String(error)}`, timedOut: false };
      }
    },
    close: () => harness.close(),
  };
}

async function boot(zip: Uint8Array): Promise<Harness> {
  const harness = await launchRuntime();
  await harness.fs.mountZip(zip, ROOT);
  for (let slot = 0; slot < MAX_SLOTS; slot++) await harness.fs.mkdir(`/tmp/slot-${slot}`);
  return harness;
}

/** Common code and fixtures; a test file itself is written when its turn comes. */
function zipSuite(suite: string): Uint8Array {
  const entries: Zippable = {};
  for (const folder of ['test/common', 'test/fixtures']) {
    for (const entry of readdirSync(path.join(suite, folder), { recursive: true, withFileTypes: true })) {
      if (!entry.isFile()) continue;
      const full = path.join(entry.parentPath, entry.name);
      entries[path.relative(suite, full)] = [readFileSync(full), { level: 0 }];
    }
  }
  entries['test/parallel/.keep'] = new Uint8Array();
  entries['test/es-module/.keep'] = new Uint8Array();
  return zipSync(entries);
}
