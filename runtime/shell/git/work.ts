// git status add rm mv commit restore reset clean stash: the index and the working tree.
import * as git from 'isomorphic-git';
import { absolutePath, parseOptions, ToolFailure } from '../tool.ts';
import { readAll } from '../tool.ts';
import { decodeText } from '../text.ts';
import { changesBetween, countChange, summary } from './compare.ts';
import {
  currentBranch,
  FATAL,
  type FileState,
  fileStates,
  isChanged,
  isStaged,
  isUntracked,
  readAuthor,
  type Repository,
  requireCommit,
  resolveCommit,
  shownPath,
  treePath,
} from './repository.ts';

export type GitCommand = (repository: Repository, args: readonly string[]) => Promise<number>;

export const status: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, '', { short: 's', branch: 'b', porcelain: 's' });
  const states = await fileStates(repository, operands.length === 0 ? undefined : operands.map((name) => treePath(repository, name)));
  const branch = await currentBranch(repository);
  const head = await resolveCommit(repository, 'HEAD');
  if (flags.has('s')) {
    if (flags.has('b')) repository.context.write(`## ${branch ?? 'HEAD (no branch)'}\n`);
    for (const line of shortLines(repository, states)) repository.context.write(`${line}\n`);
    return 0;
  }
  writeLongStatus(repository, { states, branch, head });
  return 0;
};

function letters(state: FileState): string {
  if (isUntracked(state)) return '??';
  const { head, workdir, stage } = state;
  const index = head === 0 && stage !== 0 ? 'A' : stage === 0 ? 'D' : stage === 1 ? ' ' : 'M';
  const tree = stage === 0 ? (workdir === 0 ? ' ' : '?') : workdir === 0 ? 'D' : isChanged(state) ? 'M' : ' ';
  return index + tree;
}

function shortLines(repository: Repository, states: readonly FileState[]): string[] {
  const changed = states.filter((state) => isStaged(state) || isChanged(state));
  const untracked = collapse(states.filter(isUntracked), states);
  return [
    ...changed.map((state) => `${letters(state)} ${shownPath(repository, state.path)}`),
    ...untracked.map((path) => `?? ${shownPath(repository, path)}${path.endsWith('/') ? '/' : ''}`),
  ];
}

/** A folder without a tracked file is shown as a whole. */
function collapse(untracked: readonly FileState[], all: readonly FileState[]): string[] {
  const tracked = all.filter((state) => !isUntracked(state)).map(({ path }) => path);
  const shown = new Set<string>();
  for (const { path } of untracked) {
    const parts = path.split('/');
    let found = path;
    for (let depth = 1; depth < parts.length; depth++) {
      const folder = `${parts.slice(0, depth).join('/')}/`;
      if (tracked.some((file) => file.startsWith(folder))) continue;
      found = folder;
      break;
    }
    shown.add(found);
  }
  return [...shown];
}

function writeLongStatus(
  repository: Repository,
  { states, branch, head }: { states: readonly FileState[]; branch: string | null; head: string | null },
): void {
  const { write, isTerminal } = repository.context;
  const paint = (code: string, text: string): string => (isTerminal ? `\u001b[${code}m${text}\u001b[m` : text);
  write(branch === null ? `HEAD detached at ${head?.slice(0, 7) ?? 'nothing'}\n` : `On branch ${branch}\n`);
  if (head === null) write('\nNo commits yet\n');
  const show = (path: string): string => `${shownPath(repository, path)}${path.endsWith('/') ? '/' : ''}`;
  const staged = states.filter(isStaged);
  if (staged.length > 0) {
    write(
      `\nChanges to be committed:\n${head === null ? '  (use "git rm --cached <file>..." to unstage)' : '  (use "git restore --staged <file>..." to unstage)'}\n`,
    );
    for (const state of staged)
      write(
        `\t${paint('32', `${state.head === 0 ? 'new file:   ' : state.stage === 0 ? 'deleted:    ' : 'modified:   '}${show(state.path)}`)}\n`,
      );
  }
  const changed = states.filter(isChanged);
  if (changed.length > 0) {
    write(
      '\nChanges not staged for commit:\n  (use "git add <file>..." to update what will be committed)\n  (use "git restore <file>..." to discard changes in working directory)\n',
    );
    for (const state of changed) write(`\t${paint('31', `${state.workdir === 0 ? 'deleted:    ' : 'modified:   '}${show(state.path)}`)}\n`);
  }
  const untracked = collapse(states.filter(isUntracked), states);
  if (untracked.length > 0) {
    write('\nUntracked files:\n  (use "git add <file>..." to include in what will be committed)\n');
    for (const path of untracked) write(`\t${paint('31', show(path))}\n`);
  }
  if (staged.length === 0) {
    const hint =
      changed.length > 0
        ? '\nno changes added to commit (use "git add" and/or "git commit -a")'
        : untracked.length > 0
          ? '\nnothing added to commit but untracked files present (use "git add" to track)'
          : head === null
            ? '\nnothing to commit (create/copy files and use "git add" to track)'
            : 'nothing to commit, working tree clean';
    write(`${hint}\n`);
  } else write('\n');
}

