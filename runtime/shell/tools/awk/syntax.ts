// awk's syntax tree.

export type Expression =
  | { readonly type: 'number'; readonly value: number }
  | { readonly type: 'string'; readonly value: string }
  /** Alone it matches `$0`. */
  | { readonly type: 'regex'; readonly source: string }
  | { readonly type: 'variable'; readonly name: string }
  | { readonly type: 'field'; readonly index: Expression }
  | { readonly type: 'element'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly type: 'in'; readonly name: string; readonly keys: readonly Expression[] }
  | { readonly type: 'group'; readonly inner: Expression }
  | { readonly type: 'unary'; readonly operator: '!' | '-' | '+'; readonly operand: Expression }
  | { readonly type: 'binary'; readonly operator: string; readonly left: Expression; readonly right: Expression }
  | { readonly type: 'match'; readonly isNegated: boolean; readonly text: Expression; readonly pattern: Expression }
  | { readonly type: 'conditional'; readonly test: Expression; readonly yes: Expression; readonly no: Expression }
  | { readonly type: 'assign'; readonly operator: string; readonly target: Target; readonly value: Expression }
  | { readonly type: 'step'; readonly isPrefix: boolean; readonly by: 1 | -1; readonly target: Target }
  | { readonly type: 'call'; readonly name: string; readonly args: readonly Expression[] }
  | {
      readonly type: 'getline';
      readonly target: Target | null;
      readonly source: 'main' | 'file' | 'command';
      readonly from: Expression | null;
    };

export type Target = Extract<Expression, { type: 'variable' | 'field' | 'element' }>;

export type Statement =
  | { readonly type: 'expression'; readonly expression: Expression }
  | { readonly type: 'print' | 'printf'; readonly args: readonly Expression[]; readonly redirect: Redirect | null }
  | { readonly type: 'block'; readonly body: readonly Statement[] }
  | { readonly type: 'if'; readonly test: Expression; readonly yes: Statement; readonly no: Statement | null }
  | { readonly type: 'while'; readonly test: Expression; readonly body: Statement; readonly isBodyFirst: boolean }
  | {
      readonly type: 'for';
      readonly start: Statement | null;
      readonly test: Expression | null;
      readonly step: Statement | null;
      readonly body: Statement;
    }
  | { readonly type: 'for-in'; readonly variable: string; readonly array: string; readonly body: Statement }
  | { readonly type: 'jump'; readonly kind: 'break' | 'continue' | 'next' | 'nextfile' }
  | { readonly type: 'exit' | 'return'; readonly value: Expression | null }
  | { readonly type: 'delete'; readonly name: string; readonly keys: readonly Expression[] | null };

export interface Redirect {
  readonly operator: '>' | '>>' | '|';
  readonly target: Expression;
}

export type Pattern =
  | { readonly type: 'begin' | 'end' | 'always' }
  | { readonly type: 'expression'; readonly expression: Expression }
  | { readonly type: 'range'; readonly first: Expression; readonly last: Expression };

export interface Rule {
  readonly pattern: Pattern;
  /** `null`: print the record. */
  readonly body: Statement | null;
}

export interface FunctionDefinition {
  readonly name: string;
  readonly parameters: readonly string[];
  readonly body: Statement;
}

export interface Program {
  readonly rules: readonly Rule[];
  readonly functions: ReadonlyMap<string, FunctionDefinition>;
}

export class AwkSyntaxError extends Error {}
