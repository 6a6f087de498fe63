// `npm run kills -- [tabs] [browsers]`: many kills during saves; prints what was found and fails on any violation.
import { killRepeatedly } from './kills.ts';

const [tabs = 150, browsers = 50] = process.argv.slice(2).map(Number);
const report = await killRepeatedly(tabs, browsers);
console.log(`${report.tabs} tabs and ${report.browsers} browsers were killed, ${report.duringSave} of them during a save.`);
for (const problem of report.problems) console.log(problem);
console.log(
  report.problems.length === 0 ? 'Always one whole state, never older than what was confirmed.' : `${report.problems.length} violations`,
);
process.exitCode = report.problems.length === 0 ? 0 : 1;
