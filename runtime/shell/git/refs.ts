// git branch checkout switch merge tag: names for commits, and moving between them.
import * as git from 'isomorphic-git';
import { absolutePath, parseOptions, ToolFailure } from '../tool.ts';
import { changesBetween, countChange, statLines } from './compare.ts';
import {
  currentBranch,
  FATAL,
  fileStates,
  isChanged,
  isStaged,
  readAuthor,
  type Repository,
  requireCommit,
  resolveCommit,
  treePath,
} from './repository.ts';
import { type GitCommand, restoreFiles } from './work.ts';

export const branch: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, 'u', {
    delete: 'd',
    force: 'f',
    move: 'm',
    list: 'l',
    all: 'a',
    remotes: 'r',
    'show-current': 'show-current',
    verbose: 'v',
    'set-upstream-to': 'u',
  });
  const { base, context } = repository;
  const current = await currentBranch(repository);
  if (flags.has('show-current')) {
    if (current !== null) context.write(`${current}\n`);
    return 0;
  }
  if (flags.has('d') || flags.has('D')) {
    for (const name of operands) await deleteBranch(repository, name, current);
    return 0;
  }
  if (flags.has('m') || flags.has('M')) {
    const [oldName, newName] = operands.length > 1 ? operands : [current ?? '', operands[0]];
    if (newName === undefined) throw new ToolFailure('fatal: branch name required', FATAL);
    await git.renameBranch({ ...base, oldref: oldName, ref: newName, checkout: oldName === current });
    return 0;
  }
  const [name, start] = operands;
  if (name !== undefined && !flags.has('l')) {
    if (((await git.listBranches({ ...base })) as string[]).includes(name) && !flags.has('f'))
      throw new ToolFailure(`fatal: a branch named '${name}' already exists`, FATAL);
    await git.branch({ ...base, ref: name, object: await requireCommit(repository, start ?? 'HEAD'), force: flags.has('f') });
    return 0;
  }
  await listBranches(repository, flags, current);
  return 0;
};

async function deleteBranch(repository: Repository, name: string, current: string | null): Promise<void> {
  const { base, context } = repository;
  if (name === current) throw new ToolFailure(`error: cannot delete branch '${name}' used by worktree at '${repository.dir}'`, 1);
  const oid = await resolveCommit(repository, `refs/heads/${name}`);
  if (oid === null) throw new ToolFailure(`error: branch '${name}' not found`, 1);
  await git.deleteBranch({ ...base, ref: name });
  context.write(`Deleted branch ${name} (was ${oid.slice(0, 7)}).\n`);
}

async function listBranches(repository: Repository, flags: ReadonlySet<string>, current: string | null): Promise<void> {
  const { base, context } = repository;
  const paint = (code: string, text: string): string => (context.isTerminal ? `\u001b[${code}m${text}\u001b[m` : text);
  const detail = async (ref: string): Promise<string> => {
    if (!flags.has('v')) return '';
    const oid = await requireCommit(repository, ref);
    const { commit } = await git.readCommit({ ...base, oid });
    return ` ${oid.slice(0, 7)} ${commit.message.split('\n')[0] ?? ''}`;
  };
  if (!flags.has('r')) {
    if (current === null)
      context.write(`* ${paint('32', `(HEAD detached at ${(await requireCommit(repository, 'HEAD')).slice(0, 7)})`)}\n`);
    for (const name of ((await git.listBranches({ ...base })) as string[]).sort())
      context.write(`${name === current ? `* ${paint('32', name)}` : `  ${name}`}${await detail(`refs/heads/${name}`)}\n`);
  }
  if (!flags.has('r') && !flags.has('a')) return;
  for (const { remote } of (await git.listRemotes({ ...base })) as { remote: string }[])
    for (const name of ((await git.listBranches({ ...base, remote })) as string[]).sort())
      if (name !== 'HEAD') context.write(`  ${paint('31', `${flags.has('a') ? 'remotes/' : ''}${remote}/${name}`)}\n`);
}

