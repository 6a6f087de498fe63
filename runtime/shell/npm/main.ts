// npm and npx. What is typed a hundred times a day is answered here, in milliseconds: an installation from a lockfile in sync, a
// script, an installed executable. Everything else is npm's own command line in a Node process. Runs in the tools worker.
import { isVerkletError } from '#protocol';
import { NPM_VERSION } from '../../packages/npm-cli/version.ts';
import type { Tool, ToolContext } from '../tool.ts';
import { runChild, runNpmCli, runRealNpm } from './child.ts';
import { leanInstall } from './lean-install.ts';
import { projectOf } from './project.ts';
import { binPath, readScriptCommand, runScript } from './run-script.ts';

export const npm: Tool = async (context) => {
  const { args } = context;
  try {
    return (await answer(context, args)) ?? runNpmCli(context, 'npm', args);
  } catch (error) {
    if (!isVerkletError(error)) throw error;
    context.writeError(`${context.isTerminal ? '\r\u001b[K' : ''}npm error code ${error.code}\nnpm error ${error.message}\n`);
    return 1;
  }
};

export const npx: Tool = (context) => runInstalled(context, context.args) ?? runNpmCli(context, 'npx', context.args);

/** `null`: npm's own command line answers. */
function answer(context: ToolContext, args: readonly string[]): Promise<number | null> | number | null {
  const [command, ...rest] = args;
  switch (command) {
    case '--real':
      return runRealNpm(context, rest);
    case '-v':
    case '--version':
      context.write(`${NPM_VERSION}\n`);
      return 0;
    case 'ci':
    case 'clean-install':
      return leanInstall(context, 'ci', rest);
    case 'install':
    case 'i':
      return leanInstall(context, 'install', rest);
    case 'run':
    case 'run-script':
    case 'rum':
    case 'urn':
      return script(context, rest);
    case 'start':
    case 'stop':
    case 'test':
      return script(context, [command, ...rest]);
    case 't':
    case 'tst':
      return script(context, ['test', ...rest]);
    case 'exec':
    case 'x':
      return runInstalled(context, rest[0] === '--' ? rest.slice(1) : rest);
    default:
      return null;
  }
}

function script(context: ToolContext, args: readonly string[]): number | null {
  const command = readScriptCommand(args);
  return command === null ? null : runScript(context, command);
}

/** An executable of this project's packages. */
function runInstalled(context: ToolContext, args: readonly string[]): number | null {
  const [command = '-', ...rest] = args;
  if (command.startsWith('-') || command.includes('/') || command.includes('@')) return null;
  const project = projectOf(context);
  if (context.fs.access(`${project}/node_modules/.bin/${command}`, 0) !== 0) return null;
  const env = { ...context.env, PATH: binPath(project, context.env['PATH'] ?? ''), npm_execpath: '/usr/bin/npm', npm_command: 'exec' };
  return runChild(context, [command, ...rest], context.cwd, env);
}