export const add: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, '', { all: 'A', update: 'u', force: 'f', verbose: 'v' });
  const wantsAll = flags.has('A') || flags.has('u');
  if (operands.length === 0 && !wantsAll)
    throw new ToolFailure("Nothing specified, nothing added.\nhint: Maybe you wanted to say 'git add .'?", 0);
  const paths = operands.length === 0 ? ['.'] : operands.map((name) => treePath(repository, name));
  const states = await fileStates(repository, paths);
  for (const [index, path] of paths.entries()) {
    const exists = repository.context.fs.access(absolutePath(repository.dir, path), 0) === 0;
    if (!exists && !states.some((state) => state.path === path || state.path.startsWith(`${path}/`)))
      throw new ToolFailure(`fatal: pathspec '${operands[index] ?? path}' did not match any files`, FATAL);
    const isIgnored = path !== '.' && !flags.has('f') && exists && (await git.isIgnored({ ...repository.base, filepath: path }));
    if (isIgnored && !states.some((state) => state.path === path))
      throw new ToolFailure(
        `The following paths are ignored by one of your .gitignore files:\n${path}\nhint: Use -f if you really want to add them.`,
        1,
      );
    if (flags.has('f') && exists) await git.add({ ...repository.base, filepath: path, force: true });
  }
  for (const state of states) await stage(repository, state, flags.has('u'));
  return 0;
};

async function stage({ base }: Repository, state: FileState, onlyTracked: boolean): Promise<void> {
  const { path, workdir, stage: staged } = state;
  if (workdir === 0 && staged !== 0) await git.remove({ ...base, filepath: path });
  else if (workdir !== 0 && (isChanged(state) || (staged === 0 && !onlyTracked) || workdir === 2))
    await git.add({ ...base, filepath: path });
}

export const rm: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, '', { cached: 'cached', recursive: 'r', force: 'f', quiet: 'q' });
  const states = await fileStates(repository);
  for (const name of operands) {
    const path = treePath(repository, name);
    const found = states.filter(
      (state) => state.stage !== 0 && (state.path === path || (flags.has('r') && (path === '.' || state.path.startsWith(`${path}/`)))),
    );
    if (found.length === 0)
      throw new ToolFailure(
        states.some((state) => state.path.startsWith(`${path}/`))
          ? `fatal: not removing '${name}' recursively without -r`
          : `fatal: pathspec '${name}' did not match any files`,
        FATAL,
      );
    for (const state of found) {
      if (!flags.has('cached') && !flags.has('f') && (isChanged(state) || isStaged(state)))
        throw new ToolFailure(
          `error: the following file has local modifications:\n    ${state.path}\n(use --cached to keep the file, or -f to force removal)`,
          1,
        );
      await git.remove({ ...repository.base, filepath: state.path });
      if (!flags.has('cached')) repository.context.fs.unlink(absolutePath(repository.dir, state.path));
      if (!flags.has('q')) repository.context.write(`rm '${state.path}'\n`);
    }
  }
  return 0;
};

