// echo printf true false test yes seq basename dirname which uname id whoami hostname nproc tty clear printenv: small programs without input.
import { searchPath } from '../../process/exec.ts';
import { baseName } from '../paths.ts';
import { evaluateTest } from '../sh/test-expression.ts';
import { isTerminal } from '../sh/streams.ts';
import { ShellSyntaxError } from '../sh/syntax.ts';
import { parseOptions, type Tool, ToolFailure } from '../tool.ts';
import { formatEcho } from './echo.ts';
import { formatPrintf } from './printf-format.ts';

export const echo: Tool = ({ args, write }) => {
  write(formatEcho(args, 'bash'));
  return 0;
};

export const printf: Tool = ({ name, args, write, writeError }) => {
  const [format, ...values] = args[0] === '--' ? args.slice(1) : args;
  if (format === undefined) throw new ToolFailure('missing operand');
  const { text, problems } = formatPrintf(format, values);
  write(text);
  for (const problem of problems) writeError(`${name}: ${problem}\n`);
  return problems.length > 0 ? 1 : 0;
};

export const isTrue: Tool = () => 0;
export const isFalse: Tool = () => 1;

export const test: Tool = ({ name, args, fs, cwd, streams, writeError }) => {
  const operands = name === '[' ? args.slice(0, -1) : args;
  if (name === '[' && args.at(-1) !== ']') throw new ToolFailure("missing ']'", 2);
  try {
    return evaluateTest(operands, { fs, cwd, isTerminal: (fd) => isTerminal(streams[fd]) }) ? 0 : 1;
  } catch (error) {
    if (!(error instanceof ShellSyntaxError)) throw error;
    writeError(`${name}: ${error.message}\n`);
    return 2;
  }
};

export const yes: Tool = ({ args, write }) => {
  const text = `${args.length === 0 ? 'y' : args.join(' ')}\n`;
  const block = text.repeat(Math.max(1, Math.floor(8192 / text.length)));
  for (;;) write(block);
};

export const seq: Tool = (context) => {
  const { values, flags, operands } = parseOptions(
    context.args.map((arg) => (/^-[\d.]/.test(arg) ? `\0${arg}` : arg)),
    'sf',
    { separator: 's', format: 'f', 'equal-width': 'w' },
  );
  const texts = operands.map((arg) => arg.replace('\0', ''));
  const numbers = texts.map(Number);
  const bad = texts.find((_text, index) => Number.isNaN(numbers[index]));
  if (bad !== undefined) throw new ToolFailure(`invalid floating point argument: '${bad}'`);
  if (numbers.length === 0 || numbers.length > 3) throw new ToolFailure(numbers.length === 0 ? 'missing operand' : 'extra operand');
  const [first = 1, step = 1, last = 1] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  if (step === 0) throw new ToolFailure(`invalid Zero increment value: '0'`);
  const decimals = Math.max(
    ...texts.slice(0, texts.length === 1 ? 1 : -1).map((text) => text.split('.')[1]?.length ?? 0),
    texts.length === 1 ? 0 : 0,
  );
  const separator = values.get('s') ?? '\n';
  const format = values.get('f');
  const width = flags.has('w') ? Math.max(first.toFixed(decimals).length, last.toFixed(decimals).length) : 0;
  const show = (value: number): string => {
    if (format !== undefined) return formatPrintf(format, [String(value)]).text;
    const text = value.toFixed(decimals);
    return text.startsWith('-') ? `-${text.slice(1).padStart(width - 1, '0')}` : text.padStart(width, '0');
  };
  const count = Math.floor((last - first) / step + 1e-10);
  for (let index = 0; index <= count; index++) context.write(`${index > 0 ? separator : ''}${show(first + index * step)}`);
  if (count >= 0) context.write('\n');
  return 0;
};

export const basename: Tool = ({ args, write }) => {
  const { flags, values, operands } = parseOptions(args, 's', { suffix: 's', multiple: 'a', zero: 'z' });
  if (operands.length === 0) throw new ToolFailure('missing operand');
  const isMultiple = flags.has('a') || flags.has('s');
  const suffix = values.get('s') ?? (isMultiple ? '' : (operands[1] ?? ''));
  for (const path of isMultiple ? operands : operands.slice(0, 1)) {
    const base = baseName(path);
    write(
      `${suffix !== '' && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base}${flags.has('z') ? '\0' : '\n'}`,
    );
  }
  return 0;
};

export const dirname: Tool = ({ args, write }) => {
  const { operands } = parseOptions(args);
  if (operands.length === 0) throw new ToolFailure('missing operand');
  for (const path of operands) {
    const plain = path.replace(/(?<=.)\/+$/, '');
    const slash = plain.lastIndexOf('/');
    write(`${slash === -1 ? '.' : slash === 0 ? '/' : plain.slice(0, slash).replace(/(?<=.)\/+$/, '')}\n`);
  }
  return 0;
};

export const which: Tool = ({ args, fs, env, cwd, write }) => {
  let status = 0;
  for (const file of parseOptions(args).operands) {
    const found = file.includes('/')
      ? fs.access(file.startsWith('/') ? file : `${cwd}/${file}`, 1) === 0
        ? file
        : -2
      : searchPath(fs, { file, env, cwd });
    if (typeof found === 'number') status = 1;
    else write(`${found}\n`);
  }
  return status;
};

export const printenv: Tool = ({ args, env, write }) => {
  if (args.length === 0) for (const [name, value] of Object.entries(env)) write(`${name}=${value}\n`);
  let status = 0;
  for (const name of args) {
    const value = env[name];
    if (value === undefined) status = 1;
    else write(`${value}\n`);
  }
  return status;
};

export const uname: Tool = ({ args, write }) => {
  const { flags } = parseOptions(args, '', { all: 'a' });
  const parts: readonly (readonly [string, string])[] = [
    ['s', 'Linux'],
    ['n', 'verklet'],
    ['r', '6.1.0-verklet'],
    ['v', '#1 SMP'],
    ['m', 'x86_64'],
    ['o', 'GNU/Linux'],
  ];
  const shown = parts.filter(([letter]) => flags.has('a') || flags.has(letter) || (flags.size === 0 && letter === 's'));
  write(`${shown.map(([, text]) => text).join(' ')}\n`);
  return 0;
};

export const id: Tool = ({ args, write }) => {
  const { flags } = parseOptions(args);
  const isName = flags.has('n');
  if (flags.has('u') || flags.has('g') || flags.has('G')) write(`${isName ? 'user' : '1000'}\n`);
  else write('uid=1000(user) gid=1000(user) groups=1000(user)\n');
  return 0;
};

export const whoami: Tool = ({ write }) => {
  write('user\n');
  return 0;
};

export const hostname: Tool = ({ write }) => {
  write('verklet\n');
  return 0;
};

export const nproc: Tool = ({ write }) => {
  write(`${navigator.hardwareConcurrency}\n`);
  return 0;
};

export const tty: Tool = ({ streams, write }) => {
  const isThere = isTerminal(streams[0]);
  write(isThere ? '/dev/tty\n' : 'not a tty\n');
  return isThere ? 0 : 1;
};

export const clear: Tool = ({ write }) => {
  write('\u001b[H\u001b[2J\u001b[3J');
  return 0;
};
