// Runs awk programs. Everything is synchronous: pipes and commands block the worker as they block awk.
import { openInputs, type ToolContext } from '../../tool.ts';
import { unescapeString } from './lexer.ts';
import { callBuiltin, isBuiltin } from './builtins.ts';
import { InputOutput, RecordReader } from './input-output.ts';
import { AwkRecord } from './record.ts';
import { awkRegex } from './regex.ts';
import { type Expression, type FunctionDefinition, type Pattern, type Program, type Rule, type Statement, type Target } from './syntax.ts';
import { type AwkArray, compare, InputText, isTrue, type Scalar, toNumber, toText } from './values.ts';

const MAX_DEPTH = 2000;

class Jump {
  readonly kind: 'break' | 'continue' | 'next' | 'nextfile' | 'return' | 'exit';
  readonly value: Scalar;

  constructor(kind: Jump['kind'], value: Scalar = undefined) {
    this.kind = kind;
    this.value = value;
  }
}

/** A name of a running function: a value, or an array that may be the caller's. */
interface Local {
  value: Scalar;
  array: AwkArray | null;
  /** The caller's name, for an argument that turns out to be an array. */
  readonly alias: string | null;
  readonly outer: ReadonlyMap<string, Local> | null;
}

export class AwkInterpreter {
  readonly context: ToolContext;
  readonly io: InputOutput;
  readonly record: AwkRecord;
  readonly #program: Program;
  readonly #variables = new Map<string, Scalar>();
  readonly #arrays = new Map<string, AwkArray>();
  readonly #ranges = new Set<Rule>();
  #frame: Map<string, Local> | null = null;
  #depth = 0;
  #operands: string[] = [];
  #reader: RecordReader | null = null;
  #inputs: ReturnType<typeof openInputs> | null = null;
  #status = 0;

  constructor(context: ToolContext, program: Program) {
    this.context = context;
    this.#program = program;
    this.io = new InputOutput(context);
    for (const [name, value] of Object.entries({ FS: ' ', OFS: ' ', ORS: '\n', RS: '\n', SUBSEP: '\u001c', CONVFMT: '%.6g', OFMT: '%.6g' }))
      this.#variables.set(name, value);
    for (const name of ['NR', 'FNR', 'RSTART', 'RLENGTH']) this.#variables.set(name, 0);
    this.record = new AwkRecord(() => ({ FS: this.text('FS'), OFS: this.text('OFS'), RS: this.text('RS'), CONVFMT: this.text('CONVFMT') }));
    this.#arrays.set('ENVIRON', new Map(Object.entries(context.env).map(([name, value]) => [name, new InputText(value)])));
  }

  /** Runs everything; `operands` are files and `name=value` assignments. */
  run(operands: readonly string[]): number {
    this.#operands = [...operands];
    this.#arrays.set('ARGV', new Map(['awk', ...operands].map((value, index) => [String(index), new InputText(value)])));
    this.#variables.set('ARGC', operands.length + 1);
    try {
      this.#runRules('begin');
      const hasMain = this.#program.rules.some(({ pattern }) => pattern.type !== 'begin');
      if (hasMain) this.#records();
    } catch (jump) {
      if (!(jump instanceof Jump) || jump.kind !== 'exit') throw jump;
    }
    try {
      if (!this.#hasLeft) this.#runRules('end');
    } catch (jump) {
      if (!(jump instanceof Jump) || jump.kind !== 'exit') throw jump;
    }
    this.io.closeAll();
    return this.#status;
  }

  /** `exit` in a BEGIN or main rule still runs END once; in END it ends. */
  #hasLeft = false;

  assign(name: string, text: string): void {
    this.setVariable(name, new InputText(unescapeString(text)));
  }

  text(name: string): string {
    return toText(this.variable(name), '%.6g');
  }

  variable(name: string): Scalar {
    if (this.#frame !== null) {
      const local = this.#frame.get(name);
      if (local !== undefined) return local.value;
    }
    if (name === 'NF') return this.record.count;
    return this.#variables.get(name);
  }

  setVariable(name: string, value: Scalar): void {
    const local = this.#frame?.get(name);
    if (local !== undefined) local.value = value;
    else if (name === 'NF') this.record.count = toNumber(value);
    else this.#variables.set(name, value);
  }

  array(name: string): AwkArray {
    const local = this.#frame?.get(name);
    return local === undefined ? this.#globalArray(name) : this.#localArray(local);
  }

  #localArray(local: Local): AwkArray {
    if (local.array !== null) return local.array;
    const outer = local.alias === null ? undefined : local.outer?.get(local.alias);
    local.array = outer !== undefined ? this.#localArray(outer) : local.alias === null ? new Map() : this.#globalArray(local.alias);
    return local.array;
  }

