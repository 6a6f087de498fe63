// The shell's syntax tree: plain data, so that a forked shell can receive it as a message.

export type WordPart =
  | { readonly type: 'text'; readonly text: string; readonly isQuoted: boolean }
  | ParameterPart
  | { readonly type: 'command'; readonly body: List; readonly isQuoted: boolean }
  | { readonly type: 'arithmetic'; readonly expression: Word; readonly isQuoted: boolean }
  /** `<(...)` and `>(...)`. */
  | { readonly type: 'process'; readonly direction: '<' | '>'; readonly body: List; readonly isQuoted: false };

export interface ParameterPart {
  readonly type: 'parameter';
  readonly name: string;
  /** Between the brackets of an array reference; `null` without brackets. */
  readonly index: Word | null;
  /** `''`, `length`, `-` and its kind, `#` `%` and their doubles, `/` and its kind, `:` for a substring, `^` `,` for case. */
  readonly operator: string;
  readonly argument: Word | null;
  /** The replacement of `/`, the length of a substring. */
  readonly second: Word | null;
  /** `${!name}`: the value names the parameter; with `[@]`, its indices. */
  readonly isIndirect: boolean;
  readonly isQuoted: boolean;
}

export type Word = readonly WordPart[];

export interface Redirect {
  readonly fd: number;
  /** `<<` carries its text as the target, as `<<<` does; `&>` is both outputs. */
  readonly operator: '<' | '>' | '>|' | '>>' | '>&' | '<&' | '<<' | '<>' | '&>' | '&>>';
  target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly index: Word | null;
  readonly isAppended: boolean;
  readonly value: Word;
  /** The elements of `name=(...)`; `null` for a plain value. */
  readonly elements: readonly { readonly key: Word | null; readonly value: Word }[] | null;
}

export type Condition =
  | { readonly type: 'and' | 'or'; readonly left: Condition; readonly right: Condition }
  | { readonly type: 'not'; readonly inner: Condition }
  | { readonly type: 'unary'; readonly operator: string; readonly operand: Word }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Word; readonly right: Word }
  | { readonly type: 'word'; readonly word: Word };

export type CommandBody =
  | {
      readonly type: 'simple';
      readonly assignments: readonly Assignment[];
      readonly words: readonly Word[];
      /** Assignments after `export`, `local` and their kind. */
      readonly declarations: readonly Assignment[];
    }
  | { readonly type: 'group' | 'subshell'; readonly body: List }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly condition: List; readonly body: List }[];
      readonly otherwise: List | null;
    }
  | { readonly type: 'for'; readonly name: string; readonly words: readonly Word[] | null; readonly body: List }
  | { readonly type: 'arithmetic-for'; readonly start: Word; readonly test: Word; readonly step: Word; readonly body: List }
  | { readonly type: 'while' | 'until'; readonly condition: List; readonly body: List }
  | {
      readonly type: 'case';
      readonly subject: Word;
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: List; readonly end: string }[];
    }
  | { readonly type: 'function'; readonly name: string; readonly body: Command }
  | { readonly type: 'conditional'; readonly condition: Condition }
  | { readonly type: 'arithmetic'; readonly expression: Word };

export type Command = CommandBody & { readonly redirects: readonly Redirect[]; readonly source: string };
export type CommandOf<Type extends Command['type']> = Extract<Command, { type: Type }>;

export interface Pipeline {
  readonly isNegated: boolean;
  readonly isTimed: boolean;
  readonly commands: readonly Command[];
}

/** Pipelines joined by `&&` and `||`; the first one's joint means nothing. */
export interface ListItem {
  readonly chain: readonly { readonly pipeline: Pipeline; readonly joint: 'and' | 'or' }[];
  readonly isBackground: boolean;
  readonly source: string;
}

export type List = readonly ListItem[];

/** `isIncomplete`: more input would complete it, as an open quote or `if`. */
export class ShellSyntaxError extends Error {
  readonly isIncomplete: boolean;

  constructor(message: string, isIncomplete = false) {
    super(message);
    this.isIncomplete = isIncomplete;
  }
}

/** The command that a whole program ends with, where it is a plain one. */
export function finalCommand(list: List): Command | null {
  const item = list.at(-1);
  const pipeline = item?.isBackground ? undefined : item?.chain.at(-1)?.pipeline;
  const [only] = pipeline?.commands ?? [];
  return pipeline?.commands.length === 1 && !pipeline.isNegated && !pipeline.isTimed && only?.type === 'simple' ? only : null;
}

/** `set -e` looks at commands that can fail themselves, not at what they are wrapped in. */
export function isFailure({ commands }: Pipeline): boolean {
  const [only] = commands;
  return commands.length > 1 || only === undefined || /^(?:simple|subshell|conditional|arithmetic)$/.test(only.type);
}
