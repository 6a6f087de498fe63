// `npm test`: all set-up, then static checks, unit, browser and end-to-end tests. Ends with one line of totals.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ensureBrowser, ensureDependencies, ensureSandbox, nodeBinary, root, run, say } from './setup.mjs';

ensureDependencies();
ensureSandbox();
const browser = await ensureBrowser();
say(`Tests use the browser at ${browser}`);
const reports = path.join(root, '.cache/reports');
rmSync(reports, { recursive: true, force: true });
mkdirSync(reports, { recursive: true });

let passed = 0;
let failed = 0;
const environment = { CHROMIUM: browser };

count('static checks', runNode(['scripts/check.mjs', '--static']));
count('build', runNode(['--disable-warning=ExperimentalWarning', 'scripts/build.ts', '--if-stale']));
const unitReport = path.join(reports, 'unit.json');
const unitCode = runNode([
  'node_modules/vitest/vitest.mjs',
  'run',
  '--reporter=default',
  '--reporter=json',
  `--outputFile.json=${unitReport}`,
]);
countReport('unit and browser tests', unitCode, () => {
  const report = JSON.parse(readFileSync(unitReport, 'utf8'));
  return { ok: report.numPassedTests, bad: report.numFailedTests };
});
const e2eReport = path.join(reports, 'e2e.json');
const e2eCode = run(nodeBinary(), ['node_modules/playwright/cli.js', 'test', '--config', 'e2e/playwright.config.ts'], {
  ...environment,
  PLAYWRIGHT_JSON_OUTPUT_NAME: e2eReport,
});
countReport('end-to-end tests', e2eCode, () => {
  const { stats } = JSON.parse(readFileSync(e2eReport, 'utf8'));
  return { ok: stats.expected + stats.flaky, bad: stats.unexpected };
});

say(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 && passed > 0 ? 0 : 1);

function runNode(args) {
  return run(nodeBinary(), args, environment);
}

function count(name, code) {
  say(`${name}: ${code === 0 ? 'passed' : 'FAILED'}`);
  if (code === 0) passed += 1;
  else failed += 1;
}

/** A run that failed without naming a failing test (a crash, a broken import) still counts as one failure. */
function countReport(name, code, read) {
  let result = { ok: 0, bad: 0 };
  try {
    result = read();
  } catch (error) {
    say(`${name}: no report (${error.message})`);
  }
  passed += result.ok;
  failed += Math.max(result.bad, code === 0 ? 0 : 1);
  say(`${name}: ${result.ok} passed, ${result.bad} failed (exit code ${code})`);
}
