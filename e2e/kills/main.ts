// `npm run kills -- [tabs] [browsers]`: many kills during saves; prints what was found and fails on any violation.
import { killRepeatedly } from './kills.ts';

const [tabs = 150, browsers = 50] = process.argv.slice(2).map(Number);
const startedAt = performance.now();
const report = await killRepeatedly({
  tabs,
  browsers,
  onRound: (round, of) => {
    if (round % 10 === 0) console.log(`${round} of ${of} kills, ${Math.round((performance.now() - startedAt) / 1000)} s`);
  },
});
console.log(`${report.tabs} tabs and ${report.browsers} browsers were killed, ${report.duringSave} of them during a save.`);
if (report.stuckBrowsers > 0) console.log(`${report.stuckBrowsers} times the browser did not answer the driver and was started anew.`);
for (const problem of report.problems) console.log(problem);
console.log(
  report.problems.length === 0 ? 'Always one whole state, never older than what was confirmed.' : `${report.problems.length} violations`,
);
process.exitCode = report.problems.length === 0 ? 0 : 1;
