// Records what the real shells print: `node scripts/run.mjs e2e/shell-snippets/record.ts` on Debian 12 with dash, bash,
// coreutils, findutils, grep, sed, mawk, diffutils, tar, gzip, zip, unzip, bc, xxd and jq installed.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { ENVIRONMENT, readSnippets, recordingsFile, type Recording } from './format.ts';

const recordings: Record<string, Recording> = {};
for (const { name, shell, script } of readSnippets()) {
  if (name in recordings) throw new Error(`two snippets are called ${name}`);
  const folder = mkdtempSync(path.join(tmpdir(), 'snippet-'));
  const { stdout, status, signal } = spawnSync(`/bin/${shell}`, ['-c', script], {
    cwd: folder,
    env: { ...ENVIRONMENT, PATH: '/usr/local/bin:/usr/bin:/bin' },
    input: '',
    timeout: 20_000,
  });
  rmSync(folder, { recursive: true, force: true });
  if (status === null) throw new Error(`${name} ended by ${signal}`);
  recordings[name] = { stdout: stdout.toString(), code: status };
}
writeFileSync(recordingsFile, `${JSON.stringify(recordings, null, 2)}\n`);
console.log(`${Object.keys(recordings).length} snippets recorded`);
