// npm's own command line, bundled: its resolver, commands and messages, over our fetch and extraction. Runs in a Node process.
import cli from './cli.ts';
import { installCompatibility } from './compatibility.ts';
import { installExtraction, progress } from './extract.ts';

installExtraction();
installCompatibility();
process.on('exit', () => progress.finish());
// npx is a rewriting of arguments in front of npm; it starts npm itself.
if (process.argv[1]?.endsWith('/npx-cli.js') === true) void import('npm:bin/npx-cli.js');
else cli(process);
