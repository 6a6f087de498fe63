// git log show diff rev-parse ls-files cat-file blame-less history: what was.
import * as git from 'isomorphic-git';
import { parseOptions, ToolFailure } from '../tool.ts';
import { formatDate } from '../tools/date.ts';
import { changesBetween, type Change, countChange, patchOf, type Side, statLines } from './compare.ts';
import { currentBranch, FATAL, type Repository, requireCommit, resolveCommit, treePath } from './repository.ts';
import type { GitCommand } from './work.ts';

interface LoggedCommit {
  readonly oid: string;
  readonly commit: {
    readonly message: string;
    readonly parent: readonly string[];
    readonly tree: string;
    readonly author: Person;
    readonly committer: Person;
  };
}

interface Person {
  readonly name: string;
  readonly email: string;
  readonly timestamp: number;
  readonly timezoneOffset: number;
}

export const log: GitCommand = async (repository, args) => {
  const plain = args.map((arg) => (/^-\d+$/.test(arg) ? `-n${arg.slice(1)}` : arg));
  const { flags, values, operands } = parseOptions(plain, 'n', {
    'max-count': 'n',
    oneline: 'oneline',
    format: 'format=',
    pretty: 'pretty=',
    patch: 'p',
    stat: 'stat',
    all: 'all',
    graph: 'graph',
    decorate: 'decorate',
    reverse: 'reverse',
    author: 'author=',
    grep: 'grep=',
    since: 'since=',
    follow: 'follow',
    'abbrev-commit': 'abbrev',
  });
  const { revisions, paths } = await splitRevisions(repository, operands, args.includes('--'));
  const [range = 'HEAD'] = revisions;
  const [from, to] = range.includes('..') ? range.split(/\.{2,3}/) : [null, range];
  const tip = await resolveCommit(repository, to === '' || to === undefined ? 'HEAD' : to);
  if (tip === null) {
    const branch = await currentBranch(repository);
    throw new ToolFailure(
      revisions.length > 0
        ? `fatal: ambiguous argument '${range}': unknown revision or path not in the working tree.`
        : `fatal: your current branch '${branch ?? 'HEAD'}' does not have any commits yet`,
      FATAL,
    );
  }
  let commits = (await git.log({ ...repository.base, ref: tip })) as LoggedCommit[];
  if (flags.has('all')) commits = await allCommits(repository, commits);
  if (from !== null && from !== undefined) {
    const excluded = new Set(
      ((await git.log({ ...repository.base, ref: await requireCommit(repository, from || 'HEAD') })) as LoggedCommit[]).map(
        ({ oid }) => oid,
      ),
    );
    commits = commits.filter(({ oid }) => !excluded.has(oid));
  }
  commits = commits.filter(
    ({ commit }) =>
      (!values.has('author') || `${commit.author.name} <${commit.author.email}>`.includes(values.get('author') ?? '')) &&
      (!values.has('grep') || commit.message.includes(values.get('grep') ?? '')),
  );
  if (paths.length > 0) commits = await touching(repository, commits, paths);
  commits = commits.slice(0, Number(values.get('n') ?? commits.length));
  if (flags.has('reverse')) commits.reverse();
  const names = await refNames(repository);
  const format = flags.has('oneline') ? 'oneline' : (values.get('format') ?? values.get('pretty') ?? 'medium');
  for (const [index, entry] of commits.entries()) {
    const isSeparated = index > 0 && !isOneLine(format);
    repository.context.write(`${isSeparated ? '\n' : ''}${describe(repository, entry, format, names)}`);
    if (!flags.has('p') && !flags.has('stat')) continue;
    const changes = await changesOf(repository, entry);
    repository.context.write(isOneLine(format) ? '' : '\n');
    if (flags.has('stat') && changes.length > 0) repository.context.write(statLines(changes.map(countChange)));
    if (flags.has('p')) for (const change of changes) repository.context.write(patchOf(change, repository.context.isTerminal));
  }
  return 0;
};

function isOneLine(format: string): boolean {
  return format === 'oneline' || format.startsWith('format:') || format.startsWith('tformat:') || format.includes('%');
}

