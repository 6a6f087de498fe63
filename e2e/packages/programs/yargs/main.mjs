import yargs from 'yargs';
const run = async (...argv) =>
  yargs(argv)
    .scriptName('tool')
    .locale('en')
    .wrap(80)
    .command('serve [port]', 'start', (y) => y.positional('port', { type: 'number', default: 80 }), ({ port, verbose }) => console.log('serve', port, verbose))
    .option('verbose', { alias: 'v', type: 'count' })
    .option('list', { type: 'array' })
    .strict()
    .exitProcess(false)
    .fail((message, error) => console.log('failed', message ?? error.message))
    .parse(argv, (_error, parsed, output) => console.log(JSON.stringify(parsed), output));
await run('serve', '8080', '-vv');
await run('serve', '--list', 'a', 'b');
await run('--unknown');
await run('--help');
