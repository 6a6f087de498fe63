import chalk, { Chalk, supportsColor } from 'chalk';
console.log(JSON.stringify([chalk.level, supportsColor]));
const colours = new Chalk({ level: 3 });
console.log(JSON.stringify(colours.red.bold('red') + colours.bgHex('#123456').underline(`nested ${colours.green('green')} end`)));
console.log(JSON.stringify(new Chalk({ level: 1 }).rgb(255, 136, 0)('downgraded\nlines')));
console.log(JSON.stringify(new Chalk({ level: 0 }).red('plain')));