export const checkout: GitCommand = async (repository, args) => {
  const { flags, values, operands } = parseOptions(args, 'bB', { force: 'f', quiet: 'q', detach: 'detach', orphan: 'orphan=' });
  const created = values.get('b') ?? values.get('B');
  if (created !== undefined)
    return moveTo(repository, created, {
      isNew: true,
      start: operands[0] ?? 'HEAD',
      isForced: flags.has('f'),
      isReset: values.has('B'),
      isQuiet: flags.has('q'),
    });
  const separator = args.indexOf('--');
  const [name, ...rest] = operands;
  const isRevision =
    name !== undefined &&
    separator !== 0 &&
    ((await resolveCommit(repository, name)) !== null || name === '-' || (await remoteBranch(repository, name)) !== null);
  if (name === undefined || !isRevision || rest.length > 0) {
    for (const path of isRevision ? rest : operands)
      await restoreFiles(repository, treePath(repository, path), isRevision ? (name ?? null) : null);
    return 0;
  }
  return moveTo(repository, name, { isNew: false, start: null, isForced: flags.has('f'), isReset: false, isQuiet: flags.has('q') });
};

export const switchBranch: GitCommand = async (repository, args) => {
  const { flags, values, operands } = parseOptions(args, 'cC', {
    create: 'c',
    'force-create': 'C',
    detach: 'd',
    force: 'f',
    'discard-changes': 'f',
    quiet: 'q',
  });
  const created = values.get('c') ?? values.get('C');
  if (created !== undefined)
    return moveTo(repository, created, {
      isNew: true,
      start: operands[0] ?? 'HEAD',
      isForced: flags.has('f'),
      isReset: values.has('C'),
      isQuiet: flags.has('q'),
    });
  const [name] = operands;
  if (name === undefined) throw new ToolFailure('fatal: missing branch or commit argument', FATAL);
  const isBranch =
    name === '-' ||
    ((await git.listBranches({ ...repository.base })) as string[]).includes(name) ||
    (await remoteBranch(repository, name)) !== null;
  if (!isBranch && !flags.has('d'))
    throw new ToolFailure(
      (await resolveCommit(repository, name)) === null
        ? `fatal: invalid reference: ${name}`
        : `fatal: a branch is expected, got commit '${name}'\nhint: If you want to detach HEAD at the commit, try again with the --detach option.`,
      FATAL,
    );
  return moveTo(repository, name, { isNew: false, start: null, isForced: flags.has('f'), isReset: false, isQuiet: flags.has('q') });
};

interface Move {
  readonly isNew: boolean;
  readonly start: string | null;
  readonly isForced: boolean;
  readonly isReset: boolean;
  readonly isQuiet: boolean;
}

const PREVIOUS = 'verklet.previousBranch';

async function moveTo(repository: Repository, wanted: string, { isNew, start, isForced, isReset, isQuiet }: Move): Promise<number> {
  const { base, context } = repository;
  const say = (text: string): void => void (isQuiet || context.writeError(text));
  const before = await currentBranch(repository);
  const name = wanted === '-' ? (((await git.getConfig({ ...base, path: PREVIOUS })) as string | undefined) ?? '') : wanted;
  const branches = (await git.listBranches({ ...base })) as string[];
  if (isNew) {
    if (branches.includes(name) && !isReset) throw new ToolFailure(`fatal: a branch named '${name}' already exists`, FATAL);
    const oid = await resolveCommit(repository, start ?? 'HEAD');
    if (oid === null && start !== 'HEAD')
      throw new ToolFailure(`fatal: '${start ?? ''}' is not a commit and a branch '${name}' cannot be created from it`, FATAL);
    if (oid === null) await git.writeRef({ ...base, ref: 'HEAD', value: `refs/heads/${name}`, symbolic: true, force: true });
    else {
      await git.writeRef({ ...base, ref: `refs/heads/${name}`, value: oid, force: true });
      if (oid === (await resolveCommit(repository, 'HEAD')))
        await git.writeRef({ ...base, ref: 'HEAD', value: `refs/heads/${name}`, symbolic: true, force: true });
      else await checkoutRef(repository, name, isForced);
    }
    say(`Switched to a new branch '${name}'\n`);
  } else if (branches.includes(name)) {
    if (name === before) {
      say(`Already on '${name}'\n`);
      return 0;
    }
    await checkoutRef(repository, name, isForced);
    say(`Switched to branch '${name}'\n`);
  } else {
    const remote = await remoteBranch(repository, name);
    if (remote !== null) {
      await git.checkout({ ...base, ref: name, remote, track: true, force: isForced });
      say(`branch '${name}' set up to track '${remote}/${name}'.\nSwitched to a new branch '${name}'\n`);
    } else {
      const oid = await resolveCommit(repository, name);
      if (oid === null) throw new ToolFailure(`error: pathspec '${name}' did not match any file(s) known to git`, 1);
      await checkoutRef(repository, oid, isForced);
      say(`Note: switching to '${name}'.\n\nYou are in 'detached HEAD' state.\n\nHEAD is now at ${oid.slice(0, 7)}\n`);
    }
  }
  if (before !== null) await git.setConfig({ ...base, path: PREVIOUS, value: before });
  return 0;
}