  #globalArray(name: string): AwkArray {
    let array = this.#arrays.get(name);
    if (array === undefined) this.#arrays.set(name, (array = new Map()));
    return array;
  }

  evaluate(expression: Expression): Scalar {
    switch (expression.type) {
      case 'number':
      case 'string':
        return expression.value;
      case 'regex':
        return awkRegex(expression.source).test(this.record.text) ? 1 : 0;
      case 'variable':
        return this.variable(expression.name);
      case 'field':
        return this.record.get(this.#fieldIndex(expression.index));
      case 'element':
        return this.#element(expression.name, this.#key(expression.keys));
      case 'in':
        return this.array(expression.name).has(this.#key(expression.keys)) ? 1 : 0;
      case 'group':
        return this.evaluate(expression.inner);
      case 'unary':
        return this.#unary(expression.operator, expression.operand);
      case 'binary':
        return this.#binary(expression);
      case 'match':
        return this.pattern(expression.pattern).test(this.string(expression.text)) === expression.isNegated ? 0 : 1;
      case 'conditional':
        return this.evaluate(isTrue(this.evaluate(expression.test)) ? expression.yes : expression.no);
      case 'assign':
        return this.#assign(expression);
      case 'step':
        return this.#step(expression);
      case 'call':
        return this.#call(expression.name, expression.args);
      case 'getline':
        return this.#getline(expression);
      default:
        return expression satisfies never;
    }
  }

  string(expression: Expression): string {
    return toText(this.evaluate(expression), this.text('CONVFMT'));
  }

  number(expression: Expression): number {
    return toNumber(this.evaluate(expression));
  }

  /** A regular expression literally, or from a string. */
  pattern(expression: Expression): RegExp {
    return awkRegex(expression.type === 'regex' ? expression.source : this.string(expression));
  }

  store(target: Target, value: Scalar): void {
    switch (target.type) {
      case 'variable':
        return this.setVariable(target.name, value);
      case 'field':
        return this.record.assign(this.#fieldIndex(target.index), value);
      case 'element':
        this.array(target.name).set(this.#key(target.keys), value);
        return;
      default:
        target satisfies never;
    }
  }

  #fieldIndex(index: Expression): number {
    const value = Math.trunc(this.number(index));
    if (value < 0) throw new Error(`attempt to access field ${value}`);
    return value;
  }

  /** Looking at an element makes it. */
  #element(name: string, key: string): Scalar {
    const array = this.array(name);
    if (!array.has(key)) array.set(key, undefined);
    return array.get(key);
  }

  #key(keys: readonly Expression[]): string {
    const [only] = keys;
    if (keys.length === 1 && only !== undefined) return this.string(only);
    return keys.map((key) => this.string(key)).join(this.text('SUBSEP'));
  }

  #unary(operator: '!' | '-' | '+', operand: Expression): Scalar {
    const value = this.evaluate(operand);
    if (operator === '!') return isTrue(value) ? 0 : 1;
    return operator === '-' ? -toNumber(value) : toNumber(value);
  }

  #binary({ operator, left, right }: Extract<Expression, { type: 'binary' }>): Scalar {
    if (operator === '&&') return isTrue(this.evaluate(left)) && isTrue(this.evaluate(right)) ? 1 : 0;
    if (operator === '||') return isTrue(this.evaluate(left)) || isTrue(this.evaluate(right)) ? 1 : 0;
    const [a, b] = [this.evaluate(left), this.evaluate(right)];
    if (operator === ' ') {
      const format = this.text('CONVFMT');
      return toText(a, format) + toText(b, format);
    }
    if (/[<>=]/.test(operator)) return holds(operator, compare(a, b, this.text('CONVFMT'))) ? 1 : 0;
    return arithmetic(operator, toNumber(a), toNumber(b));
  }

  #assign({ operator, target, value }: Extract<Expression, { type: 'assign' }>): Scalar {
    const right = this.evaluate(value);
    const result = operator === '' ? right : arithmetic(operator, toNumber(this.evaluate(target)), toNumber(right));
    this.store(target, result);
    return result;
  }

  #step({ target, by, isPrefix }: Extract<Expression, { type: 'step' }>): Scalar {
    const before = toNumber(this.evaluate(target));
    this.store(target, before + by);
    return isPrefix ? before + by : before;
  }

  #call(name: string, args: readonly Expression[]): Scalar {
    const definition = this.#program.functions.get(name);
    if (definition !== undefined) return this.#callFunction(definition, args);
    if (isBuiltin(name)) return callBuiltin(this, name, args);
    throw new Error(`function ${name} not defined`);
  }

  #callFunction({ parameters, body, name }: FunctionDefinition, args: readonly Expression[]): Scalar {
    if (++this.#depth > MAX_DEPTH) throw new Error(`function ${name} calls itself too deeply`);
    const outer = this.#frame;
    const frame = new Map<string, Local>();
    for (const [index, parameter] of parameters.entries()) {
      const arg = args[index];
      const alias = arg?.type === 'variable' ? arg.name : null;
      frame.set(parameter, { value: arg === undefined ? undefined : this.evaluate(arg), array: null, alias, outer });
    }
    for (const extra of args.slice(parameters.length)) this.evaluate(extra);
    this.#frame = frame;
    try {
      this.#execute(body);
      return undefined;
    } catch (jump) {
      if (jump instanceof Jump && jump.kind === 'return') return jump.value;
      throw jump;
    } finally {
      this.#frame = outer;
      this.#depth--;
    }
  }

  #getline({ source, from, target }: Extract<Expression, { type: 'getline' }>): Scalar {
    const line = source === 'main' ? this.#nextMain() : this.#nextOf(source, from === null ? '' : this.string(from));
    if (typeof line !== 'string') return line;
    if (source === 'main') {
      this.#count('NR');
      this.#count('FNR');
    } else if (source === 'command') this.#count('NR');
    if (target === null) this.record.set(line);
    else this.store(target, new InputText(line));
    return 1;
  }

  #nextMain(): string | 0 {
    return this.#nextRecord() ?? 0;
  }

  #nextOf(source: 'file' | 'command', name: string): string | 0 | -1 {
    const reader = this.io.reader(source, name);
    if (reader === undefined) return -1;
    return reader.next(this.#separator()) ?? 0;
  }

  #count(name: string): void {
    this.#variables.set(name, toNumber(this.#variables.get(name)) + 1);
  }

  #separator(): string | RegExp {
    const separator = this.text('RS');
    return separator.length > 1 ? awkRegex(separator) : separator;
  }

  #records(): void {
    for (let line = this.#nextRecord(); line !== null; line = this.#nextRecord()) {
      this.#count('NR');
      this.#count('FNR');
      this.record.set(line);
      try {
        this.#runRules('main');
      } catch (jump) {
        if (!(jump instanceof Jump) || (jump.kind !== 'next' && jump.kind !== 'nextfile')) throw jump;
        if (jump.kind === 'nextfile') this.#reader = null;
      }
    }
  }

  #nextRecord(): string | null {
    for (;;) {
      const record = this.#reader?.next(this.#separator()) ?? null;
      if (record !== null) return record;
      if (!this.#openNext()) return null;
    }
  }

  /** The next operand that is a file; assignments on the way are made. Standard input when there was none. */
  #openNext(): boolean {
    this.#inputs?.return(0);
    const isFirst = this.#inputs === null;
    let name: string | undefined;
    let hasFile = false;
    for (name = this.#operands.shift(); name !== undefined; name = this.#operands.shift()) {
      const assignment = /^([A-Za-z_]\w*)=([^]*)$/.exec(name);
      if (assignment !== null) this.assign(assignment[1] ?? '', assignment[2] ?? '');
      else if (name !== '') {
        hasFile = true;
        break;
      }
    }
    if (!hasFile && !isFirst) return false;
    const inputs = openInputs(this.context, hasFile && name !== undefined ? [name] : []);
    this.#inputs = inputs;
    const next = inputs.next();
    if (next.done === true) {
      this.#status = 2;
      return this.#operands.length > 0 && this.#openNext();
    }
    this.#variables.set('FILENAME', next.value.name);
    this.#variables.set('FNR', 0);
    this.#reader = new RecordReader(next.value.chunks);
    return true;
  }

  #runRules(phase: 'begin' | 'main' | 'end'): void {
    for (const rule of this.#program.rules) {
      const { pattern, body } = rule;
      const isNow = pattern.type === 'begin' || pattern.type === 'end' ? pattern.type === phase : phase === 'main';
      if (!isNow || !this.#matches(pattern, rule)) continue;
      if (body === null) this.context.write(`${this.record.text}${this.text('ORS')}`);
      else this.#execute(body);
    }
  }

  #matches(pattern: Pattern, rule: Rule): boolean {
    switch (pattern.type) {
      case 'expression':
        return isTrue(this.evaluate(pattern.expression));
      case 'range': {
        if (!this.#ranges.has(rule) && !isTrue(this.evaluate(pattern.first))) return false;
        this.#ranges.add(rule);
        if (isTrue(this.evaluate(pattern.last))) this.#ranges.delete(rule);
        return true;
      }
      default:
        return true;
    }
  }

  #execute(statement: Statement): void {
    switch (statement.type) {
      case 'expression':
        this.evaluate(statement.expression);
        return;
      case 'print':
      case 'printf':
        return this.#print(statement);
      case 'block':
        for (const one of statement.body) this.#execute(one);
        return;
      case 'if':
        if (isTrue(this.evaluate(statement.test))) this.#execute(statement.yes);
        else if (statement.no !== null) this.#execute(statement.no);
        return;
      case 'while':
        if (statement.isBodyFirst && !this.#loopBody(statement.body)) return;
        while (isTrue(this.evaluate(statement.test))) if (!this.#loopBody(statement.body)) return;
        return;
      case 'for':
        if (statement.start !== null) this.#execute(statement.start);
        while (statement.test === null || isTrue(this.evaluate(statement.test))) {
          if (!this.#loopBody(statement.body)) return;
          if (statement.step !== null) this.#execute(statement.step);
        }
        return;
      case 'for-in':
        for (const key of [...this.array(statement.array).keys()]) {
          this.setVariable(statement.variable, new InputText(key));
          if (!this.#loopBody(statement.body)) return;
        }
        return;
      case 'jump':
        throw new Jump(statement.kind);
      case 'return':
        throw new Jump('return', statement.value === null ? undefined : this.evaluate(statement.value));
      case 'exit':
        return this.#exit(statement.value);
      case 'delete':
        if (statement.keys === null) this.array(statement.name).clear();
        else this.array(statement.name).delete(this.#key(statement.keys));
        return;
      default:
        statement satisfies never;
    }
  }

  #exit(value: Expression | null): never {
    if (value !== null) this.#status = Math.trunc(this.number(value)) & 0xff;
    throw new Jump('exit');
  }

  /** False after `break`. */
  #loopBody(body: Statement): boolean {
    try {
      this.#execute(body);
      return true;
    } catch (jump) {
      if (!(jump instanceof Jump)) throw jump;
      if (jump.kind === 'break') return false;
      if (jump.kind === 'continue') return true;
      throw jump;
    }
  }

  #print({ type, args, redirect }: Extract<Statement, { type: 'print' | 'printf' }>): void {
    let text: string;
    if (type === 'printf') text = toText(callBuiltin(this, 'sprintf', args), '%.6g');
    else if (args.length === 0) text = this.record.text + this.text('ORS');
    else text = args.map((arg) => toText(this.evaluate(arg), this.text('OFMT'))).join(this.text('OFS')) + this.text('ORS');
    if (redirect === null) this.context.write(text);
    else this.io.write(redirect.operator, this.string(redirect.target), text);
  }
}

function holds(operator: string, order: number): boolean {
  switch (operator) {
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '==':
      return order === 0;
    case '!=':
      return order !== 0;
    case '>':
      return order > 0;
    default:
      return order >= 0;
  }
}

function arithmetic(operator: string, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      if (b === 0) throw new Error('division by zero');
      return a / b;
    case '%':
      if (b === 0) throw new Error('division by zero in %');
      return a % b;
    default:
      return a ** b;
  }
}