async function allCommits(repository: Repository, first: readonly LoggedCommit[]): Promise<LoggedCommit[]> {
  const found = new Map(first.map((entry) => [entry.oid, entry]));
  for (const branch of (await git.listBranches({ ...repository.base })) as string[])
    for (const entry of (await git.log({ ...repository.base, ref: branch })) as LoggedCommit[]) found.set(entry.oid, entry);
  return [...found.values()].sort((a, b) => b.commit.committer.timestamp - a.commit.committer.timestamp);
}

async function touching(repository: Repository, commits: readonly LoggedCommit[], paths: readonly string[]): Promise<LoggedCommit[]> {
  const kept: LoggedCommit[] = [];
  for (const entry of commits) {
    const changes = await changesBetween(
      repository,
      { kind: 'commit', oid: entry.commit.parent[0] ?? null },
      { kind: 'commit', oid: entry.oid },
      paths,
    );
    if (changes.length > 0) kept.push(entry);
  }
  return kept;
}

function changesOf(repository: Repository, { oid, commit }: LoggedCommit): Promise<Change[]> {
  return changesBetween(repository, { kind: 'commit', oid: commit.parent[0] ?? null }, { kind: 'commit', oid });
}

/** Branches and tags by the commit they stand at, HEAD first. */
async function refNames(repository: Repository): Promise<Map<string, string[]>> {
  const names = new Map<string, string[]>();
  const add = (oid: string | null, name: string): void => void (oid !== null && names.set(oid, [...(names.get(oid) ?? []), name]));
  const branch = await currentBranch(repository);
  add(await resolveCommit(repository, 'HEAD'), branch === null ? 'HEAD' : `HEAD -> ${branch}`);
  for (const tag of (await git.listTags({ ...repository.base })) as string[])
    add(await resolveCommit(repository, `refs/tags/${tag}`), `tag: ${tag}`);
  for (const { remote } of (await git.listRemotes({ ...repository.base })) as { remote: string }[])
    for (const one of (await git.listBranches({ ...repository.base, remote })) as string[])
      add(await resolveCommit(repository, `refs/remotes/${remote}/${one}`), `${remote}/${one}`);
  for (const one of (await git.listBranches({ ...repository.base })) as string[])
    if (one !== branch) add(await resolveCommit(repository, `refs/heads/${one}`), one);
  return names;
}

function describe({ context }: Repository, entry: LoggedCommit, format: string, names: ReadonlyMap<string, readonly string[]>): string {
  const { oid, commit } = entry;
  const paint = (code: string, text: string): string => (context.isTerminal ? `\u001b[${code}m${text}\u001b[m` : text);
  const refs = names.get(oid) ?? [];
  const decoration = refs.length > 0 && context.isTerminal ? paint('33', ` (${refs.join(', ')})`) : '';
  const [subject = ''] = commit.message.split('\n');
  if (format === 'oneline') return `${paint('33', oid.slice(0, 7))}${decoration} ${subject}\n`;
  if (isOneLine(format)) return `${custom(entry, format.replace(/^t?format:/, ''), refs)}\n`;
  const merge = commit.parent.length > 1 ? `Merge: ${commit.parent.map((one) => one.slice(0, 7)).join(' ')}\n` : '';
  const message = commit.message
    .trimEnd()
    .split('\n')
    .map((line) => `    ${line}`)
    .join('\n');
  const date = format === 'short' ? '' : `Date:   ${gitDate(commit.author)}\n`;
  return `${paint('33', `commit ${oid}`)}${decoration}\n${merge}Author: ${commit.author.name} <${commit.author.email}>\n${date}\n${message}\n`;
}

function gitDate({ timestamp, timezoneOffset }: Person, format = '%a %b %-d %H:%M:%S %Y'): string {
  const local = new Date((timestamp - timezoneOffset * 60) * 1000);
  return `${formatDate(local, format, true)} ${zoneText(timezoneOffset)}`;
}

function zoneText(offset: number): string {
  const minutes = Math.abs(offset);
  return `${offset > 0 ? '-' : '+'}${String(Math.floor(minutes / 60)).padStart(2, '0')}${String(minutes % 60).padStart(2, '0')}`;
}

