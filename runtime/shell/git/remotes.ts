// git init clone remote fetch pull push config: beginnings, other repositories, settings.
import * as git from 'isomorphic-git';
import { baseName } from '../paths.ts';
import { absolutePath, parseOptions, type ToolContext, ToolFailure } from '../tool.ts';
import { encodeText } from '../text.ts';
import {
  currentBranch,
  FATAL,
  globalConfigFile,
  globalEntries,
  readConfig,
  readGlobalConfig,
  type Repository,
  repositoryAt,
  resolveCommit,
} from './repository.ts';
import { mergeCommit } from './refs.ts';
import { askCredentials, gitTransport } from './transport.ts';
import type { GitCommand } from './work.ts';

/** The network part of every call that talks to a remote; progress goes where git's goes. */
function remoteCall(
  context: ToolContext,
  isQuiet: boolean,
): Pick<Parameters<typeof git.fetch>[0], 'http' | 'onAuth' | 'onAuthFailure' | 'onMessage' | 'onProgress'> {
  let isLineOpen = false;
  let phase = '';
  return {
    http: gitTransport(context),
    onAuth: askCredentials(context),
    onAuthFailure: (url: string) => {
      throw new ToolFailure(`fatal: Authentication failed for '${url}'`, FATAL);
    },
    onMessage: (message: string) => {
      if (!isQuiet) context.writeError(`remote: ${message.trimEnd()}\n`);
    },
    onProgress: ({ phase: name, loaded, total }: { phase: string; loaded: number; total?: number }) => {
      if (isQuiet || !context.isTerminal) return;
      const isDone = total !== undefined && loaded === total;
      if (name !== phase && isLineOpen) context.writeError('\n');
      phase = name;
      context.writeError(
        `\r${name}: ${total === undefined ? loaded : `${Math.floor((100 * loaded) / Math.max(1, total))}% (${loaded}/${total})`}${isDone ? ', done.\n' : ''}`,
      );
      isLineOpen = !isDone;
    },
  };
}

export async function init(context: ToolContext, args: readonly string[]): Promise<number> {
  const { flags, values, operands } = parseOptions(args, 'b', { 'initial-branch': 'b', quiet: 'q', bare: 'bare' });
  const dir = operands[0] === undefined ? context.cwd : absolutePath(context.cwd, operands[0]);
  const isThere = context.fs.access(`${dir}/.git/HEAD`, 0) === 0;
  context.fs.mkdirAll(dir, 0o755);
  await git.init({
    ...repositoryAt(context, dir).base,
    defaultBranch: values.get('b') ?? readGlobalConfig(context, 'init.defaultbranch') ?? 'main',
  });
  if (!flags.has('q')) context.write(`${isThere ? 'Reinitialized existing' : 'Initialized empty'} Git repository in ${dir}/.git/\n`);
  return 0;
}

export async function clone(context: ToolContext, args: readonly string[]): Promise<number> {
  const { flags, values, operands } = parseOptions(args, 'bo', {
    branch: 'b',
    depth: 'depth=',
    'single-branch': 'single',
    quiet: 'q',
    origin: 'o',
    'no-checkout': 'n',
    'no-tags': 'no-tags',
  });
  const [given, folder] = operands;
  if (given === undefined) throw new ToolFailure('fatal: You must specify a repository to clone.', 129);
  const url = remoteUrl(given);
  const name = folder ?? baseName(url).replace(/\.git$/, '');
  const dir = absolutePath(context.cwd, name);
  const before = context.fs.readdir(dir);
  if (typeof before !== 'number' && before.length > 0)
    throw new ToolFailure(`fatal: destination path '${name}' already exists and is not an empty directory.`, FATAL);
  if (!flags.has('q')) context.writeError(`Cloning into '${name}'...\n`);
  context.fs.mkdirAll(dir, 0o755);
  try {
    await git.clone({
      ...repositoryAt(context, dir).base,
      ...remoteCall(context, flags.has('q')),
      url,
      remote: values.get('o') ?? 'origin',
      noCheckout: flags.has('n'),
      noTags: flags.has('no-tags'),
      singleBranch: flags.has('single') || values.has('depth'),
      ...(values.has('b') && { ref: values.get('b') }),
      ...(values.has('depth') && { depth: Number(values.get('depth')) }),
    });
    return 0;
  } catch (error) {
    // As git: what did not become a clone leaves no folder behind.
    context.fs.removeAll(typeof before === 'number' ? dir : `${dir}/.git`);
    throw error;
  }
}

