// What a running shell knows: variables, functions, options, folder. A fork copies it; a forked process receives it as data.
import type { Command } from './syntax.ts';

/** An indexed array is sparse; an associative one keeps the order of insertion. */
export type Value =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'indexed'; readonly items: ReadonlyMap<number, string> }
  | { readonly kind: 'associative'; readonly items: ReadonlyMap<string, string> };

export interface Variable {
  /** `null`: declared, but without a value. */
  readonly value: Value | null;
  readonly isExported: boolean;
  readonly isReadonly: boolean;
  readonly isInteger: boolean;
}

/** `set -o` names with their letters; the ones without a letter are bash's. */
export const OPTION_LETTERS: Readonly<Record<string, string>> = {
  allexport: 'a',
  errexit: 'e',
  noglob: 'f',
  monitor: 'm',
  noexec: 'n',
  nounset: 'u',
  verbose: 'v',
  xtrace: 'x',
  noclobber: 'C',
  notify: 'b',
  hashall: 'h',
  pipefail: '',
  posix: '',
  emacs: '',
  vi: '',
  ignoreeof: '',
  errtrace: 'E',
};

/** Assigning to it failed. */
export class ReadonlyError extends Error {}

export interface StateSnapshot {
  readonly cwd: string;
  readonly pid: number;
  readonly isBash: boolean;
  readonly status: number;
  readonly options: ReadonlySet<string>;
  readonly shellOptions: ReadonlySet<string>;
  readonly arguments: readonly string[];
  readonly scriptName: string;
  readonly lastBackground: number;
  readonly umask: number;
  readonly variables: ReadonlyMap<string, Variable>;
  readonly functions: ReadonlyMap<string, Command>;
  readonly aliases: ReadonlyMap<string, string>;
  readonly ignoredSignals: readonly string[];
}

const PLAIN: Variable = { value: null, isExported: false, isReadonly: false, isInteger: false };

export class ShellState {
  cwd: string;
  status = 0;
  /** Whether `echo`, `local` and their kind are bash's; dash's otherwise. */
  isBash: boolean;
  options: ReadonlySet<string> = new Set();
  /** `shopt`. */
  shellOptions: ReadonlySet<string> = new Set();
  arguments: readonly string[] = [];
  scriptName = 'sh';
  lastBackground = 0;
  umask = 0o022;
  pipeStatus: readonly number[] = [0];
  /** Actions by `EXIT`, `ERR` or a signal's name without SIG; `''` ignores. */
  traps = new Map<string, string>();
  readonly pid: number;
  readonly variables = new Map<string, Variable>();
  readonly functions = new Map<string, Command>();
  readonly aliases = new Map<string, string>();
  /** Values to restore when the running function ends. */
  locals: Map<string, Variable | undefined>[] = [];
  /** Above 0: a failing command does not end the shell (`set -e`). */
  conditionDepth = 0;
  /** Above 0: `return` is allowed. */
  callDepth = 0;
  #startedAtMs = Date.now();

  constructor(pid: number, cwd: string, isBash: boolean, environment: Readonly<Record<string, string>> = {}) {
    this.pid = pid;
    this.cwd = cwd;
    this.isBash = isBash;
    for (const [name, text] of Object.entries(environment))
      this.variables.set(name, { ...PLAIN, value: { kind: 'text', text }, isExported: true });
  }

  has(option: string): boolean {
    return this.options.has(option);
  }

  setOption(name: string, isOn: boolean): void {
    const options = new Set(this.options);
    if (isOn) options.add(name);
    else options.delete(name);
    this.options = options;
  }

  /** A copy for a subshell or a command substitution. */
  fork(): ShellState {
    return ShellState.restore(this.snapshot());
  }

  snapshot(): StateSnapshot {
    return {
      cwd: this.cwd,
      pid: this.pid,
      isBash: this.isBash,
      status: this.status,
      options: this.options,
      shellOptions: this.shellOptions,
      arguments: this.arguments,
      scriptName: this.scriptName,
      lastBackground: this.lastBackground,
      umask: this.umask,
      variables: this.variables,
      functions: this.functions,
      aliases: this.aliases,
      ignoredSignals: [...this.traps].flatMap(([name, action]) => (action === '' ? [name] : [])),
    };
  }

  static restore(snapshot: StateSnapshot): ShellState {
    const { variables, functions, aliases, ignoredSignals, pid, cwd, isBash, ...plain } = snapshot;
    const state = new ShellState(pid, cwd, isBash);
    Object.assign(state, plain);
    for (const [name, variable] of variables) state.variables.set(name, variable);
    for (const [name, body] of functions) state.functions.set(name, body);
    for (const [name, text] of aliases) state.aliases.set(name, text);
    for (const name of ignoredSignals) state.traps.set(name, '');
    return state;
  }