function custom({ oid, commit }: LoggedCommit, format: string, refs: readonly string[]): string {
  const [subject = '', ...rest] = commit.message.split('\n');
  const person = (prefix: string, one: Person): Record<string, string> => ({
    [`${prefix}n`]: one.name,
    [`${prefix}e`]: one.email,
    [`${prefix}d`]: gitDate(one),
    [`${prefix}t`]: String(one.timestamp),
    [`${prefix}I`]: `${formatDate(new Date((one.timestamp - one.timezoneOffset * 60) * 1000), '%Y-%m-%dT%H:%M:%S', true)}${zoneText(one.timezoneOffset).replace(/(\d\d)$/, ':$1')}`,
    [`${prefix}s`]: formatDate(new Date((one.timestamp - one.timezoneOffset * 60) * 1000), '%Y-%m-%d', true),
    [`${prefix}r`]: relativeTime(one.timestamp),
  });
  const parts: Readonly<Record<string, string>> = {
    H: oid,
    h: oid.slice(0, 7),
    T: commit.tree,
    P: commit.parent.join(' '),
    p: commit.parent.map((one) => one.slice(0, 7)).join(' '),
    s: subject,
    b: rest.join('\n').trim() === '' ? '' : `${rest.join('\n').trim()}\n`,
    B: commit.message,
    d: refs.length > 0 ? ` (${refs.join(', ')})` : '',
    D: refs.join(', '),
    n: '\n',
    '%': '%',
    ...person('a', commit.author),
    ...person('c', commit.committer),
  };
  return format.replaceAll(/%(?:C(?:\([^)]*\)|red|green|blue|reset|yellow)|([ac][neditIrs]|[HhTPpsbBdDn%]))/g, (whole, key?: string) =>
    key === undefined ? '' : (parts[key] ?? whole),
  );
}

function relativeTime(timestamp: number): string {
  const seconds = Math.max(0, Math.floor(Date.now() / 1000) - timestamp);
  for (const [unit, size] of [
    ['year', 31_536_000],
    ['month', 2_592_000],
    ['week', 604_800],
    ['day', 86_400],
    ['hour', 3600],
    ['minute', 60],
  ] as const) {
    const count = Math.floor(seconds / size);
    if (count > 0) return `${count} ${unit}${count === 1 ? '' : 's'} ago`;
  }
  return `${seconds} second${seconds === 1 ? '' : 's'} ago`;
}

/** Operands before `--` that name commits, and paths. */
async function splitRevisions(
  repository: Repository,
  operands: readonly string[],
  hasSeparator: boolean,
): Promise<{ revisions: string[]; paths: string[] }> {
  const revisions: string[] = [];
  const paths: string[] = [];
  for (const operand of operands) {
    const isRange = /\.{2,3}/.test(operand) && !/^\.{2}(?:\/|$)/.test(operand);
    if (paths.length === 0 && (isRange || (await resolveCommit(repository, operand)) !== null)) revisions.push(operand);
    else if (paths.length === 0 && !hasSeparator && repository.context.fs.access(`${repository.context.cwd}/${operand}`, 0) < 0)
      throw new ToolFailure(
        `fatal: ambiguous argument '${operand}': unknown revision or path not in the working tree.\nUse '--' to separate paths from revisions, like this:\n'git <command> [<revision>...] -- [<file>...]'`,
        FATAL,
      );
    else paths.push(treePath(repository, operand));
  }
  return { revisions, paths };
}

export const show: GitCommand = async (repository, args) => {
  const { flags, values, operands } = parseOptions(args, '', {
    stat: 'stat',
    format: 'format=',
    pretty: 'pretty=',
    'name-only': 'name-only',
    oneline: 'oneline',
    'no-patch': 's',
  });
  const { context, base } = repository;
  const [name = 'HEAD'] = operands;
  const blob = /^([^:]*):(.+)$/.exec(name);
  if (blob !== null) {
    const oid = await requireCommit(repository, blob[1] === '' ? 'HEAD' : (blob[1] ?? 'HEAD'));
    try {
      const { blob: bytes } = (await git.readBlob({ ...base, oid, filepath: treePath(repository, blob[2] ?? '') })) as {
        blob: Uint8Array;
      };
      context.write(bytes);
      return 0;
    } catch (error) {
      if ((error as { code?: string }).code === 'NotFoundError')
        throw new ToolFailure(`fatal: path '${blob[2] ?? ''}' does not exist in '${blob[1] ?? ''}'`, FATAL);
      throw error;
    }
  }
  const entry = (await git.readCommit({ ...base, oid: await requireCommit(repository, name) })) as LoggedCommit;
  context.write(
    describe(
      repository,
      entry,
      flags.has('oneline') ? 'oneline' : (values.get('format') ?? values.get('pretty') ?? 'medium'),
      await refNames(repository),
    ),
  );
  if (flags.has('s')) return 0;
  const changes = await changesOf(repository, entry);
  writeChanges(repository, changes, flags, !flags.has('oneline'));
  return 0;
};