/** Local changes come along where the target has the same file; otherwise nothing is touched. */
async function checkoutRef(repository: Repository, ref: string, isForced: boolean): Promise<void> {
  const { base, context, dir } = repository;
  if (isForced) return void (await git.checkout({ ...base, ref, force: true }));
  const target = await requireCommit(repository, ref);
  const changed = (await fileStates(repository)).filter((state) => isChanged(state) || isStaged(state));
  const differing = new Set(
    (
      await changesBetween(repository, { kind: 'commit', oid: await resolveCommit(repository, 'HEAD') }, { kind: 'commit', oid: target })
    ).map(({ path }) => path),
  );
  const conflicts = changed.filter(({ path }) => differing.has(path));
  if (conflicts.length > 0)
    throw new ToolFailure(
      `error: Your local changes to the following files would be overwritten by checkout:\n${conflicts.map(({ path }) => `\t${path}\n`).join('')}Please commit your changes or stash them before you switch branches.\nAborting`,
      1,
    );
  const kept = changed
    .filter(({ workdir }) => workdir !== 0)
    .map(({ path }) => ({ path, bytes: context.fs.readFile(absolutePath(dir, path)) }));
  await git.checkout({ ...base, ref, force: true });
  for (const { path, bytes } of kept) if (typeof bytes !== 'number') context.fs.writeFile(absolutePath(dir, path), bytes, 0o644);
  for (const state of changed) if (isStaged(state) && state.workdir !== 0) await git.add({ ...base, filepath: state.path });
}

async function remoteBranch({ base }: Repository, name: string): Promise<string | null> {
  for (const { remote } of (await git.listRemotes({ ...base })) as { remote: string }[])
    if (((await git.listBranches({ ...base, remote })) as string[]).includes(name)) return remote;
  return null;
}

export const merge: GitCommand = async (repository, args) => {
  const { flags, values, operands } = parseOptions(args, 'm', { 'ff-only': 'ff-only', 'no-ff': 'no-ff', message: 'm', abort: 'abort' });
  const { base, context } = repository;
  if (flags.has('abort')) {
    await git.abortMerge({ ...base });
    return 0;
  }
  const [name] = operands;
  if (name === undefined) throw new ToolFailure('fatal: No remote for the current branch.', FATAL);
  return mergeCommit(repository, name, {
    onlyFastForward: flags.has('ff-only'),
    noFastForward: flags.has('no-ff'),
    message: values.get('m') ?? null,
    say: (text) => context.write(text),
  });
};

