// Stands for npm's lib/cli.js, which guards against Node versions too old for npm: ours is known. Runs in a Node process.
import entry from 'npm:lib/cli/entry.js';
import { NPM_VERSION } from '../version.ts';

export default function cli(process: NodeJS.Process): void {
  void entry(process, {
    node: process.version,
    engines: '>=20',
    unsupportedMessage: `npm v${NPM_VERSION} does not support Node.js ${process.version}.`,
    off() {
      // Nothing was switched on.
    },
  });
}
