// `npm run` for the everyday form: a script of this project, with its pre and post scripts. Other forms are npm's own.
// Runs in the tools worker.
import { NPM_CLI } from '../../packages/npm-cli/location.ts';
import { NPM_VERSION } from '../../packages/npm-cli/version.ts';
import type { ToolContext } from '../tool.ts';
import { runChild } from './child.ts';
import { manifestOf, projectOf } from './project.ts';

const SILENT = new Set(['-s', '--silent', '--loglevel=silent']);

export interface ScriptCommand {
  readonly name: string;
  readonly args: readonly string[];
  readonly isSilent: boolean;
}

/** `null` for everything but `[-s] name [--] [args]`. */
export function readScriptCommand(args: readonly string[]): ScriptCommand | null {
  let isSilent = false;
  let name: string | null = null;
  const rest: string[] = [];
  for (const [index, arg] of args.entries()) {
    if (arg === '--') {
      rest.push(...args.slice(index + 1));
      break;
    }
    if (SILENT.has(arg)) isSilent = true;
    else if (arg.startsWith('-')) return null;
    else if (name === null) name = arg;
    else rest.push(arg);
  }
  return name === null ? null : { name, args: rest, isSilent };
}

/** `null` where the project has no such script. */
export function runScript(context: ToolContext, { name, args, isSilent }: ScriptCommand): number | null {
  const project = projectOf(context);
  const { scripts = {} } = manifestOf(context, project) ?? {};
  const script = Object.hasOwn(scripts, name) ? scripts[name] : undefined;
  if (typeof script !== 'string' || name === 'restart' || name === 'env') return null;
  for (const [event, text, extra] of [
    [`pre${name}`, scripts[`pre${name}`], []],
    [name, script, args],
    [`post${name}`, scripts[`post${name}`], []],
  ] as const) {
    const status = text === undefined ? 0 : runEvent(context, project, { event, script: text, args: extra, isSilent });
    if (status !== 0) return reportFailure(context, project, { event, script: text ?? '', status, isSilent });
  }
  return 0;
}

interface ScriptEvent {
  readonly event: string;
  readonly script: string;
  readonly args: readonly string[];
  readonly isSilent: boolean;
}

/** Runs a script line as npm does: announced, with the folders of node_modules/.bin in PATH and npm's variables. */
export function runEvent(context: ToolContext, project: string, { event, script, args, isSilent }: ScriptEvent): number {
  const { name = '', version = '' } = manifestOf(context, project) ?? {};
  const line = [script, ...args.map(quote)].join(' ');
  const id = name === '' || version === '' ? '' : `${name}@${version} `;
  if (!isSilent) context.write(`\n> ${id}${event}\n> ${line}\n\n`);
  return runChild(context, ['sh', '-c', line], project, {
    ...context.env,
    npm_lifecycle_event: event,
    npm_lifecycle_script: script,
    npm_package_name: name,
    npm_package_version: version,
    npm_package_json: `${project}/package.json`,
    npm_execpath: NPM_CLI,
    npm_node_execpath: '/usr/bin/node',
    npm_config_user_agent: `npm/${NPM_VERSION} node/v24.12.0 linux x64 workspaces/false`,
    npm_command: 'run',
    NODE: '/usr/bin/node',
    INIT_CWD: context.cwd,
    ...(isSilent ? { npm_config_loglevel: 'silent' } : {}),
    PATH: binPath(project, context.env['PATH'] ?? ''),
    PWD: project,
  });
}

/** Every ancestor's node_modules/.bin, nearest first, before what was there. */
export function binPath(folder: string, path: string): string {
  const folders: string[] = [];
  for (let parent = folder; ; parent = parent.slice(0, parent.lastIndexOf('/'))) {
    folders.push(`${parent}/node_modules/.bin`);
    if (parent === '') break;
  }
  return [...folders, path].join(':');
}

function reportFailure(
  context: ToolContext,
  project: string,
  { event, script, status, isSilent }: Omit<ScriptEvent, 'args'> & { readonly status: number },
): number {
  // The shell says nothing of a command that failed; npm names the script, except to those who asked for silence.
  if (!isSilent && (event === 'preinstall' || event === 'postinstall' || event === 'install'))
    context.writeError(
      `npm error code ${status}\nnpm error path ${project}\nnpm error command failed\nnpm error command sh -c ${script}\n`,
    );
  return status;
}

function quote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
