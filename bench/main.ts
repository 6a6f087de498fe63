// `npm run bench -- <suite>...`: runs the named suites, prints a table each and writes bench/results/<suite>.json.
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BenchRow } from './rows.ts';

const suites: Readonly<Record<string, () => Promise<{ rows(): Promise<BenchRow[]> }>>> = {
  boot: () => import('./boot/index.ts'),
  spawn: () => import('./spawn/index.ts'),
  python: () => import('./python/index.ts'),
  'async-context': () => import('./async-context/index.ts'),
  fs: () => import('./fs/index.ts'),
  preview: () => import('./preview/index.ts'),
  persist: () => import('./persist/index.ts'),
  install: () => import('./install/index.ts'),
  node: () => import('./node/index.ts'),
  'dev-server': () => import('./dev-server/index.ts'),
  codecs: () => import('./codecs/index.ts'),
  promote: () => import('./promote/index.ts'),
};

const names = process.argv.slice(2);
if (names.length === 0 || names.some((name) => !(name in suites))) {
  console.error(`usage: npm run bench -- <suite>...   suites: ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}
let missed = 0;
for (const name of names) {
  const suite = await suites[name]?.();
  const rows = (await suite?.rows()) ?? [];
  const folder = path.join(import.meta.dirname, 'results');
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, `${name}.json`), `${JSON.stringify(rows, null, 2)}\n`);
  console.log(`\n${name}`);
  console.table(
    rows.map(({ id, unit, ours, native, ratio, bar, holds }) => ({
      id,
      unit,
      ours: round(ours),
      native: native === null ? '' : round(native),
      ratio: ratio === null ? '' : round(ratio),
      bar,
      holds,
    })),
  );
  missed += rows.filter((entry) => !entry.holds).length;
}
process.exitCode = missed === 0 ? 0 : 1;

function round(value: number): number {
  return Number(value.toPrecision(4));
}
