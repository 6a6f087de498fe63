// `npm start`: does all set-up, builds when sources changed, and serves app, previews and registry proxy on loopback.
import { spawn } from 'node:child_process';
import { ensureDependencies, ensureSandbox, nodeBinary, nodeEnvironment, root, run } from './setup.mjs';

ensureDependencies();
ensureSandbox();
const node = nodeBinary();
if (run(node, ['--disable-warning=ExperimentalWarning', 'scripts/build.ts', '--if-stale']) !== 0) process.exit(1);
const server = spawn(node, ['--disable-warning=ExperimentalWarning', 'server/main.ts', ...process.argv.slice(2)], {
  cwd: root,
  stdio: 'inherit',
  env: nodeEnvironment(),
});
for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => server.kill(signal));
server.on('exit', (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
