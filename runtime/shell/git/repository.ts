// What every git command starts from: the working tree, the author, the state of files. Runs in the tools worker.
import * as git from 'isomorphic-git';
import type { PromiseFsClient } from 'isomorphic-git';
import type { Stat } from '../../fs/file-system.ts';
import { absolutePath, normalizePath } from '../paths.ts';
import { ToolFailure, type ToolContext } from '../tool.ts';
import { decodeText } from '../text.ts';
import { gitFiles } from './file-adapter.ts';

export const FATAL = 128;

export interface Repository {
  readonly context: ToolContext;
  /** The arguments of every isomorphic-git call. */
  readonly base: { readonly fs: PromiseFsClient; readonly dir: string; readonly cache: object };
  readonly dir: string;
}

export interface Author {
  readonly name: string;
  readonly email: string;
}

/** The state of one file: 0 absent, 1 as in HEAD, 2 and 3 different, as isomorphic-git's status matrix has them. */
export interface FileState {
  readonly path: string;
  readonly head: number;
  readonly workdir: number;
  readonly stage: number;
}

export function openRepository(context: ToolContext): Repository {
  const cwd = context.cwd;
  for (let dir = cwd; ; dir = dir.slice(0, dir.lastIndexOf('/')) || '/') {
    const stat = {} as Stat;
    if (context.fs.stat(`${dir === '/' ? '' : dir}/.git/HEAD`, stat) >= 0) return repositoryAt(context, dir);
    if (dir === '/') throw new ToolFailure('fatal: not a git repository (or any of the parent directories): .git', FATAL);
  }
}

export function repositoryAt(context: ToolContext, dir: string): Repository {
  return { context, dir, base: { fs: gitFiles(context.fs), dir, cache: {} } };
}

/** A path given on the command line, relative to the working tree; `.` is the tree itself. */
export function treePath({ context, dir }: Repository, name: string): string {
  const full = normalizePath(absolutePath(context.cwd, name));
  if (full === dir) return '.';
  const prefix = dir === '/' ? '/' : `${dir}/`;
  if (!full.startsWith(prefix)) throw new ToolFailure(`fatal: ${name}: '${name}' is outside repository at '${dir}'`, FATAL);
  return full.slice(prefix.length);
}

/** The other way: a path of the tree as the user would type it. */
export function shownPath({ context, dir }: Repository, path: string): string {
  const full = `${dir === '/' ? '' : dir}/${path}`;
  const from = context.cwd.split('/').filter(Boolean);
  const to = full.split('/').filter(Boolean);
  let shared = 0;
  while (shared < from.length && from[shared] === to[shared]) shared++;
  return [...from.slice(shared).map(() => '..'), ...to.slice(shared)].join('/');
}

export async function fileStates({ base }: Repository, paths: readonly string[] = ['.']): Promise<FileState[]> {
  const matrix = await git.statusMatrix({ ...base, filepaths: [...paths] });
  return matrix.map(([path, head, workdir, stage]) => ({ path, head, workdir, stage }));
}

export function isStaged({ head, stage }: FileState): boolean {
  return head === 1 ? stage !== 1 : stage !== 0;
}

export function isChanged({ workdir, stage }: FileState): boolean {
  return stage !== 0 && workdir !== stage && !(workdir === 2 && stage === 2);
}

export function isUntracked({ head, workdir, stage }: FileState): boolean {
  return head === 0 && stage === 0 && workdir === 2;
}

/** From the environment, the repository's configuration, or `~/.gitconfig`. */
export async function readAuthor(repository: Repository, role: 'AUTHOR' | 'COMMITTER' = 'AUTHOR'): Promise<Author> {
  const { context } = repository;
  const name = context.env[`GIT_${role}_NAME`] ?? (await readConfig(repository, 'user.name'));
  const email = context.env[`GIT_${role}_EMAIL`] ?? (await readConfig(repository, 'user.email'));
  if (name !== null && email !== null) return { name, email };
  throw new ToolFailure(
    'Author identity unknown\n\n*** Please tell me who you are.\n\nRun\n\n  git config --global user.email "you@example.com"\n  git config --global user.name "Your Name"\n\nto set your account\'s default identity.',
    FATAL,
  );
}

export async function readConfig({ base, context }: Repository, path: string): Promise<string | null> {
  const own = (await git.getConfig({ ...base, path })) as string | undefined;
  return own ?? readGlobalConfig(context, path);
}

export function globalConfigFile(context: ToolContext): string {
  return `${context.env['HOME'] ?? '/home/user'}/.gitconfig`;
}

export function readGlobalConfig(context: ToolContext, path: string): string | null {
  return globalEntries(context).findLast(([name]) => name === path.toLowerCase())?.[1] ?? null;
}

export function globalEntries(context: ToolContext): [name: string, value: string][] {
  const bytes = context.fs.readFile(globalConfigFile(context));
  if (typeof bytes === 'number') return [];
  const entries: [string, string][] = [];
  let section = '';
  for (const line of decodeText(bytes).split('\n')) {
    const head = /^\s*\[\s*([\w.-]+)(?:\s+"([^"]*)")?\s*\]/.exec(line);
    const pair = /^\s*([\w-]+)\s*=\s*(.*?)\s*$/.exec(line);
    if (head !== null) section = head[2] === undefined ? (head[1] ?? '').toLowerCase() : `${(head[1] ?? '').toLowerCase()}.${head[2]}`;
    else if (pair !== null) entries.push([`${section}.${(pair[1] ?? '').toLowerCase()}`, (pair[2] ?? '').replaceAll(/^"|"$/g, '')]);
  }
  return entries;
}

export async function currentBranch({ base }: Repository): Promise<string | null> {
  return ((await git.currentBranch({ ...base, test: false })) as string | undefined) ?? null;
}

/** The commit a name stands for: branches, tags, `HEAD~2`, `HEAD^`, short and long ids. `null` where there is none. */
export async function resolveCommit({ base }: Repository, name: string): Promise<string | null> {
  const match = /^(.+?)((?:[~^]\d*)*)$/.exec(name === '@' ? 'HEAD' : name);
  let oid = await resolvePlain(base, match?.[1] ?? name);
  for (const [, kind, count] of (match?.[2] ?? '').matchAll(/([~^])(\d*)/g)) {
    const number = count === '' ? 1 : Number(count);
    for (let step = 0; step < (kind === '~' ? number : 1) && oid !== null; step++) {
      const { commit } = await git.readCommit({ ...base, oid });
      oid = commit.parent[kind === '^' ? number - 1 : 0] ?? null;
    }
  }
  return oid;
}

async function resolvePlain(base: Repository['base'], name: string): Promise<string | null> {
  try {
    const oid = (await git.resolveRef({ ...base, ref: name })) as string;
    return await peel(base, oid);
  } catch (error) {
    if ((error as { code?: string }).code !== 'NotFoundError') throw error;
  }
  if (!/^[0-9a-f]{4,40}$/.test(name)) return null;
  try {
    return await peel(base, (await git.expandOid({ ...base, oid: name })) as string);
  } catch (error) {
    if ((error as { code?: string }).code === 'NotFoundError') return null;
    throw error;
  }
}

/** An annotated tag stands for its commit. */
async function peel(base: Repository['base'], oid: string): Promise<string> {
  return ((await git.readCommit({ ...base, oid })) as { oid: string }).oid;
}

export async function requireCommit(repository: Repository, name: string): Promise<string> {
  const oid = await resolveCommit(repository, name);
  if (oid === null) throw new ToolFailure(`fatal: ambiguous argument '${name}': unknown revision or path not in the working tree.`, FATAL);
  return oid;
}