/** `git@host:path` and `owner/repo` on GitHub as https. */
function remoteUrl(given: string): string {
  const ssh = /^(?:ssh:\/\/)?git@([^:/]+)[:/](.+)$/.exec(given);
  if (ssh !== null) return `https://${ssh[1] ?? ''}/${ssh[2] ?? ''}`;
  if (!/^https?:\/\//.test(given)) throw new ToolFailure(`fatal: '${given}' cannot be reached from the tab; use an https:// URL`, FATAL);
  return given;
}

export const remote: GitCommand = async (repository, args) => {
  const { base, context } = repository;
  const [operation = '', ...rest] = args;
  const remotes = (await git.listRemotes({ ...base })) as { remote: string; url: string }[];
  const known = (name: string | undefined): string => {
    if (remotes.some((one) => one.remote === name)) return name ?? '';
    throw new ToolFailure(`error: No such remote '${name ?? ''}'`, 2);
  };
  switch (operation) {
    case '':
      for (const { remote: name } of remotes) context.write(`${name}\n`);
      return 0;
    case '-v':
    case '--verbose':
      for (const { remote: name, url } of remotes) context.write(`${name}\t${url} (fetch)\n${name}\t${url} (push)\n`);
      return 0;
    case 'add':
      usage(rest, 2, 'git remote add <name> <url>');
      if (remotes.some((one) => one.remote === rest[0])) throw new ToolFailure(`error: remote ${rest[0] ?? ''} already exists.`, 3);
      await git.addRemote({ ...base, remote: rest[0] ?? '', url: rest[1] ?? '' });
      return 0;
    case 'remove':
    case 'rm':
      await git.deleteRemote({ ...base, remote: known(rest[0]) });
      return 0;
    case 'set-url':
      usage(rest, 2, 'git remote set-url <name> <newurl>');
      await git.addRemote({ ...base, remote: known(rest[0]), url: rest[1] ?? '', force: true });
      return 0;
    case 'get-url':
      context.write(`${remotes.find((one) => one.remote === known(rest[0]))?.url ?? ''}\n`);
      return 0;
    case 'rename': {
      usage(rest, 2, 'git remote rename <old> <new>');
      const from = known(rest[0]);
      await git.addRemote({ ...base, remote: rest[1] ?? '', url: remotes.find((one) => one.remote === from)?.url ?? '' });
      await git.deleteRemote({ ...base, remote: from });
      return 0;
    }
    default:
      throw new ToolFailure(`error: unknown subcommand: \`${operation}'`, 129);
  }
};

function usage(args: readonly string[], count: number, text: string): void {
  if (args.length < count) throw new ToolFailure(`usage: ${text}`, 129);
}

async function remoteOf(repository: Repository, name: string | undefined): Promise<{ remote: string; url: string }> {
  const remotes = (await git.listRemotes({ ...repository.base })) as { remote: string; url: string }[];
  const branch = await currentBranch(repository);
  const wanted = name ?? (branch === null ? null : await readConfig(repository, `branch.${branch}.remote`)) ?? 'origin';
  const found = remotes.find(({ remote: one }) => one === wanted);
  if (found === undefined) throw new ToolFailure(`fatal: '${wanted}' does not appear to be a git repository`, FATAL);
  return { ...found, url: remoteUrl(found.url) };
}

export const fetch: GitCommand = async (repository, args) => {
  const { flags, operands, values } = parseOptions(args, '', { prune: 'p', tags: 't', quiet: 'q', depth: 'depth=', all: 'all' });
  await fetchFrom(repository, operands[0], operands[1], { isQuiet: flags.has('q'), prune: flags.has('p'), depth: values.get('depth') });
  return 0;
};

async function fetchFrom(
  repository: Repository,
  name: string | undefined,
  ref: string | undefined,
  { isQuiet, prune, depth }: { isQuiet: boolean; prune: boolean; depth: string | undefined },
): Promise<{ remote: string }> {
  const { base, context } = repository;
  const { remote: from, url } = await remoteOf(repository, name);
  const before = await remoteRefs(repository, from);
  await git.fetch({
    ...base,
    ...remoteCall(context, isQuiet),
    remote: from,
    url,
    prune,
    tags: true,
    ...(ref !== undefined && { ref }),
    ...(depth !== undefined && { depth: Number(depth) }),
  });
  const news = [...(await remoteRefs(repository, from))].filter(([branch, oid]) => before.get(branch) !== oid);
  if (news.length > 0 && !isQuiet) {
    context.writeError(`From ${url.replace(/\.git$/, '')}\n`);
    for (const [branch, oid] of news) {
      const old = before.get(branch);
      context.writeError(
        old === undefined
          ? ` * [new branch]      ${branch} -> ${from}/${branch}\n`
          : `   ${old.slice(0, 7)}..${oid.slice(0, 7)}  ${branch} -> ${from}/${branch}\n`,
      );
    }
  }
  return { remote: from };
}

async function remoteRefs(repository: Repository, from: string): Promise<Map<string, string>> {
  const refs = new Map<string, string>();
  for (const branch of (await git.listBranches({ ...repository.base, remote: from })) as string[]) {
    const oid = branch === 'HEAD' ? null : await resolveCommit(repository, `refs/remotes/${from}/${branch}`);
    if (oid !== null) refs.set(branch, oid);
  }
  return refs;
}

export const pull: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, '', {
    'ff-only': 'ff-only',
    'no-rebase': 'no-rebase',
    rebase: 'r',
    quiet: 'q',
    'no-ff': 'no-ff',
  });
  if (flags.has('r')) throw new ToolFailure('fatal: pull --rebase is not available in the tab; pull without it merges', FATAL);
  const { remote: from } = await fetchFrom(repository, operands[0], operands[1], {
    isQuiet: flags.has('q'),
    prune: false,
    depth: undefined,
  });
  const branch = await currentBranch(repository);
  if (branch === null) throw new ToolFailure('fatal: You are not currently on a branch.', FATAL);
  const theirs = `${from}/${operands[1] ?? branch}`;
  if ((await resolveCommit(repository, `refs/remotes/${theirs}`)) === null)
    throw new ToolFailure(
      `There is no tracking information for the current branch.\nPlease specify which branch you want to merge with.`,
      1,
    );
  return mergeCommit(repository, `refs/remotes/${theirs}`, {
    onlyFastForward: flags.has('ff-only'),
    noFastForward: flags.has('no-ff'),
    message: `Merge branch '${operands[1] ?? branch}' of ${from}\n`,
    say: (text) => flags.has('q') || repository.context.write(text),
  });
};

