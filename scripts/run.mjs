// Runs a TypeScript file of this repository under the pinned Node: `node scripts/run.mjs FILE [ARGS]`.
import { ensureDependencies, nodeBinary, run } from './setup.mjs';

ensureDependencies();
process.exit(run(nodeBinary(), ['--disable-warning=ExperimentalWarning', ...process.argv.slice(2)]));
