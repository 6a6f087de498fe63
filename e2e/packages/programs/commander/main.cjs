const { Command, InvalidArgumentError, Option } = require('commander');
const make = () => {
  const program = new Command('tool').version('1.2.3').description('A tool').exitOverride();
  program.configureOutput({ writeOut: (text) => console.log(text.trimEnd()), writeErr: (text) => console.log(text.trimEnd()) });
  program
    .command('add <numbers...>')
    .option('-s, --scale <n>', 'factor', (text) => {
      if (Number.isNaN(+text)) throw new InvalidArgumentError('not a number');
      return +text;
    }, 1)
    .addOption(new Option('--mode <mode>').choices(['fast', 'slow']).default('fast').env('TOOL_MODE'))
    .action((numbers, { scale, mode }) => console.log(numbers.reduce((a, b) => a + +b, 0) * scale, mode));
  for (const command of program.commands) command.exitOverride().configureOutput(program.configureOutput());
  return program;
};
for (const argv of [['add', '1', '2', '-s', '3'], ['add', '1', '--mode', 'odd'], ['add', '1', '-s', 'x'], ['--help'], ['--version'], ['nope'], ['add']]) {
  try {
    make().parse(argv, { from: 'user' });
  } catch (error) {
    console.log('exit', error.exitCode, error.code);
  }
}
