// echo printf true false env which basename dirname date sleep seq clear: small tools without input. Runs in the tools worker.
import { searchPath } from '../../process/exec.ts';
import { parseOptions, type Tool } from '../tool.ts';

export const echo: Tool = (context) => {
  const isBare = context.args[0] === '-n';
  const words = isBare ? context.args.slice(1) : context.args;
  context.write(`${words.join(' ')}${isBare ? '' : '\n'}`);
  return 0;
};

export const printf: Tool = (context) => {
  const [format = '', ...values] = context.args;
  let rest = values;
  do {
    let used = 0;
    context.write(
      unescape(format).replaceAll(/%(-?\d*)([sdifxobc%])/g, (_whole, width: string, kind: string) => {
        if (kind === '%') return '%';
        const value = rest[used++] ?? '';
        const text = kind === 's' ? value : kind === 'b' ? unescape(value) : kind === 'c' ? value.slice(0, 1) : number(value, kind);
        return width.startsWith('-') ? text.padEnd(Number(width.slice(1))) : text.padStart(Number(width || 0));
      }),
    );
    if (used === 0) break;
    rest = rest.slice(used);
  } while (rest.length > 0);
  return 0;
};

function number(value: string, kind: string): string {
  const parsed = Number(value) || 0;
  if (kind === 'x') return Math.trunc(parsed).toString(16);
  if (kind === 'o') return Math.trunc(parsed).toString(8);
  return kind === 'f' ? parsed.toFixed(6) : String(Math.trunc(parsed));
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  r: '\r',
  a: '\u0007',
  b: '\b',
  e: '\u001b',
  f: '\f',
  v: '\v',
  '\\': '\\',
  '"': '"',
};

function unescape(text: string): string {
  return text.replaceAll(/\\(0?[0-7]{1,3}|x[0-9a-fA-F]{1,2}|.)/g, (whole, code: string) => {
    if (/^[0-7]/.test(code)) return String.fromCharCode(Number.parseInt(code, 8));
    if (code.startsWith('x') && code.length > 1) return String.fromCharCode(Number.parseInt(code.slice(1), 16));
    return ESCAPES[code] ?? whole;
  });
}

export const isTrue: Tool = () => 0;
export const isFalse: Tool = () => 1;

export const env: Tool = (context) => {
  for (const [name, value] of Object.entries(context.env)) context.write(`${name}=${value}\n`);
  return 0;
};

export const which: Tool = (context) => {
  let status = 0;
  for (const file of parseOptions(context.args).operands) {
    const found = searchPath(context.fs, { file, env: context.env, cwd: context.cwd });
    if (typeof found === 'number') status = 1;
    else context.write(`${found}\n`);
  }
  return status;
};

export const basename: Tool = (context) => {
  const [path = '', suffix = ''] = context.args;
  const plain = path.replace(/(?<=.)\/+$/, '');
  const base = plain === '/' ? '/' : plain.slice(plain.lastIndexOf('/') + 1);
  context.write(`${suffix !== '' && base !== suffix && base.endsWith(suffix) ? base.slice(0, -suffix.length) : base}\n`);
  return 0;
};

export const dirname: Tool = (context) => {
  for (const path of context.args) {
    const plain = path.replace(/(?<=.)\/+$/, '');
    const slash = plain.lastIndexOf('/');
    context.write(`${slash === -1 ? '.' : slash === 0 ? '/' : plain.slice(0, slash).replace(/(?<=.)\/+$/, '')}\n`);
  }
  return 0;
};

const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export const date: Tool = (context) => {
  const now = new Date();
  const format = context.args.find((arg) => arg.startsWith('+'))?.slice(1) ?? '%a %b %e %H:%M:%S UTC %Y';
  const pad = (value: number): string => String(value).padStart(2, '0');
  const parts: Record<string, string> = {
    Y: String(now.getUTCFullYear()),
    m: pad(now.getUTCMonth() + 1),
    d: pad(now.getUTCDate()),
    e: String(now.getUTCDate()).padStart(2),
    H: pad(now.getUTCHours()),
    M: pad(now.getUTCMinutes()),
    S: pad(now.getUTCSeconds()),
    s: String(Math.floor(now.getTime() / 1000)),
    a: DAYS[now.getUTCDay()] ?? '',
    b: MONTHS[now.getUTCMonth()] ?? '',
    N: `${now.getUTCMilliseconds()}`.padStart(3, '0').padEnd(9, '0'),
    '%': '%',
    n: '\n',
    Z: 'UTC',
    F: now.toISOString().slice(0, 10),
    T: now.toISOString().slice(11, 19),
  };
  context.write(`${format.replaceAll(/%(.)/g, (whole, key: string) => parts[key] ?? whole)}\n`);
  return 0;
};

export const sleep: Tool = async (context) => {
  const seconds = context.args.reduce((sum, arg) => sum + Number.parseFloat(arg), 0);
  if (Number.isNaN(seconds)) {
    context.writeError(`sleep: invalid time interval '${context.args.join(' ')}'\n`);
    return 1;
  }
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  return 0;
};

export const seq: Tool = (context) => {
  const numbers = context.args.map(Number);
  const [first = 1, step = 1, last = 1] =
    numbers.length === 1 ? [1, 1, numbers[0]] : numbers.length === 2 ? [numbers[0], 1, numbers[1]] : numbers;
  let text = '';
  for (let value = first; step > 0 ? value <= last : step < 0 && value >= last; value += step) text += `${value}\n`;
  context.write(text);
  return 0;
};

export const clear: Tool = (context) => {
  context.write('\u001b[H\u001b[2J\u001b[3J');
  return 0;
};