export async function mergeCommit(
  repository: Repository,
  name: string,
  {
    onlyFastForward,
    noFastForward,
    message,
    say,
  }: { onlyFastForward: boolean; noFastForward: boolean; message: string | null; say: (text: string) => void },
): Promise<number> {
  const { base } = repository;
  const theirs = await resolveCommit(repository, name);
  if (theirs === null) throw new ToolFailure(`merge: ${name} - not something we can merge`, 1);
  const ours = await requireCommit(repository, 'HEAD');
  const changed = (await fileStates(repository)).filter((state) => isStaged(state) || isChanged(state));
  const incoming = new Set(
    (await changesBetween(repository, { kind: 'commit', oid: ours }, { kind: 'commit', oid: theirs })).map(({ path }) => path),
  );
  const touched = changed.filter(({ path }) => incoming.has(path));
  if (touched.length > 0)
    throw new ToolFailure(
      `error: Your local changes to the following files would be overwritten by merge:\n${touched.map(({ path }) => `\t${path}\n`).join('')}Please commit your changes or stash them before you merge.\nAborting`,
      1,
    );
  const branchName = await currentBranch(repository);
  try {
    const result = (await git.merge({
      ...base,
      ours: branchName ?? ours,
      theirs: theirs,
      fastForward: !noFastForward,
      fastForwardOnly: onlyFastForward,
      abortOnConflict: false,
      message:
        message ??
        `Merge branch '${name}'${branchName === 'main' || branchName === 'master' || branchName === null ? '' : ` into ${branchName}`}\n`,
      author: await readAuthor(repository),
      committer: await readAuthor(repository, 'COMMITTER'),
    })) as { alreadyMerged?: boolean; fastForward?: boolean; oid?: string };
    if (result.alreadyMerged === true) {
      say('Already up to date.\n');
      return 0;
    }
    await git.checkout({ ...base, ref: branchName ?? result.oid ?? 'HEAD', force: touched.length === 0 && changed.length === 0 });
    const changes = await changesBetween(repository, { kind: 'commit', oid: ours }, { kind: 'commit', oid: result.oid ?? theirs });
    say(
      result.fastForward === true
        ? `Updating ${ours.slice(0, 7)}..${theirs.slice(0, 7)}\nFast-forward\n`
        : "Merge made by the 'ort' strategy.\n",
    );
    if (changes.length > 0) say(statLines(changes.map(countChange)));
    return 0;
  } catch (error) {
    return explainMerge(error, say);
  }
}

function explainMerge(error: unknown, say: (text: string) => void): number {
  const { code, data } = error as { code?: string; data?: { filepaths?: readonly string[] } };
  if (code === 'FastForwardError') throw new ToolFailure('fatal: Not possible to fast-forward, aborting.', FATAL);
  if (code === 'MergeConflictError') {
    for (const path of data?.filepaths ?? []) say(`Auto-merging ${path}\nCONFLICT (content): Merge conflict in ${path}\n`);
    say('Automatic merge failed; fix conflicts and then commit the result.\n');
    return 1;
  }
  throw error;
}

export const tag: GitCommand = async (repository, args) => {
  const { flags, values, operands } = parseOptions(args, 'mn', { annotate: 'a', message: 'm', delete: 'd', list: 'l', force: 'f' });
  const { base, context } = repository;
  const [name, target] = operands;
  if (flags.has('d')) {
    for (const one of operands) {
      const oid = await resolveCommit(repository, `refs/tags/${one}`);
      if (oid === null) throw new ToolFailure(`error: tag '${one}' not found.`, 1);
      await git.deleteTag({ ...base, ref: one });
      context.write(`Deleted tag '${one}' (was ${oid.slice(0, 7)})\n`);
    }
    return 0;
  }
  if (name === undefined || flags.has('l')) {
    for (const one of ((await git.listTags({ ...base })) as string[]).sort()) context.write(`${one}\n`);
    return 0;
  }
  if (((await git.listTags({ ...base })) as string[]).includes(name) && !flags.has('f'))
    throw new ToolFailure(`fatal: tag '${name}' already exists`, FATAL);
  const object = await requireCommit(repository, target ?? 'HEAD');
  const message = values.get('m');
  if (message === undefined && !flags.has('a')) await git.tag({ ...base, ref: name, object, force: flags.has('f') });
  else
    await git.annotatedTag({
      ...base,
      ref: name,
      object,
      message: message ?? name,
      tagger: await readAuthor(repository, 'COMMITTER'),
      force: flags.has('f'),
    });
  return 0;
};
