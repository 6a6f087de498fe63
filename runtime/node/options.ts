// Node's command line, parsed against Node's own option table. Runs in the process worker and in tests.
import type { OptionInfo, OptionValue, Shape } from './library.ts';

/** Node's option types, from its `options` binding. */
const NO_OP = 0;
const V8_OPTION = 1;
const BOOLEAN = 2;
const INTEGER = 3;
const UNSIGNED = 4;
const STRING_LIST = 7;
const ALLOWED_IN_ENVIRONMENT = 0;

export interface CommandLine {
  readonly values: Record<string, OptionValue>;
  /** What came before the script, as `process.execArgv` shows it. */
  readonly execArgv: readonly string[];
  /** `--expose-gc` was given: a flag of V8, so none of the values. */
  readonly exposesGc: boolean;
  /** The script and its arguments. */
  readonly rest: readonly string[];
  /** Node's message for a bad command line; the process ends with code 9. */
  readonly error: string | null;
}

export class OptionParser {
  readonly #values: Record<string, OptionValue>;
  readonly #infos: ReadonlyMap<string, OptionInfo>;
  readonly #aliases: ReadonlyMap<string, readonly string[]>;
  readonly #engineFlags: Readonly<Record<string, string>>;

  constructor(shape: Pick<Shape, 'optionValues' | 'optionInfo' | 'engineFlags'>) {
    this.#engineFlags = shape.engineFlags;
    this.#values = { ...shape.optionValues };
    this.#infos = new Map(shape.optionInfo.options);
    this.#aliases = new Map(shape.optionInfo.aliases);
  }

  parse(args: readonly string[], nodeOptions = ''): CommandLine {
    const values = { ...this.#values };
    const environment = splitNodeOptions(nodeOptions);
    const fromEnvironment = this.#apply(values, environment, true);
    if (fromEnvironment.error !== null) return { values, execArgv: [], exposesGc: false, rest: [], error: fromEnvironment.error };
    const { used, error } = this.#apply(values, args, false);
    const execArgv = args.slice(0, used).filter((arg) => arg !== '--');
    const exposesGc = [...execArgv, ...environment].some((arg) => /^--?expose[-_]gc$/.test(arg));
    return { values, execArgv, exposesGc, rest: args.slice(used), error };
  }

  /** Consumes options from the left; `used` counts the arguments taken. */
  #apply(values: Record<string, OptionValue>, args: readonly string[], isEnvironment: boolean): { used: number; error: string | null } {
    const queue = [...args];
    while (queue.length > 0) {
      const [first = ''] = queue;
      if (first === '--') {
        queue.shift();
        break;
      }
      if (!first.startsWith('-') || first === '-') {
        if (isEnvironment) return { used: 0, error: `${first} is not allowed in NODE_OPTIONS` };
        break;
      }
      const error = this.#one(values, queue, isEnvironment);
      if (error !== null) return { used: 0, error };
    }
    return { used: args.length - queue.length, error: null };
  }

  /** `asked`: what the user wrote, where this is what it stands for. */
  #one(values: Record<string, OptionValue>, queue: string[], isEnvironment: boolean, asked?: string): string | null {
    const written = queue.shift() ?? '';
    const spelled = asked ?? written;
    const [name, inline] = splitOption(written);
    const hasArgument = inline !== undefined || (queue[0] !== undefined && !queue[0].startsWith('-'));
    const expansion =
      this.#aliases.get(hasArgument ? `${name} <arg>` : '') ??
      this.#aliases.get(inline === undefined ? name : `${name}=`) ??
      this.#aliases.get(name);
    if (expansion !== undefined && expansion[0] !== name) {
      const [head = '', ...tail] = expansion;
      queue.unshift(inline !== undefined && tail.length === 0 ? `${head}=${inline}` : head, ...tail);
      return this.#one(values, queue, isEnvironment, spelled);
    }
    const isNegated = name.startsWith('--no-') && this.#infos.get(`--${name.slice(5)}`)?.type === BOOLEAN;
    const known = isNegated ? `--${name.slice(5)}` : name;
    const info = this.#infos.get(known);
    if (info === undefined) return this.#engineFlag(name, inline, queue) ? null : `bad option: ${spelled}`;
    if (isEnvironment && info.envVarSettings !== ALLOWED_IN_ENVIRONMENT) return `${spelled} is not allowed in NODE_OPTIONS`;
    const isMissing = setValue(values, known, info, isNegated, inline, queue);
    return isMissing ? `${spelled} requires an argument` : null;
  }

  /** A flag of V8 that Node passes on unread. The browser's engine keeps its own settings, as on a busy native build. */
  #engineFlag(name: string, inline: string | undefined, queue: string[]): boolean {
    const flag = name.replace(/^--?/, '');
    const type = this.#engineFlags[flag] ?? this.#engineFlags[flag.replace(/^no-/, '')];
    if (type === undefined) return false;
    if (type !== 'bool' && inline === undefined) queue.shift();
    return true;
  }
}

/** Whether the option's argument is missing; then nothing is set. */
function setValue(
  values: Record<string, OptionValue>,
  name: string,
  info: OptionInfo,
  isNegated: boolean,
  inline: string | undefined,
  queue: string[],
): boolean {
  switch (info.type) {
    case NO_OP:
      return false;
    case V8_OPTION:
      if (typeof values[name] === 'boolean') values[name] = !isNegated;
      return false;
    case BOOLEAN:
      values[name] = !isNegated;
      values[`--no-${name.slice(2)}`] = isNegated;
      return false;
    default: {
      const text = inline ?? queue.shift();
      if (text === undefined || (inline === undefined && text.startsWith('-') && text !== '-')) return true;
      const previous = values[name];
      if (info.type === STRING_LIST) values[name] = [...(Array.isArray(previous) ? (previous as string[]) : []), text];
      else values[name] = info.type === INTEGER || info.type === UNSIGNED ? Number(text) : text;
      return false;
    }
  }
}

/** `--name=value` into its parts; underscores in names count as dashes. */
function splitOption(spelled: string): [name: string, value: string | undefined] {
  const equals = spelled.startsWith('--') ? spelled.indexOf('=') : -1;
  const name = equals === -1 ? spelled : spelled.slice(0, equals);
  const normal = name.startsWith('--') ? `--${name.slice(2).replaceAll('_', '-')}` : name;
  return [normal, equals === -1 ? undefined : spelled.slice(equals + 1)];
}

/** Splits NODE_OPTIONS at spaces; double quotes group, a backslash inside them escapes. */
export function splitNodeOptions(text: string): string[] {
  return [...text.matchAll(/(?:"(?:\\.|[^"\\])*"|[^\s"])+/g)].map(([part]) =>
    part.replaceAll(/"((?:\\.|[^"\\])*)"/g, (_whole, quoted: string) => quoted.replaceAll(/\\(.)/g, '$1')),
  );
}

/** Which of Node's mains a command line asks for. */
export function mainOf({ values, rest }: CommandLine, isTerminal: boolean): string {
  if (values['--test'] === true) return 'internal/main/test_runner';
  if (values['--check'] === true) return 'internal/main/check_syntax';
  if (values['--eval'] !== '' && values['--eval'] !== undefined) return 'internal/main/eval_string';
  if (values['--run'] !== '' && values['--run'] !== undefined) return 'internal/main/run_main_module';
  if (values['--watch'] === true) return 'internal/main/watch_mode';
  if (rest.length > 0 && rest[0] !== '-') return 'internal/main/run_main_module';
  return values['--interactive'] === true || (isTerminal && rest.length === 0) ? 'internal/main/repl' : 'internal/main/eval_stdin';
}
