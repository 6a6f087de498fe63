// What a running shell knows: variables, functions, options, folder, jobs.
import type { Command } from './syntax.ts';

export interface ShellOptions {
  readonly exitsOnError: boolean;
  readonly refusesUnset: boolean;
  readonly traces: boolean;
  readonly pipefail: boolean;
}

export class ShellState {
  cwd: string;
  previousCwd = '';
  status = 0;
  options: ShellOptions = { exitsOnError: false, refusesUnset: false, traces: false, pipefail: false };
  arguments: readonly string[] = [];
  scriptName = 'sh';
  lastBackground = 0;
  readonly pid: number;
  readonly variables: Map<string, string>;
  readonly exported: Set<string>;
  readonly functions: Map<string, Command>;
  readonly aliases: Map<string, string>;
  /** Values to restore when the running function ends. */
  locals: Map<string, string | undefined>[] = [];
  /** Above 0: a failing command does not end the shell (`set -e`). */
  conditionDepth = 0;

  constructor(pid: number, cwd: string, environment: Readonly<Record<string, string>>) {
    this.pid = pid;
    this.cwd = cwd;
    this.variables = new Map(Object.entries(environment));
    this.exported = new Set(Object.keys(environment));
    this.functions = new Map();
    this.aliases = new Map();
  }

  /** A copy for a subshell or a command substitution. */
  fork(): ShellState {
    const copy = new ShellState(this.pid, this.cwd, {});
    Object.assign(copy, {
      previousCwd: this.previousCwd,
      status: this.status,
      options: this.options,
      arguments: this.arguments,
      scriptName: this.scriptName,
      lastBackground: this.lastBackground,
    });
    for (const [name, value] of this.variables) copy.variables.set(name, value);
    for (const name of this.exported) copy.exported.add(name);
    for (const [name, body] of this.functions) copy.functions.set(name, body);
    for (const [name, text] of this.aliases) copy.aliases.set(name, text);
    return copy;
  }

  get(name: string): string | undefined {
    switch (name) {
      case '?':
        return String(this.status);
      case '$':
        return String(this.pid);
      case '!':
        return this.lastBackground === 0 ? '' : String(this.lastBackground);
      case '#':
        return String(this.arguments.length);
      case '0':
        return this.scriptName;
      case '@':
      case '*':
        return this.arguments.join(' ');
      case '-':
        return `${this.options.exitsOnError ? 'e' : ''}${this.options.refusesUnset ? 'u' : ''}${this.options.traces ? 'x' : ''}`;
      default:
        return /^\d+$/.test(name) ? this.arguments[Number(name) - 1] : this.variables.get(name);
    }
  }

  set(name: string, value: string): void {
    this.variables.set(name, value);
  }

  unset(name: string): void {
    this.variables.delete(name);
    this.exported.delete(name);
  }

  /** What a child gets; `extra` are the assignments before its name. */
  environment(extra: Readonly<Record<string, string>> = {}): Record<string, string> {
    const environment: Record<string, string> = {};
    for (const name of this.exported) {
      const value = this.variables.get(name);
      if (value !== undefined) environment[name] = value;
    }
    return { ...environment, PWD: this.cwd, ...extra };
  }
}
