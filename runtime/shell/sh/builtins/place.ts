// cd pwd pushd popd dirs: the shell's folder.
import type { Stat } from '../../../fs/file-system.ts';
import { absolutePath, errnoText, normalizePath } from '../../paths.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Builtin } from './call.ts';

const S_IFMT = 0o170000;
const S_IFDIR = 0o040000;
const ENOTDIR = -20;
const stacks = new WeakMap<Interpreter, string[]>();

export const cd: Builtin = ({ shell, args }) => {
  const [target = shell.state.get('HOME') ?? '/'] = args
    .filter((arg) => !/^-[LPe]*$/.test(arg) || arg === '-')
    .filter((arg) => arg !== '--');
  const isPhysical = args.includes('-P');
  const wanted = target === '-' ? (shell.state.get('OLDPWD') ?? '') : target;
  const failed = changeTo(shell, wanted, isPhysical);
  if (failed === null) {
    if (target === '-') shell.print(`${shell.state.cwd}\n`);
    return 0;
  }
  shell.complain(`cd: ${shell.state.isBash ? `${wanted}: ${failed}` : `can't cd to ${wanted}`}`);
  return shell.state.isBash ? 1 : 2;
};

/** Keeps the names of links it came through, unless it is to be physical. `null`, or the reason it failed. */
function changeTo(shell: Interpreter, wanted: string, isPhysical: boolean): string | null {
  const { state, host } = shell;
  let path = normalizePath(absolutePath(state.cwd, wanted));
  const throughPath = !/^\.{0,2}(?:\/|$)/.test(wanted) && host.fs.access(path, 0) < 0 ? searchCdPath(shell, wanted) : null;
  if (throughPath !== null) path = throughPath;
  const stat = {} as Stat;
  const error = host.fs.stat(path, stat) || ((stat.mode & S_IFMT) === S_IFDIR ? host.fs.access(path, 1) : ENOTDIR);
  if (error < 0 || wanted === '') return errnoText(wanted === '' ? -2 : error);
  if (isPhysical) {
    const real = host.fs.realpath(path);
    if (typeof real === 'string') path = real;
  }
  state.set('OLDPWD', state.cwd);
  state.cwd = path;
  state.set('PWD', path);
  state.mark('PWD', { isExported: true });
  return null;
}

function searchCdPath(shell: Interpreter, wanted: string): string | null {
  for (const folder of (shell.state.get('CDPATH') ?? '').split(':').filter((one) => one !== '')) {
    const path = absolutePath(shell.state.cwd, `${folder}/${wanted}`);
    if (shell.host.fs.access(path, 0) === 0) return path;
  }
  return null;
}

export const pwd: Builtin = ({ shell, args }) => {
  const real = args.includes('-P') ? shell.host.fs.realpath(shell.state.cwd) : shell.state.cwd;
  shell.print(`${typeof real === 'string' ? real : shell.state.cwd}\n`);
  return 0;
};

export const pushd: Builtin = ({ shell, args }) => {
  const stack = stackOf(shell);
  const before = shell.state.cwd;
  const target = args[0] ?? stack.shift();
  if (target === undefined) {
    shell.complain('pushd: no other directory');
    return 1;
  }
  const failed = changeTo(shell, target, false);
  if (failed !== null) {
    shell.complain(`pushd: ${target}: ${failed}`);
    return 1;
  }
  stack.unshift(before);
  return showStack(shell);
};

export const popd: Builtin = ({ shell }) => {
  const target = stackOf(shell).shift();
  if (target === undefined) {
    shell.complain('popd: directory stack empty');
    return 1;
  }
  changeTo(shell, target, false);
  return showStack(shell);
};

export const dirs: Builtin = ({ shell }) => showStack(shell);

function stackOf(shell: Interpreter): string[] {
  const known = stacks.get(shell);
  if (known !== undefined) return known;
  const stack: string[] = [];
  stacks.set(shell, stack);
  return stack;
}

function showStack(shell: Interpreter): number {
  const home = shell.state.get('HOME') ?? '';
  const show = (path: string): string =>
    home !== '' && (path === home || path.startsWith(`${home}/`)) ? `~${path.slice(home.length)}` : path;
  shell.print(`${[shell.state.cwd, ...stackOf(shell)].map(show).join(' ')}\n`);
  return 0;
}
