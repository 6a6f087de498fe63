// `npm run check`: types, lint, format, unused code and unit tests. Stops at the first that fails.
import path from 'node:path';
import { ensureDependencies, nodeBinary, root, run, say } from './setup.mjs';

ensureDependencies();
const bin = (name) => path.join(root, 'node_modules', name);
const steps = [
  [
    'wasm',
    ['--disable-warning=ExperimentalWarning', '-e', `import('./scripts/wasm.ts').then((m) => m.compileWasm(${JSON.stringify(root)}))`],
  ],
  ["Node's library", ['--disable-warning=ExperimentalWarning', 'runtime/node/build/main.ts']],
  ['types', [bin('typescript/bin/tsc'), '-b']],
  ['lint', [bin('oxlint/bin/oxlint'), '--deny-warnings']],
  ['format', [bin('oxfmt/bin/oxfmt'), '--check']],
  ['unused code', [bin('knip/bin/knip.js')]],
];
if (!process.argv.includes('--static')) steps.push(['unit tests', [bin('vitest/vitest.mjs'), 'run', '--project', 'node']]);
for (const [name, args] of steps) {
  const startedAt = performance.now();
  if (run(nodeBinary(), args) !== 0) {
    say(`check: ${name} failed`);
    process.exit(1);
  }
  say(`check: ${name} passed in ${((performance.now() - startedAt) / 1000).toFixed(1)} s`);
}
