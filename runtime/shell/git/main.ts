// git: isomorphic-git behind git's own command line. Runs in the tools worker, as a process of its own.
import { absolutePath, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { provideBuffer } from './buffer.ts';
import * as history from './history.ts';
import * as refs from './refs.ts';
import * as remotes from './remotes.ts';
import { FATAL, openRepository } from './repository.ts';
import * as work from './work.ts';

const VERSION = '2.39.5';

const commands: Readonly<Record<string, work.GitCommand>> = {
  add: work.add,
  branch: refs.branch,
  checkout: refs.checkout,
  clean: work.clean,
  commit: work.commit,
  diff: history.diff,
  fetch: remotes.fetch,
  log: history.log,
  'ls-files': history.lsFiles,
  merge: refs.merge,
  mv: work.mv,
  pull: remotes.pull,
  push: remotes.push,
  remote: remotes.remote,
  reset: work.reset,
  restore: work.restore,
  'rev-parse': history.revParse,
  rm: work.rm,
  show: history.show,
  stash: work.stash,
  stage: work.add,
  status: work.status,
  switch: refs.switchBranch,
  tag: refs.tag,
};

export const git: Tool = async (context) => {
  provideBuffer();
  const { args, cwd } = globalOptions(context);
  const [name = 'help', ...rest] = args;
  const here = cwd === context.cwd ? context : { ...context, cwd };
  try {
    return await run(here, name, rest);
  } catch (error) {
    if (!(error instanceof ToolFailure)) {
      here.writeError(`fatal: ${describe(error)}\n`);
      return FATAL;
    }
    // git's messages carry their own prefix.
    here.writeError(`${error.message}\n`);
    return error.status;
  }
};

async function run(context: ToolContext, name: string, args: readonly string[]): Promise<number> {
  switch (name) {
    case 'init':
      return remotes.init(context, args);
    case 'clone':
      return remotes.clone(context, args);
    case 'config':
      return remotes.config(context, () => openRepository(context), args);
    case 'version':
    case '--version':
    case '-v':
      context.write(`git version ${VERSION} (isomorphic-git)\n`);
      return 0;
    case 'help':
    case '--help':
      context.write(
        `usage: git [-C <path>] <command> [<args>]\n\nCommands in the tab:\n   init clone config ${Object.keys(commands).join(' ')}\n`,
      );
      return name === 'help' && args.length === 0 ? 1 : 0;
    default:
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (command === undefined) throw new ToolFailure(`git: '${name}' is not a git command of the tab. See 'git --help'.`, 1);
  return command(openRepository(context), args);
}

function globalOptions(context: ToolContext): { args: string[]; cwd: string } {
  const args = [...context.args];
  let { cwd } = context;
  for (;;) {
    if (args[0] === '-C') cwd = absolutePath(cwd, args.splice(0, 2)[1] ?? '');
    else if (args[0] === '-c') args.splice(0, 2);
    else if (args[0] === '--no-pager' || args[0] === '-P') args.shift();
    else return { args, cwd };
  }
}

/** isomorphic-git's errors say what they are in `code`. */
function describe(error: unknown): string {
  const { code, message, data } = error as { code?: string; message?: string; data?: { statusCode?: number; response?: string } };
  if (code === 'HttpError')
    return data?.statusCode === 404
      ? 'repository not found'
      : `the remote answered ${data?.statusCode ?? 'with an error'}${data?.response === undefined ? '' : `: ${data.response.slice(0, 200)}`}`;
  if (code === 'UserCanceledError')
    return 'could not read Username: terminal prompts disabled; set GIT_TOKEN, or GIT_USERNAME and GIT_PASSWORD';
  return message ?? String(error);
}
