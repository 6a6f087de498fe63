// The commands that are part of the shell, by name.
import type { Builtin } from './call.ts';
import * as flow from './flow.ts';
import * as input from './input.ts';
import * as jobs from './jobs.ts';
import * as options from './options.ts';
import * as output from './output.ts';
import * as place from './place.ts';
import * as variables from './variables.ts';

export const builtins: Readonly<Record<string, Builtin>> = {
  ':': () => 0,
  '.': flow.source,
  '[': output.bracket,
  alias: variables.alias,
  bg: jobs.bg,
  break: flow.breakLoop,
  builtin: flow.builtin,
  cd: place.cd,
  command: flow.command,
  continue: flow.continueLoop,
  declare: variables.declare,
  dirs: place.dirs,
  disown: jobs.disown,
  echo: output.echo,
  eval: flow.evaluate,
  exec: flow.exec,
  exit: flow.exit,
  export: variables.exportNames,
  false: () => 1,
  fg: jobs.fg,
  getopts: options.getopts,
  hash: () => 0,
  help: output.help,
  history: output.history,
  jobs: jobs.list,
  kill: jobs.kill,
  let: variables.evaluateLet,
  local: variables.local,
  mapfile: input.mapfile,
  popd: place.popd,
  printf: output.printf,
  pushd: place.pushd,
  pwd: place.pwd,
  read: input.read,
  readarray: input.mapfile,
  readonly: variables.readonlyNames,
  return: flow.returnFunction,
  set: options.set,
  shift: options.shift,
  shopt: options.shopt,
  source: flow.source,
  test: output.test,
  times: output.times,
  trap: jobs.trap,
  true: () => 0,
  type: flow.type,
  typeset: variables.declare,
  ulimit: options.ulimit,
  umask: options.umask,
  unalias: variables.unalias,
  unset: variables.unset,
  wait: jobs.wait,
};

/** POSIX's special builtins: assignments before them stay. */
export const SPECIAL_BUILTINS = new Set([
  '.',
  ':',
  'break',
  'continue',
  'eval',
  'exec',
  'exit',
  'export',
  'readonly',
  'return',
  'set',
  'shift',
  'times',
  'trap',
  'unset',
]);
