// awk: the command line. Runs in the tools worker.
import { absolutePath, errnoText, parseOptions, type Tool, ToolFailure } from '../../tool.ts';
import { decodeText } from '../../text.ts';
import { AwkInterpreter } from './interpreter.ts';
import { parseAwk } from './parser.ts';
import { AwkSyntaxError, type Program } from './syntax.ts';

const FAILED = 2;

export const awk: Tool = (context) => {
  // Options end at the first operand: what follows belongs to the program.
  const { own, rest } = splitArguments(context.args);
  const { values, all } = parseOptions(own, 'Fvf', { assign: 'v', 'field-separator': 'F', file: 'f' });
  const sources = (all.get('f') ?? []).map((file) => {
    const bytes = context.fs.readFile(absolutePath(context.cwd, file));
    if (typeof bytes === 'number') throw new ToolFailure(`couldn't open file ${file}: ${errnoText(bytes)}`, FAILED);
    return decodeText(bytes);
  });
  const source = sources.length > 0 ? sources.join('\n') : rest.shift();
  if (source === undefined) throw new ToolFailure('usage: awk [-F fs] [-v var=value] [prog | -f progfile] [file ...]', FAILED);
  let program: Program;
  try {
    program = parseAwk(source);
  } catch (error) {
    if (error instanceof AwkSyntaxError) throw new ToolFailure(error.message, FAILED);
    throw error;
  }
  const interpreter = new AwkInterpreter(context, program);
  const separator = values.get('F');
  if (separator !== undefined) interpreter.assign('FS', separator === 't' ? '\\t' : separator);
  for (const assignment of all.get('v') ?? []) {
    const equals = assignment.indexOf('=');
    interpreter.assign(assignment.slice(0, equals), assignment.slice(equals + 1));
  }
  try {
    return interpreter.run(rest);
  } catch (error) {
    if (!(error instanceof AwkSyntaxError) && error instanceof Error && error.constructor === Error)
      throw new ToolFailure(error.message, FAILED);
    if (error instanceof AwkSyntaxError) throw new ToolFailure(error.message, FAILED);
    throw error;
  }
};

function splitArguments(args: readonly string[]): { own: string[]; rest: string[] } {
  let index = 0;
  while (index < args.length) {
    const arg = args[index] ?? '';
    if (arg === '--') return { own: args.slice(0, index), rest: args.slice(index + 1) };
    if (!arg.startsWith('-') || arg === '-') break;
    index += /^-[Fvf]$/.test(arg) ? 2 : 1;
  }
  return { own: args.slice(0, index), rest: args.slice(index) };
}
