// set shopt shift getopts umask ulimit: the shell's settings and arguments.
import { OPTION_LETTERS } from '../state.ts';
import { quoteForShell } from '../parameters.ts';
import type { Interpreter } from '../interpreter.ts';
import type { Builtin } from './call.ts';

const SHELL_OPTIONS = [
  'dotglob',
  'expand_aliases',
  'extglob',
  'failglob',
  'globstar',
  'lastpipe',
  'nocaseglob',
  'nocasematch',
  'nullglob',
  'xpg_echo',
];
const LETTER_NAMES = new Map(Object.entries(OPTION_LETTERS).map(([name, letter]) => [letter, name]));

export const set: Builtin = ({ shell, args }) => {
  if (args.length === 0) return listVariables(shell);
  for (let index = 0; index < args.length; index++) {
    const arg = args[index] ?? '';
    if (arg === '--' || arg === '-' || !/^[-+]./.test(arg)) {
      shell.state.arguments = args.slice(arg === '--' || arg === '-' ? index + 1 : index);
      return 0;
    }
    const isOn = arg.startsWith('-');
    for (const letter of arg.slice(1)) {
      const name = letter === 'o' ? args[index + 1] : LETTER_NAMES.get(letter);
      if (letter === 'o') {
        if (name === undefined) return listOptions(shell, isOn);
        index++;
      }
      if (name === undefined || !Object.hasOwn(OPTION_LETTERS, name)) {
        shell.complain(`set: ${isOn ? '-' : '+'}${letter === 'o' ? `o ${name}` : letter}: invalid option`);
        return 2;
      }
      shell.state.setOption(name, isOn);
    }
  }
  return 0;
};

function listVariables(shell: Interpreter): number {
  for (const [name, { value }] of [...shell.state.variables].sort(([a], [b]) => (a < b ? -1 : 1)))
    if (value?.kind === 'text')
      shell.print(`${name}=${/^[\w./:=@%+-]*$/.test(value.text) && shell.state.isBash ? value.text : quoteForShell(value.text)}\n`);
  return 0;
}

function listOptions(shell: Interpreter, isReadable: boolean): number {
  for (const name of Object.keys(OPTION_LETTERS).sort()) {
    const isOn = shell.state.has(name);
    shell.print(isReadable ? `${name.padEnd(15)}\t${isOn ? 'on' : 'off'}\n` : `set ${isOn ? '-' : '+'}o ${name}\n`);
  }
  return 0;
}

export const shopt: Builtin = ({ shell, args }) => {
  const flags = args.filter((arg) => arg.startsWith('-')).join('');
  const names = args.filter((arg) => !arg.startsWith('-'));
  const options = new Set(shell.state.shellOptions);
  let status = 0;
  for (const name of names) {
    if (!SHELL_OPTIONS.includes(name) && !Object.hasOwn(OPTION_LETTERS, name)) {
      shell.complain(`shopt: ${name}: invalid shell option name`);
      return 1;
    }
    if (flags.includes('o')) shell.state.setOption(name, flags.includes('s'));
    else if (flags.includes('s')) options.add(name);
    else if (flags.includes('u')) options.delete(name);
    else {
      if (!options.has(name)) status = 1;
      if (!flags.includes('q')) shell.print(`${name.padEnd(15)}\t${options.has(name) ? 'on' : 'off'}\n`);
    }
  }
  if (names.length === 0) for (const name of SHELL_OPTIONS) shell.print(`${name.padEnd(15)}\t${options.has(name) ? 'on' : 'off'}\n`);
  shell.state.shellOptions = options;
  return status;
};

export const shift: Builtin = ({ shell, args }) => {
  const count = Number(args[0] ?? 1);
  if (count > shell.state.arguments.length) {
    if (!shell.state.isBash) shell.complain("shift: can't shift that many");
    return shell.state.isBash ? 1 : 2;
  }
  shell.state.arguments = shell.state.arguments.slice(count);
  return 0;
};

/** OPTIND counts arguments; the place inside a group of letters is kept beside it, and forgotten when OPTIND is set. */
const places = new WeakMap<Interpreter, { index: number; offset: number }>();

export const getopts: Builtin = ({ shell, args }) => {
  const [spec = '', name = '', ...given] = args;
  const { state } = shell;
  const values = given.length > 0 ? given : state.arguments;
  const isSilent = spec.startsWith(':');
  const index = Number(state.get('OPTIND') ?? '1') || 1;
  const known = places.get(shell);
  const offset = known?.index === index ? known.offset : 1;
  const word = values[index - 1];
  const end = (at: number): number => {
    places.delete(shell);
    state.set('OPTIND', String(at));
    state.set(name, '?');
    return 1;
  };
  if (word === '--') return end(index + 1);
  if (word === undefined || !word.startsWith('-') || word === '-') return end(index);
  const letter = word[offset] ?? '';
  const at = letter === ':' ? -1 : spec.indexOf(letter, isSilent ? 1 : 0);
  const isLastLetter = offset + 1 >= word.length;
  const advance = (by: number, next: number): void => {
    state.set('OPTIND', String(index + by));
    places.set(shell, { index: index + by, offset: next });
  };
  const report = (shown: string, argument: string | null, message: string): number => {
    state.set(name, shown);
    if (argument === null) state.variables.delete('OPTARG');
    else state.set('OPTARG', argument);
    if (message !== '') shell.complain(message);
    return 0;
  };
  if (at === -1) {
    advance(isLastLetter ? 1 : 0, isLastLetter ? 1 : offset + 1);
    return report('?', isSilent ? letter : null, isSilent ? '' : `Illegal option -${letter}`);
  }
  if (spec[at + 1] !== ':') {
    advance(isLastLetter ? 1 : 0, isLastLetter ? 1 : offset + 1);
    return report(letter, isSilent || !state.isBash ? '' : null, '');
  }
  const attached = word.slice(offset + 1);
  const argument = attached === '' ? values[index] : attached;
  advance(attached === '' ? 2 : 1, 1);
  if (argument !== undefined) return report(letter, argument, '');
  return report(isSilent ? ':' : '?', isSilent ? letter : null, isSilent ? '' : `No arg for -${letter} option`);
};

export const umask: Builtin = ({ shell, args }) => {
  const [mask] = args.filter((arg) => arg !== '-S');
  if (mask === undefined) shell.print(`${shell.state.umask.toString(8).padStart(4, '0')}\n`);
  else if (/^[0-7]+$/.test(mask)) shell.state.umask = Number.parseInt(mask, 8) & 0o777;
  else {
    shell.complain(`umask: Illegal mode: ${mask}`);
    return 2;
  }
  return 0;
};

export const ulimit: Builtin = ({ shell, args }) => {
  if (args.every((arg) => arg.startsWith('-'))) shell.print('unlimited\n');
  return 0;
};