export const mv: GitCommand = async (repository, args) => {
  const { operands } = parseOptions(args);
  const target = operands.pop();
  const [source] = operands;
  if (target === undefined || source === undefined) throw new ToolFailure('usage: git mv <source> <destination>', 129);
  const { fs } = repository.context;
  const isInto = Array.isArray(fs.readdir(absolutePath(repository.context.cwd, target)));
  for (const name of operands) {
    const from = treePath(repository, name);
    const to = isInto
      ? `${treePath(repository, target)}/${from.slice(from.lastIndexOf('/') + 1)}`.replace(/^\.\//, '')
      : treePath(repository, target);
    const tracked = (await fileStates(repository, [from])).filter(({ stage: staged }) => staged !== 0);
    if (tracked.length === 0) throw new ToolFailure(`fatal: not under version control, source=${name}, destination=${target}`, FATAL);
    const result = fs.rename(absolutePath(repository.dir, from), absolutePath(repository.dir, to));
    if (result < 0) throw new ToolFailure(`fatal: renaming '${name}' failed`, FATAL);
    for (const { path } of tracked) {
      await git.remove({ ...repository.base, filepath: path });
      await git.add({ ...repository.base, filepath: to + path.slice(from.length) });
    }
  }
  return 0;
};

export const commit: GitCommand = async (repository, args) => {
  const { flags, all } = parseOptions(args, 'mFC', {
    message: 'm',
    all: 'a',
    amend: 'amend',
    'allow-empty': 'allow-empty',
    quiet: 'q',
    file: 'F',
    'no-verify': 'n',
    'no-edit': 'no-edit',
    author: 'author=',
  });
  const { context, base } = repository;
  if (flags.has('a')) for (const state of await fileStates(repository)) await stage(repository, state, true);
  const head = await resolveCommit(repository, 'HEAD');
  const isAmend = flags.has('amend');
  const before = isAmend && head !== null ? await git.readCommit({ ...base, oid: head }) : null;
  const staged = (await fileStates(repository)).filter(isStaged);
  if (staged.length === 0 && !isAmend && !flags.has('allow-empty')) {
    await status(repository, []);
    return 1;
  }
  let message = (all.get('m') ?? []).join('\n\n');
  const file = all.get('F')?.[0];
  if (file !== undefined) message = file === '-' ? decodeText(readAll(context)) : readMessage(repository, file);
  if (message === '') message = before?.commit.message ?? '';
  if (message.trim() === '')
    throw new ToolFailure(
      all.has('m') ? 'Aborting commit due to empty commit message.' : 'error: there is no editor in the tab; give the message with -m',
      1,
    );
  const author = await readAuthor(repository);
  const oid = (await git.commit({
    ...base,
    message,
    author,
    committer: await readAuthor(repository, 'COMMITTER'),
    ...(isAmend && { amend: true }),
  })) as string;
  if (flags.has('q')) return 0;
  const parent = before === null ? head : (before.commit.parent[0] ?? null);
  const changes = await changesBetween(repository, { kind: 'commit', oid: parent }, { kind: 'commit', oid });
  const branch = await currentBranch(repository);
  context.write(
    `[${branch ?? 'detached HEAD'} ${parent === null ? '(root-commit) ' : ''}${oid.slice(0, 7)}] ${message.split('\n')[0] ?? ''}\n`,
  );
  if (changes.length > 0) context.write(summary(changes.map(countChange)));
  for (const { path, before: old, after } of changes) {
    if (old === null) context.write(` create mode ${after?.mode ?? '100644'} ${path}\n`);
    else if (after === null) context.write(` delete mode ${old.mode} ${path}\n`);
  }
  return 0;
};

function readMessage({ context }: Repository, file: string): string {
  const bytes = context.fs.readFile(absolutePath(context.cwd, file));
  if (typeof bytes === 'number') throw new ToolFailure(`fatal: could not read log file '${file}'`, FATAL);
  return decodeText(bytes);
}

export const restore: GitCommand = async (repository, args) => {
  const { flags, values, operands } = parseOptions(args, 's', { staged: 'S', worktree: 'W', source: 's' });
  if (operands.length === 0) throw new ToolFailure('fatal: you must specify path(s) to restore', FATAL);
  const source = values.get('s');
  for (const name of operands) {
    const path = treePath(repository, name);
    if (flags.has('S')) await resetPaths(repository, source ?? 'HEAD', [path]);
    if (!flags.has('S') || flags.has('W')) await restoreFiles(repository, path, source ?? null);
  }
  return 0;
};

/** Takes files from the index, or from a commit. */
export async function restoreFiles(repository: Repository, path: string, source: string | null): Promise<void> {
  const { base } = repository;
  if (source !== null) {
    await git.checkout({
      ...base,
      ref: await requireCommit(repository, source),
      filepaths: path === '.' ? undefined : [path],
      force: true,
      noUpdateHead: true,
    });
    return;
  }
  const states = (await fileStates(repository, [path])).filter(({ stage: staged }) => staged !== 0);
  if (states.length === 0) throw new ToolFailure(`error: pathspec '${path}' did not match any file(s) known to git`, 1);
  for (const state of states) {
    if (!isChanged(state)) continue;
    const content = await indexContent(repository, state.path);
    if (content !== null) writeTracked(repository, state.path, content.bytes, content.mode);
  }
}

async function indexContent({ base }: Repository, path: string): Promise<{ bytes: Uint8Array; mode: number } | null> {
  let found: { bytes: Uint8Array; mode: number } | null = null;
  await git.walk({
    ...base,
    trees: [git.STAGE()],
    map: async (filepath: string, [entry]: ({ oid(): Promise<string | undefined>; mode(): Promise<number> } | null)[]) => {
      if (filepath !== '.' && filepath !== path && !path.startsWith(`${filepath}/`)) return null;
      if (filepath !== path || entry === null || entry === undefined) return undefined;
      const oid = await entry.oid();
      if (oid !== undefined)
        found = { bytes: ((await git.readBlob({ ...base, oid })) as { blob: Uint8Array }).blob, mode: await entry.mode() };
      return undefined;
    },
  });
  return found;
}

function writeTracked({ context, dir }: Repository, path: string, bytes: Uint8Array, mode: number): void {
  const full = absolutePath(dir, path);
  context.fs.mkdirAll(full.slice(0, full.lastIndexOf('/')) || '/', 0o755);
  context.fs.unlink(full);
  if ((mode & 0o170000) === 0o120000) context.fs.symlink(decodeText(bytes), full);
  else context.fs.writeFile(full, bytes, (mode & 0o111) !== 0 ? 0o755 : 0o644);
}

async function resetPaths(repository: Repository, ref: string, paths: readonly string[]): Promise<void> {
  const oid = await resolveCommit(repository, ref);
  for (const state of await fileStates(repository, paths)) {
    if (!isStaged(state) && ref === 'HEAD') continue;
    if (oid === null) await git.remove({ ...repository.base, filepath: state.path });
    else await git.resetIndex({ ...repository.base, filepath: state.path, ref: oid });
  }
}

export const reset: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, '', { hard: 'hard', soft: 'soft', mixed: 'mixed', quiet: 'q' });
  const { base, context } = repository;
  const [first] = operands;
  const oid = first === undefined ? await resolveCommit(repository, 'HEAD') : await resolveCommit(repository, first);
  const paths = oid !== null && first !== undefined ? operands.slice(1) : operands;
  if (paths.length > 0 || (oid === null && first !== undefined)) {
    await resetPaths(
      repository,
      oid !== null && first !== undefined && operands.length > 1 ? first : 'HEAD',
      paths.map((name) => treePath(repository, name)),
    );
    return 0;
  }
  if (oid === null) throw new ToolFailure("fatal: Failed to resolve 'HEAD' as a valid revision.", FATAL);
  const before = flags.has('hard') ? ((await git.listFiles({ ...base })) as string[]) : [];
  const branch = await currentBranch(repository);
  if (branch === null) await git.writeRef({ ...base, ref: 'HEAD', value: oid, force: true });
  else await git.writeRef({ ...base, ref: `refs/heads/${branch}`, value: oid, force: true });
  if (flags.has('soft')) return 0;
  if (flags.has('hard')) {
    await git.checkout({ ...base, ref: branch ?? oid, force: true });
    const kept = new Set((await git.listFiles({ ...base, ref: oid })) as string[]);
    // What only the index knew goes away with it.
    for (const path of before) {
      if (kept.has(path)) continue;
      await git.remove({ ...base, filepath: path });
      context.fs.unlink(absolutePath(repository.dir, path));
    }
    const { commit: at } = await git.readCommit({ ...base, oid });
    if (!flags.has('q')) context.write(`HEAD is now at ${oid.slice(0, 7)} ${at.message.split('\n')[0] ?? ''}\n`);
    return 0;
  }
  for (const state of await fileStates(repository)) await git.resetIndex({ ...base, filepath: state.path, ref: oid });
  const changed = (await fileStates(repository)).filter(isChanged);
  if (changed.length > 0 && !flags.has('q'))
    context.write(
      `Unstaged changes after reset:\n${changed.map(({ path, workdir }) => `${workdir === 0 ? 'D' : 'M'}\t${path}\n`).join('')}`,
    );
  return 0;
};