function writeChanges({ context }: Repository, changes: readonly Change[], flags: ReadonlySet<string>, isSeparated: boolean): void {
  if (changes.length === 0) return;
  if (isSeparated) context.write('\n');
  if (flags.has('name-only')) for (const { path } of changes) context.write(`${path}\n`);
  else if (flags.has('name-status'))
    for (const { path, before, after } of changes) context.write(`${before === null ? 'A' : after === null ? 'D' : 'M'}\t${path}\n`);
  else if (flags.has('numstat'))
    for (const { path, added, removed } of changes.map(countChange)) context.write(`${added}\t${removed}\t${path}\n`);
  else if (flags.has('stat')) context.write(statLines(changes.map(countChange)));
  else for (const change of changes) context.write(patchOf(change, context.isTerminal));
}

export const diff: GitCommand = async (repository, args) => {
  const { flags, operands } = parseOptions(args, 'U', {
    cached: 'cached',
    staged: 'cached',
    stat: 'stat',
    'name-only': 'name-only',
    'name-status': 'name-status',
    numstat: 'numstat',
    'exit-code': 'exit-code',
    quiet: 'quiet',
  });
  const { revisions, paths } = await splitRevisions(repository, operands, args.includes('--'));
  const named = revisions.flatMap((revision) => (revision.includes('..') ? revision.split(/\.{2,3}/) : [revision]));
  const sides: Side[] = [];
  for (const name of named) sides.push({ kind: 'commit', oid: await requireCommit(repository, name === '' ? 'HEAD' : name) });
  const head: Side = { kind: 'commit', oid: await resolveCommit(repository, 'HEAD') };
  const [from = flags.has('cached') ? head : { kind: 'index' }, to = flags.has('cached') ? { kind: 'index' } : { kind: 'files' }] =
    sides as (Side | undefined)[];
  const changes = await changesBetween(repository, from, to, paths);
  if (!flags.has('quiet')) writeChanges(repository, changes, flags, false);
  return (flags.has('exit-code') || flags.has('quiet')) && changes.length > 0 ? 1 : 0;
};

export const revParse: GitCommand = async (repository, args) => {
  const { context, dir } = repository;
  let isShort = false;
  let isName = false;
  for (const arg of args) {
    if (arg === '--show-toplevel') context.write(`${dir}\n`);
    else if (arg === '--git-dir' || arg === '--absolute-git-dir')
      context.write(`${context.cwd === dir && arg === '--git-dir' ? '.git' : `${dir}/.git`}\n`);
    else if (arg === '--is-inside-work-tree') context.write('true\n');
    else if (arg === '--is-bare-repository') context.write('false\n');
    else if (arg === '--show-prefix') context.write(`${treePath(repository, '.') === '.' ? '' : `${treePath(repository, '.')}/`}\n`);
    else if (arg === '--short' || arg.startsWith('--short=')) isShort = true;
    else if (arg === '--abbrev-ref') isName = true;
    else if (arg === '--verify' || arg === '-q' || arg === '--quiet') continue;
    else if (isName) context.write(`${arg === 'HEAD' ? ((await currentBranch(repository)) ?? 'HEAD') : arg}\n`);
    else {
      const oid = await requireCommit(repository, arg);
      context.write(`${isShort ? oid.slice(0, 7) : oid}\n`);
    }
  }
  return 0;
};

export const lsFiles: GitCommand = async (repository, args) => {
  const { operands } = parseOptions(args);
  const wanted = operands.map((name) => treePath(repository, name));
  const files = (await git.listFiles({ ...repository.base })) as string[];
  for (const path of files.sort())
    if (wanted.length === 0 || wanted.some((one) => one === '.' || path === one || path.startsWith(`${one}/`)))
      repository.context.write(`${path}\n`);
  return 0;
};
