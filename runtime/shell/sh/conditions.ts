// `[[ ... ]]`: patterns, regular expressions, files and numbers. Runs in the tools worker.
import type { Interpreter } from './interpreter.ts';
import { globExpression } from './glob.ts';
import { isTerminal } from './streams.ts';
import { type Condition, ShellSyntaxError } from './syntax.ts';
import { evaluateTest, type TestPlace } from './test-expression.ts';
import { extendedExpression } from '../regular-expression.ts';

export async function conditionHolds(condition: Condition, shell: Interpreter): Promise<boolean> {
  switch (condition.type) {
    case 'and':
      return (await conditionHolds(condition.left, shell)) && conditionHolds(condition.right, shell);
    case 'or':
      return (await conditionHolds(condition.left, shell)) || conditionHolds(condition.right, shell);
    case 'not':
      return !(await conditionHolds(condition.inner, shell));
    case 'word':
      return (await shell.expander().text(condition.word)) !== '';
    case 'unary':
      return unary(condition.operator, await shell.expander().text(condition.operand), shell);
    case 'binary':
      return binary(condition, shell);
    default:
      return condition satisfies never;
  }
}

export function testPlace(shell: Interpreter): TestPlace {
  return { fs: shell.host.fs, cwd: shell.state.cwd, isTerminal: (fd) => isTerminal(shell.streams[fd]) };
}

function unary(operator: string, operand: string, shell: Interpreter): boolean {
  if (operator === 'v') return isSet(operand, shell);
  if (operator === 'o') return shell.state.has(operand);
  return evaluateTest([`-${operator}`, operand], testPlace(shell));
}

export function isSet(operand: string, shell: Interpreter): boolean {
  const element = /^(\w+)\[(.+)\]$/.exec(operand);
  return element === null ? shell.state.get(operand) !== undefined : shell.state.element(element[1] ?? '', element[2] ?? '') !== undefined;
}

async function binary({ operator, left, right }: Extract<Condition, { type: 'binary' }>, shell: Interpreter): Promise<boolean> {
  const expander = shell.expander();
  const value = await expander.text(left);
  const isCaseless = shell.state.shellOptions.has('nocasematch');
  switch (operator) {
    case '=':
    case '==':
    case '!=':
      return globExpression(await expander.pattern(right), { isCaseless }).test(value) === (operator !== '!=');
    case '=~':
      return matches(value, await regularExpression(expander.segments(right)), isCaseless, shell);
    case '<':
      return value < (await expander.text(right));
    case '>':
      return value > (await expander.text(right));
    default: {
      const other = await expander.text(right);
      if (!/^-(?:eq|ne|lt|le|gt|ge)$/.test(operator)) return evaluateTest([value, operator, other], testPlace(shell));
      return evaluateTest([String(expander.evaluate(value)), operator, String(expander.evaluate(other))], testPlace(shell));
    }
  }
}

/** What was quoted is literal. */
async function regularExpression(segments: Promise<readonly { readonly text: string; readonly isQuoted: boolean }[]>): Promise<string> {
  return (await segments).map(({ text, isQuoted }) => (isQuoted ? text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&') : text)).join('');
}

function matches(value: string, pattern: string, isCaseless: boolean, shell: Interpreter): boolean {
  let match: RegExpExecArray | null;
  try {
    match = extendedExpression(pattern, isCaseless ? 'i' : '').exec(value);
  } catch (error) {
    if (error instanceof SyntaxError) throw new ShellSyntaxError(`invalid regular expression: ${pattern}`);
    throw error;
  }
  shell.state.setValue('BASH_REMATCH', { kind: 'indexed', items: new Map((match ?? []).map((text, index) => [index, text ?? ''])) });
  return match !== null;
}