export const push: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, '', {
    'set-upstream': 'u',
    force: 'f',
    'force-with-lease': 'f',
    delete: 'd',
    tags: 'tags',
    quiet: 'q',
    all: 'all',
  });
  const { base, context } = repository;
  const { remote: to, url } = await remoteOf(repository, operands[0]);
  const branch = await currentBranch(repository);
  const refs = flags.has('tags')
    ? ((await git.listTags({ ...base })) as string[])
    : operands.length > 1
      ? operands.slice(1)
      : [branch ?? ''];
  if (refs[0] === '') throw new ToolFailure('fatal: You are not currently on a branch.', FATAL);
  context.writeError(flags.has('q') ? '' : `To ${url}\n`);
  let status = 0;
  for (const given of refs) {
    const [source = '', target = source] = given.replace(/^\+/, '').split(':');
    const isDeleted = flags.has('d') || (source === '' && given.startsWith(':'));
    const ref = isDeleted ? target || source : source === 'HEAD' ? (branch ?? source) : source;
    if (!isDeleted && (await resolveCommit(repository, ref)) === null)
      throw new ToolFailure(`error: src refspec ${ref} does not match any\nerror: failed to push some refs to '${url}'`, 1);
    const name = target === 'HEAD' ? ref : target || ref;
    status = Math.max(
      status,
      await pushOne(repository, {
        to,
        url,
        ref,
        name,
        isForced: flags.has('f') || given.startsWith('+'),
        isDeleted,
        isQuiet: flags.has('q'),
      }),
    );
    if (flags.has('u') && status === 0 && !isDeleted) {
      await git.setConfig({ ...base, path: `branch.${ref}.remote`, value: to });
      await git.setConfig({ ...base, path: `branch.${ref}.merge`, value: `refs/heads/${name}` });
      context.write(`branch '${ref}' set up to track '${to}/${name}'.\n`);
    }
  }
  return status;
};

interface PushOne {
  readonly to: string;
  readonly url: string;
  readonly ref: string;
  readonly name: string;
  readonly isForced: boolean;
  readonly isDeleted: boolean;
  readonly isQuiet: boolean;
}

