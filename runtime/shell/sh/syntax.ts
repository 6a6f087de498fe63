// The shell's syntax tree.

export type WordPart =
  | { readonly type: 'text'; readonly text: string; readonly isQuoted: boolean }
  | {
      readonly type: 'parameter';
      readonly name: string;
      readonly operator: string;
      readonly argument: Word | null;
      readonly isQuoted: boolean;
    }
  | { readonly type: 'command'; readonly source: string; readonly isQuoted: boolean }
  | { readonly type: 'arithmetic'; readonly expression: Word; readonly isQuoted: boolean };

export type Word = readonly WordPart[];

export interface Redirect {
  readonly fd: number;
  readonly operator: '<' | '>' | '>>' | '>&' | '<&' | '<<' | '<>';
  /** The file, the descriptor's number, or the text of a here-document. */
  readonly target: Word;
}

export interface Assignment {
  readonly name: string;
  readonly value: Word;
}

export type Command = (
  | { readonly type: 'simple'; readonly assignments: readonly Assignment[]; readonly words: readonly Word[] }
  | { readonly type: 'group' | 'subshell'; readonly body: List }
  | {
      readonly type: 'if';
      readonly branches: readonly { readonly condition: List; readonly body: List }[];
      readonly otherwise: List | null;
    }
  | { readonly type: 'for'; readonly name: string; readonly words: readonly Word[] | null; readonly body: List }
  | { readonly type: 'while' | 'until'; readonly condition: List; readonly body: List }
  | {
      readonly type: 'case';
      readonly subject: Word;
      readonly branches: readonly { readonly patterns: readonly Word[]; readonly body: List }[];
    }
  | { readonly type: 'function'; readonly name: string; readonly body: Command }
) & { readonly redirects: readonly Redirect[]; readonly source: string };

export interface Pipeline {
  readonly isNegated: boolean;
  readonly commands: readonly Command[];
}

export interface ListItem {
  readonly pipeline: Pipeline;
  /** What joins it to the item before it. */
  readonly joint: 'always' | 'and' | 'or';
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