export const clean: GitCommand = async (repository, args) => {
  const { flags } = parseOptions(args);
  if (!flags.has('f') && !flags.has('n'))
    throw new ToolFailure('fatal: clean.requireForce is true and -f not given: refusing to clean', FATAL);
  const states = await fileStates(repository);
  for (const path of collapse(states.filter(isUntracked), states)) {
    if (path.endsWith('/') && !flags.has('d')) continue;
    repository.context.write(
      `${flags.has('n') ? 'Would remove' : 'Removing'} ${shownPath(repository, path)}${path.endsWith('/') ? '/' : ''}\n`,
    );
    if (!flags.has('n')) repository.context.fs.removeAll(absolutePath(repository.dir, path.replace(/\/$/, '')));
  }
  return 0;
};

export const stash: GitCommand = async (repository, args) => {
  const [operation = 'push', ...rest] = args[0]?.startsWith('-') === true ? ['push', ...args] : args;
  const { context, base } = repository;
  const index = Number(
    /stash@\{(\d+)\}|^(\d+)$/
      .exec(rest.find((arg) => !arg.startsWith('-')) ?? '0')
      ?.slice(1)
      .find((part) => part !== undefined) ?? 0,
  );
  await readAuthor(repository);
  switch (operation) {
    case 'push':
    case 'save': {
      const { values } = parseOptions(rest, 'm', { message: 'm' });
      const states = await fileStates(repository);
      if (!states.some((state) => isStaged(state) || isChanged(state))) {
        context.write('No local changes to save\n');
        return 0;
      }
      const message = values.get('m') ?? (operation === 'save' ? rest.join(' ') : '');
      await withAuthor(repository);
      await git.stash({ ...base, op: 'push', ...(message !== '' && { message }) });
      const branch = await currentBranch(repository);
      context.write(
        `Saved working directory and index state ${message === '' ? 'WIP ' : ''}on ${branch ?? '(no branch)'}${message === '' ? '' : `: ${message}`}\n`,
      );
      return 0;
    }
    case 'list': {
      const lines = (await git.stash({ ...base, op: 'list' })) as unknown;
      for (const line of Array.isArray(lines) ? (lines as string[]) : String(lines ?? '').split('\n'))
        if (line.trim() !== '') context.write(`${line.replace(/\s*$/, '')}\n`);
      return 0;
    }
    case 'pop':
    case 'apply':
    case 'drop':
      await git.stash({ ...base, op: operation, refIdx: index });
      if (operation !== 'drop') await status(repository, []);
      if (operation !== 'apply') context.write(`Dropped refs/stash@{${index}}\n`);
      return 0;
    case 'clear':
      await git.stash({ ...base, op: 'clear' });
      return 0;
    default:
      throw new ToolFailure(`fatal: subcommand wasn't specified; '${operation}' is not a stash command`, 129);
  }
};

/** isomorphic-git's stash takes the author from the repository's own configuration only. */
async function withAuthor(repository: Repository): Promise<void> {
  const { name, email } = await readAuthor(repository);
  for (const [path, value] of [
    ['user.name', name],
    ['user.email', email],
  ] as const) {
    if (((await git.getConfig({ ...repository.base, path })) as string | undefined) === undefined)
      await git.setConfig({ ...repository.base, path, value });
  }
}
