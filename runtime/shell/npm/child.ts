// Starts a command in npm's place, with its streams and signals, and waits for it. Runs in the tools worker, which it blocks.
import { NPM_CLI } from '../../packages/npm-cli/location.ts';
import { NPM_VERSION } from '../../packages/npm-cli/version.ts';
import { resolveProgram } from '../../process/exec.ts';
import { ChildStreams, inheritedStreams } from '../sh/streams.ts';
import { succeedBy } from '../successor.ts';
import type { ToolContext } from '../tool.ts';

const NOT_FOUND = 127;

/** The exit code, or 128 and the signal's number. */
export function runChild(
  context: ToolContext,
  argv: readonly string[],
  cwd: string = context.cwd,
  env: Readonly<Record<string, string>> = context.env,
): number {
  const { host } = context;
  const resolved = resolveProgram(host.fs, { file: argv[0] ?? '', argv, env, cwd });
  if (typeof resolved === 'number') {
    context.writeError(`npm error ${argv[0] ?? ''}: not found\n`);
    return NOT_FOUND;
  }
  context.flush(); // what npm said comes before what the command says
  const streams = new ChildStreams(host, inheritedStreams(host));
  const pid = host.callSync({
    type: 'spawn',
    request: { program: resolved.program, argv: resolved.argv, env, cwd, stdio: streams.stdio, newGroup: false },
  });
  if (pid < 0) {
    streams.abandon();
    context.writeError(`npm error ${argv[0] ?? ''} could not be started\n`);
    return 1;
  }
  return succeedBy(host, pid);
}

/** Hands the whole command to npm's own command line, a Node process. */
export function runNpmCli(context: ToolContext, program: 'npm' | 'npx', args: readonly string[]): number {
  const cli = program === 'npm' ? NPM_CLI : NPM_CLI.replace(/npm-cli\.js$/, 'npx-cli.js');
  return runChild(context, ['/usr/bin/node', cli, ...args]);
}

/** `npm --real ...`: the published npm as an ordinary program, without our network and unpacker. Fetched when first asked for. */
export function runRealNpm(context: ToolContext, args: readonly string[]): number {
  const folder = `${context.env['HOME'] ?? '/home/user'}/.npm/_real`;
  const cli = `${folder}/node_modules/npm/bin/npm-cli.js`;
  if (context.fs.access(cli, 0) !== 0) {
    context.fs.mkdirAll(folder, 0o755);
    const status = runNpmCli(context, 'npm', ['install', '--silent', '--no-save', '--prefix', folder, `npm@${NPM_VERSION}`]);
    if (status !== 0) return status;
  }
  return runChild(context, ['/usr/bin/node', cli, ...args]);
}
