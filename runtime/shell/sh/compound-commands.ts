// The compound commands of a shell: conditions, loops, choices. Runs in the tools worker.
import { LoopJump } from './control.ts';
import type { Expander } from './expansion.ts';
import { globExpression } from './glob.ts';
import type { Interpreter } from './interpreter.ts';
import type { CommandOf, List, Word } from './syntax.ts';

export async function runIf(shell: Interpreter, { branches, otherwise }: CommandOf<'if'>): Promise<number> {
  for (const { condition, body } of branches) if ((await testCondition(shell, condition)) === 0) return shell.runList(body);
  return otherwise === null ? 0 : shell.runList(otherwise);
}

export async function runFor(shell: Interpreter, { name, words, body }: CommandOf<'for'>): Promise<number> {
  let values: readonly string[] = shell.state.arguments;
  if (words !== null) values = await shell.expander().fields(words);
  shell.state.status = 0;
  for (const value of values) {
    shell.state.set(name, value);
    if ((await loopBody(shell, body)) === 'break') break;
  }
  return shell.state.status;
}

export async function runArithmeticFor(shell: Interpreter, { start, test, step, body }: CommandOf<'arithmetic-for'>): Promise<number> {
  return shell.guarded(async () => {
    const expander = shell.expander();
    await expander.arithmetic(start);
    shell.state.status = 0;
    // No test is true.
    const condition: Word = test.every((part) => part.type === 'text' && part.text.trim() === '')
      ? [{ type: 'text', text: '1', isQuoted: true }]
      : test;
    while ((await expander.arithmetic(condition)) !== 0n) {
      if ((await loopBody(shell, body)) === 'break') break;
      await expander.arithmetic(step);
    }
    return shell.state.status;
  });
}

export async function runWhile(shell: Interpreter, { type, condition, body }: CommandOf<'while' | 'until'>): Promise<number> {
  let status = 0;
  try {
    while (((await testCondition(shell, condition)) === 0) === (type === 'while')) {
      shell.state.status = 0;
      const jump = await loopBody(shell, body);
      ({ status } = shell.state);
      if (jump === 'break') break;
    }
  } catch (jump) {
    // `break` in the condition leaves this loop as well.
    if (!(jump instanceof LoopJump)) throw jump;
    if (jump.levels > 1) throw new LoopJump(jump.kind, jump.levels - 1);
  }
  return status;
}

async function loopBody(shell: Interpreter, body: List): Promise<'break' | 'continue' | null> {
  try {
    await shell.runList(body);
    return null;
  } catch (jump) {
    if (!(jump instanceof LoopJump)) throw jump;
    if (jump.levels > 1) throw new LoopJump(jump.kind, jump.levels - 1);
    shell.state.status = 0;
    return jump.kind;
  }
}

export async function runCase(shell: Interpreter, { subject, branches }: CommandOf<'case'>): Promise<number> {
  const expander = shell.expander();
  const value = await expander.text(subject);
  let falls = false;
  let status = 0;
  for (const { patterns, body, end } of branches) {
    if (!falls && !(await matchesAny(patterns, value, expander))) continue;
    status = body.length === 0 ? 0 : await shell.runList(body);
    if (end === ';;') break;
    falls = end === ';&';
  }
  return status;
}

async function matchesAny(
  patterns: CommandOf<'case'>['branches'][number]['patterns'],
  value: string,
  expander: Expander,
): Promise<boolean> {
  for (const pattern of patterns) if (globExpression(await expander.pattern(pattern)).test(value)) return true;
  return false;
}

/** A condition's failure never ends the shell. */
async function testCondition(shell: Interpreter, condition: List): Promise<number> {
  shell.state.conditionDepth++;
  return shell.runList(condition).finally(() => shell.state.conditionDepth--);
}