async function pushOne(
  { base, context, ...rest }: Repository,
  { to, url, ref, name, isForced, isDeleted, isQuiet }: PushOne,
): Promise<number> {
  const repository = { base, context, ...rest };
  const before = await resolveCommit(repository, `refs/remotes/${to}/${name}`);
  const after = isDeleted ? null : await resolveCommit(repository, ref);
  const say = (text: string): void => void (isQuiet || context.writeError(text));
  if (before === after && before !== null) {
    say('Everything up-to-date\n');
    return 0;
  }
  try {
    await git.push({
      ...base,
      ...remoteCall(context, isQuiet),
      remote: to,
      url,
      ref,
      remoteRef: name,
      force: isForced,
      delete: isDeleted,
    });
  } catch (error) {
    const { code } = error as { code?: string };
    if (code !== 'PushRejectedError' && code !== 'GitPushError') throw error;
    say(
      ` ! [rejected]        ${ref} -> ${name} (${code === 'PushRejectedError' ? 'non-fast-forward' : 'remote rejected'})\nerror: failed to push some refs to '${url}'\n`,
    );
    return 1;
  }
  if (isDeleted) say(` - [deleted]         ${name}\n`);
  else if (before === null) say(` * [new branch]      ${ref} -> ${name}\n`);
  else say(`   ${before.slice(0, 7)}..${after?.slice(0, 7) ?? ''}  ${ref} -> ${name}\n`);
  return 0;
}

/** `git config`, with `--global` in `~/.gitconfig`; works without a repository there. */
export async function config(context: ToolContext, open: () => Repository, args: readonly string[]): Promise<number> {
  const { flags, operands } = parseOptions(args, '', {
    global: 'global',
    local: 'local',
    system: 'global',
    list: 'l',
    get: 'get',
    unset: 'unset',
    add: 'add',
  });
  const isGlobal = flags.has('global');
  const [path, value] = operands[0] === 'get' || operands[0] === 'set' ? operands.slice(1) : operands;
  if (flags.has('l') || path === undefined) {
    for (const [name, text] of globalEntries(context)) context.write(`${name}=${text}\n`);
    if (!isGlobal) for (const line of await localEntries(open())) context.write(`${line}\n`);
    return 0;
  }
  if (flags.has('unset')) {
    if (isGlobal) writeGlobal(context, path, null);
    else await git.setConfig({ ...open().base, path, value: undefined });
    return 0;
  }
  if (value !== undefined) {
    if (isGlobal) writeGlobal(context, path, value);
    else await git.setConfig({ ...open().base, path, value });
    return 0;
  }
  const found = isGlobal ? readGlobalConfig(context, path) : await readConfig(open(), path);
  if (found === null) return 1;
  context.write(`${found}\n`);
  return 0;
}

async function localEntries(repository: Repository): Promise<string[]> {
  const bytes = repository.context.fs.readFile(`${repository.dir}/.git/config`);
  if (typeof bytes === 'number') return [];
  let section = '';
  return new TextDecoder()
    .decode(bytes)
    .split('\n')
    .flatMap((line) => {
      const head = /^\s*\[\s*([\w.-]+)(?:\s+"([^"]*)")?\s*\]/.exec(line);
      if (head !== null) section = head[2] === undefined ? (head[1] ?? '') : `${head[1] ?? ''}.${head[2]}`;
      const pair = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line);
      return pair === null ? [] : [`${section}.${(pair[1] ?? '').toLowerCase()}=${pair[2] ?? ''}`];
    });
}

function writeGlobal(context: ToolContext, path: string, value: string | null): void {
  const entries = new Map(globalEntries(context));
  if (value === null) entries.delete(path.toLowerCase());
  else entries.set(path.toLowerCase(), value);
  const sections = new Map<string, string[]>();
  for (const [name, text] of entries) {
    const dot = name.lastIndexOf('.');
    const first = name.indexOf('.');
    const section = first === dot ? name.slice(0, dot) : `${name.slice(0, first)} "${name.slice(first + 1, dot)}"`;
    sections.set(section, [...(sections.get(section) ?? []), `\t${name.slice(dot + 1)} = ${text}`]);
  }
  const text = [...sections].map(([section, lines]) => `[${section}]\n${lines.join('\n')}\n`).join('');
  context.fs.writeFile(globalConfigFile(context), encodeText(text), 0o644);
}
