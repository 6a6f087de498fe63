// Parses awk programs. Pure.
import { type Token, tokenize } from './lexer.ts';
import {
  AwkSyntaxError,
  type Expression,
  type FunctionDefinition,
  type Pattern,
  type Program,
  type Redirect,
  type Rule,
  type Statement,
  type Target,
} from './syntax.ts';

const ADDITIVE = ['+', '-'];
const MULTIPLICATIVE = ['*', '/', '%'];
const COMPARISONS = ['<', '<=', '==', '!=', '>', '>='];
const ASSIGNMENTS = ['=', '+=', '-=', '*=', '/=', '%=', '^='];

/** Throws {@link AwkSyntaxError}. */
export function parseAwk(source: string): Program {
  return new Parser(tokenize(source)).program();
}

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;
  /** Inside `print ...` a bare `>` redirects. */
  #isInPrint = 0;
  /** Inside `for (x in a)` heads and getline sources some operators end the expression. */
  #hasNoIn = false;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  program(): Program {
    const rules: Rule[] = [];
    const functions = new Map<string, FunctionDefinition>();
    for (;;) {
      this.#skipEnds();
      if (this.#peek.type === 'end') return { rules, functions };
      if (this.#takeKeyword('function')) {
        const definition = this.#function();
        functions.set(definition.name, definition);
      } else rules.push(this.#rule());
    }
  }

  get #peek(): Token {
    return this.#tokens[this.#at] as Token;
  }

  #function(): FunctionDefinition {
    const name = this.#name();
    this.#expect('(');
    const parameters: string[] = [];
    while (!this.#take(')')) {
      parameters.push(this.#name());
      this.#take(',');
      this.#skipLines();
    }
    this.#skipLines();
    return { name, parameters, body: this.#block() };
  }

  #rule(): Rule {
    let pattern: Pattern = { type: 'always' };
    if (this.#takeKeyword('BEGIN')) pattern = { type: 'begin' };
    else if (this.#takeKeyword('END')) pattern = { type: 'end' };
    else if (!this.#is('{')) {
      const first = this.#expression();
      pattern = { type: 'expression', expression: first };
      if (this.#take(',')) {
        this.#skipLines();
        pattern = { type: 'range', first, last: this.#expression() };
      }
    }
    return { pattern, body: this.#is('{') ? this.#block() : null };
  }

  #block(): Statement {
    this.#expect('{');
    const body: Statement[] = [];
    for (;;) {
      this.#skipEnds();
      if (this.#take('}')) return { type: 'block', body };
      body.push(this.#statement());
    }
  }

  #statement(): Statement {
    if (this.#is('{')) return this.#block();
    if (this.#take(';')) return { type: 'block', body: [] };
    if (this.#takeKeyword('if')) return this.#if();
    if (this.#takeKeyword('while')) {
      const test = this.#parenthesized();
      return { type: 'while', test, body: this.#body(), isBodyFirst: false };
    }
    if (this.#takeKeyword('do')) return this.#do();
    if (this.#takeKeyword('for')) return this.#for();
    const simple = this.#simple();
    this.#endStatement();
    return simple;
  }

  #endStatement(): void {
    if (this.#is('}') || this.#peek.type === 'end') return;
    if (!this.#take(';') && this.#peek.type !== 'newline') throw this.#unexpected();
    if (this.#peek.type === 'newline') this.#at++;
  }

  #body(): Statement {
    this.#skipLines();
    return this.#statement();
  }

  #if(): Statement {
    const test = this.#parenthesized();
    const yes = this.#body();
    const before = this.#at;
    this.#skipEnds();
    if (this.#takeKeyword('else')) return { type: 'if', test, yes, no: this.#body() };
    this.#at = before;
    return { type: 'if', test, yes, no: null };
  }

  #do(): Statement {
    const body = this.#body();
    this.#skipEnds();
    if (!this.#takeKeyword('while')) throw this.#unexpected();
    const test = this.#parenthesized();
    this.#endStatement();
    return { type: 'while', test, body, isBodyFirst: true };
  }

  #for(): Statement {
    this.#expect('(');
    const [variable, keyword, array, close] = this.#tokens.slice(this.#at, this.#at + 4);
    if (variable?.type === 'name' && keyword?.text === 'in' && array?.type === 'name' && close?.text === ')') {
      this.#at += 4;
      return { type: 'for-in', variable: variable.text, array: array.text, body: this.#body() };
    }
    const start = this.#is(';') ? null : this.#simple();
    this.#expect(';');
    this.#skipLines();
    const test = this.#is(';') ? null : this.#expression();
    this.#expect(';');
    this.#skipLines();
    const step = this.#is(')') ? null : this.#simple();
    this.#expect(')');
    return { type: 'for', start, test, step, body: this.#body() };
  }

  #simple(): Statement {
    const token = this.#peek;
    if (token.type === 'keyword') {
      switch (token.text) {
        case 'print':
        case 'printf':
          this.#at++;
          return this.#print(token.text);
        case 'break':
        case 'continue':
        case 'next':
        case 'nextfile':
          this.#at++;
          return { type: 'jump', kind: token.text };
        case 'exit':
        case 'return':
          this.#at++;
          return { type: token.text, value: this.#isAtEnd() ? null : this.#expression() };
        case 'delete':
          this.#at++;
          return this.#delete();
        default:
      }
    }
    return { type: 'expression', expression: this.#expression() };
  }

  #delete(): Statement {
    const name = this.#name();
    if (!this.#take('[')) return { type: 'delete', name, keys: null };
    const keys = this.#list(']');
    return { type: 'delete', name, keys };
  }

  #print(type: 'print' | 'printf'): Statement {
    const args = this.#isAtEnd() || this.#is('>') || this.#is('>>') || this.#is('|') ? [] : this.#printArguments();
    let redirect: Redirect | null = null;
    for (const operator of ['>>', '>', '|'] as const) {
      if (!this.#take(operator)) continue;
      redirect = { operator, target: this.#concatenation(true) };
      break;
    }
    return { type, args, redirect };
  }

  /** `print (a, b) > "file"`: the brackets are the list's when nothing else follows them. */
  #printArguments(): Expression[] {
    const before = this.#at;
    if (this.#take('(')) {
      const args = this.#list(')');
      if (this.#isAtEnd() || this.#is('>') || this.#is('>>') || this.#is('|')) return args;
      this.#at = before;
    }
    this.#isInPrint++;
    const args = [this.#expression()];
    while (this.#take(',')) {
      this.#skipLines();
      args.push(this.#expression());
    }
    this.#isInPrint--;
    return args;
  }

  #parenthesized(): Expression {
    this.#expect('(');
    const inner = this.#unprinted(() => this.#expression());
    this.#expect(')');
    return inner;
  }

  #unprinted<T>(work: () => T): T {
    const [inPrint, noIn] = [this.#isInPrint, this.#hasNoIn];
    this.#isInPrint = 0;
    this.#hasNoIn = false;
    const result = work();
    this.#isInPrint = inPrint;
    this.#hasNoIn = noIn;
    return result;
  }

  /** Expressions up to the closing bracket, which is taken. */
  #list(close: string): Expression[] {
    return this.#unprinted(() => {
      const list: Expression[] = [];
      this.#skipLines();
      while (!this.#take(close)) {
        list.push(this.#expression());
        this.#skipLines();
        if (!this.#is(close)) this.#expect(',');
        this.#skipLines();
      }
      return list;
    });
  }

  #expression(): Expression {
    const left = this.#conditional();
    const operator = ASSIGNMENTS.find((one) => this.#is(one));
    if (operator === undefined || !isTarget(left)) return left;
    this.#at++;
    this.#skipLines();
    return { type: 'assign', operator: operator.slice(0, -1), target: left, value: this.#expression() };
  }

  #conditional(): Expression {
    const test = this.#or();
    if (!this.#take('?')) return test;
    this.#skipLines();
    const yes = this.#expression();
    this.#skipLines();
    this.#expect(':');
    this.#skipLines();
    return { type: 'conditional', test, yes, no: this.#expression() };
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#take('||')) {
      this.#skipLines();
      left = { type: 'binary', operator: '||', left, right: this.#and() };
    }
    return left;
  }

  #and(): Expression {
    let left = this.#in();
    while (this.#take('&&')) {
      this.#skipLines();
      left = { type: 'binary', operator: '&&', left, right: this.#in() };
    }
    return left;
  }

  #in(): Expression {
    let left = this.#match();
    while (!this.#hasNoIn && this.#takeKeyword('in')) left = { type: 'in', name: this.#name(), keys: [left] };
    return left;
  }

  #match(): Expression {
    let left = this.#comparison();
    for (;;) {
      const isNegated = this.#is('!~');
      if (!isNegated && !this.#is('~')) return left;
      this.#at++;
      left = { type: 'match', isNegated, text: left, pattern: this.#comparison() };
    }
  }

  #comparison(): Expression {
    const left = this.#concatenation(false);
    const operator = COMPARISONS.find((one) => this.#is(one));
    if (operator === undefined || (operator === '>' && this.#isInPrint > 0)) return this.#pipedGetline(left);
    this.#at++;
    return { type: 'binary', operator, left, right: this.#concatenation(false) };
  }

  /** `"command" | getline line`. */
  #pipedGetline(left: Expression): Expression {
    let result = left;
    while (this.#is('|') && this.#tokens[this.#at + 1]?.text === 'getline') {
      this.#at += 2;
      result = { type: 'getline', source: 'command', from: result, target: this.#getlineTarget() };
    }
    return result;
  }

  #concatenation(isSingle: boolean): Expression {
    let left = this.#additive();
    if (isSingle) return left;
    while (this.#startsOperand()) left = { type: 'binary', operator: ' ', left, right: this.#additive() };
    return left;
  }

  #startsOperand(): boolean {
    const { type, text } = this.#peek;
    if (type === 'number' || type === 'string' || type === 'regex' || type === 'name' || type === 'call') return true;
    if (type === 'operator') return ['$', '!', '(', '-', '+', '++', '--'].includes(text);
    return false;
  }

  #additive(): Expression {
    let left = this.#multiplicative();
    for (let operator = ADDITIVE.find((one) => this.#is(one)); operator !== undefined; operator = ADDITIVE.find((one) => this.#is(one))) {
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#multiplicative() };
    }
    return left;
  }

  #multiplicative(): Expression {
    let left = this.#unary();
    for (
      let operator = MULTIPLICATIVE.find((one) => this.#is(one));
      operator !== undefined;
      operator = MULTIPLICATIVE.find((one) => this.#is(one))
    ) {
      this.#at++;
      left = { type: 'binary', operator, left, right: this.#unary() };
    }
    return left;
  }

  #unary(): Expression {
    for (const operator of ['!', '-', '+'] as const) {
      if (this.#take(operator)) return { type: 'unary', operator, operand: this.#unary() };
    }
    return this.#power();
  }

  #power(): Expression {
    const base = this.#step();
    if (!this.#take('^')) return base;
    // Right associative, and `2^-3` is allowed.
    return {
      type: 'binary',
      operator: '^',
      left: base,
      right: this.#is('-') || this.#is('+') || this.#is('!') ? this.#unary() : this.#power(),
    };
  }

  #step(): Expression {
    for (const [operator, by] of [
      ['++', 1],
      ['--', -1],
    ] as const) {
      if (!this.#take(operator)) continue;
      const target = this.#step();
      if (!isTarget(target)) throw this.#unexpected();
      return { type: 'step', isPrefix: true, by, target };
    }
    const operand = this.#primary();
    if (!isTarget(operand)) return operand;
    if (this.#take('++')) return { type: 'step', isPrefix: false, by: 1, target: operand };
    if (this.#take('--')) return { type: 'step', isPrefix: false, by: -1, target: operand };
    return operand;
  }

  #primary(): Expression {
    const token = this.#peek;
    switch (token.type) {
      case 'number':
        this.#at++;
        return { type: 'number', value: Number(token.text) };
      case 'string':
        this.#at++;
        return { type: 'string', value: token.text };
      case 'regex':
        this.#at++;
        return { type: 'regex', source: token.text };
      case 'call':
        this.#at += 2;
        return { type: 'call', name: token.text, args: this.#list(')') };
      case 'name':
        this.#at++;
        if (token.text === 'length') return { type: 'call', name: 'length', args: [] };
        if (this.#take('[')) return { type: 'element', name: token.text, keys: this.#list(']') };
        return { type: 'variable', name: token.text };
      case 'keyword':
        if (this.#takeKeyword('getline')) return this.#getline();
        throw this.#unexpected();
      default:
    }
    if (this.#take('$')) return { type: 'field', index: this.#step() };
    if (this.#take('(')) return this.#group();
    throw this.#unexpected();
  }

  #group(): Expression {
    const items = this.#list(')');
    if (items.length > 1) {
      if (!this.#takeKeyword('in')) throw this.#unexpected();
      return { type: 'in', name: this.#name(), keys: items };
    }
    const [inner] = items;
    if (inner === undefined) throw this.#unexpected();
    return { type: 'group', inner };
  }

  #getline(): Expression {
    const target = this.#getlineTarget();
    if (!this.#take('<')) return { type: 'getline', source: 'main', from: null, target };
    return { type: 'getline', source: 'file', from: this.#primary(), target };
  }

  #getlineTarget(): Target | null {
    const { type, text } = this.#peek;
    if (type !== 'name' && text !== '$') return null;
    const target = this.#primary();
    return isTarget(target) ? target : null;
  }

  #isAtEnd(): boolean {
    const { type, text } = this.#peek;
    return type === 'newline' || type === 'end' || (type === 'operator' && (text === ';' || text === '}' || text === ')'));
  }

  #is(text: string): boolean {
    return this.#peek.type === 'operator' && this.#peek.text === text;
  }

  #take(text: string): boolean {
    if (!this.#is(text)) return false;
    this.#at++;
    return true;
  }

  #takeKeyword(text: string): boolean {
    if (this.#peek.type !== 'keyword' || this.#peek.text !== text) return false;
    this.#at++;
    return true;
  }

  #expect(text: string): void {
    if (!this.#take(text)) throw this.#unexpected();
  }

  #name(): string {
    const { type, text } = this.#peek;
    if (type !== 'name' && type !== 'call') throw this.#unexpected();
    this.#at++;
    return text;
  }

  #skipLines(): void {
    while (this.#peek.type === 'newline') this.#at++;
  }

  #skipEnds(): void {
    while (this.#peek.type === 'newline' || this.#is(';')) this.#at++;
  }

  #unexpected(): AwkSyntaxError {
    const { text, line, type } = this.#peek;
    return new AwkSyntaxError(`syntax error at line ${line} near ${type === 'end' ? 'end of program' : JSON.stringify(text)}`);
  }
}

function isTarget(expression: Expression): expression is Target {
  return expression.type === 'variable' || expression.type === 'field' || expression.type === 'element';
}