  get(name: string): string | undefined {
    switch (name) {
      case '?':
        return String(this.status);
      case '$':
        return String(this.pid);
      case '!':
        return this.lastBackground === 0 ? undefined : String(this.lastBackground);
      case '#':
        return String(this.arguments.length);
      case '0':
        return this.scriptName;
      case '@':
      case '*':
        return this.arguments.length === 0 ? undefined : this.arguments.join(' ');
      case '-':
        return Object.entries(OPTION_LETTERS)
          .map(([option, letter]) => (this.has(option) ? letter : ''))
          .join('');
      default:
        return /^\d+$/.test(name) ? this.arguments[Number(name) - 1] : this.#variable(name);
    }
  }

  /** The value at an index; for an associative array the key. */
  element(name: string, index: string): string | undefined {
    if (name === 'PIPESTATUS') return this.pipeStatus.at(Number(index))?.toString();
    const value = this.variables.get(name)?.value;
    if (value === undefined || value === null) return undefined;
    if (value.kind === 'text') return Number(index) === 0 ? value.text : undefined;
    if (value.kind === 'associative') return value.items.get(index);
    const at = Number(index);
    return value.items.get(at < 0 ? at + 1 + Math.max(-1, ...value.items.keys()) : at);
  }

  /** Indices or keys in order, with their values. */
  entries(name: string): [key: string, value: string][] {
    if (name === 'PIPESTATUS') return this.pipeStatus.map((status, index) => [String(index), String(status)]);
    const value = this.variables.get(name)?.value;
    if (value === undefined || value === null) return [];
    if (value.kind === 'text') return [['0', value.text]];
    if (value.kind === 'associative') return [...value.items];
    return [...value.items].sort(([a], [b]) => a - b).map(([key, text]) => [String(key), text]);
  }

  isAssociative(name: string): boolean {
    return this.variables.get(name)?.value?.kind === 'associative';
  }

  set(name: string, text: string): void {
    const known = this.variables.get(name);
    if (known?.value?.kind === 'indexed') this.setElement(name, '0', text);
    else this.setValue(name, { kind: 'text', text });
  }

  setElement(name: string, index: string, text: string): void {
    const value = this.variables.get(name)?.value;
    if (value?.kind === 'associative') {
      this.setValue(name, { kind: 'associative', items: new Map([...value.items, [index, text]]) });
      return;
    }
    const items = new Map(value?.kind === 'indexed' ? value.items : value?.kind === 'text' ? [[0, value.text]] : []);
    const at = Number(index);
    items.set(at < 0 ? at + 1 + Math.max(-1, ...items.keys()) : at, text);
    this.setValue(name, { kind: 'indexed', items });
  }

  setValue(name: string, value: Value | null): void {
    const known = this.variables.get(name) ?? PLAIN;
    if (known.isReadonly) throw new ReadonlyError(`${name}: is read only`);
    this.variables.set(name, { ...known, value, isExported: known.isExported || this.has('allexport') });
  }

  mark(name: string, marks: Partial<Omit<Variable, 'value'>>): void {
    this.variables.set(name, { ...(this.variables.get(name) ?? PLAIN), ...marks });
  }

  unset(name: string): void {
    if (this.variables.get(name)?.isReadonly === true) throw new ReadonlyError(`${name}: is read only`);
    this.variables.delete(name);
  }

  unsetElement(name: string, index: string): void {
    const value = this.variables.get(name)?.value;
    if (value?.kind === 'associative')
      this.setValue(name, { kind: 'associative', items: new Map([...value.items].filter(([key]) => key !== index)) });
    else if (value?.kind === 'indexed')
      this.setValue(name, { kind: 'indexed', items: new Map([...value.items].filter(([key]) => key !== Number(index))) });
  }

  /** What a child gets; `extra` are the assignments before its name. */
  environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    const environment: Record<string, string> = {};
    for (const [name, { value, isExported }] of this.variables) if (isExported && value?.kind === 'text') environment[name] = value.text;
    return { ...environment, ...extra };
  }

  #variable(name: string): string | undefined {
    const value = this.variables.get(name)?.value;
    if (value === undefined || value === null) return this.#computed(name);
    return value.kind === 'text' ? value.text : this.element(name, '0');
  }

  #computed(name: string): string | undefined {
    switch (name) {
      case 'RANDOM':
        return String(Math.floor(Math.random() * 32768));
      case 'SECONDS':
        return String(Math.floor((Date.now() - this.#startedAtMs) / 1000));
      case 'EPOCHSECONDS':
        return String(Math.floor(Date.now() / 1000));
      case 'PIPESTATUS':
        return this.element(name, '0');
      case 'PPID':
        return '1';
      default:
        return undefined;
    }
  }
}
