// od xxd dd strings: bytes made visible, and copied in blocks. Runs in the tools worker.
import { absolutePath, openInputs, parseOptions, type Tool, type ToolContext, ToolFailure, errnoText } from '../tool.ts';
import { collected } from '../sh/streams.ts';
import { decodeText } from '../text.ts';

const NAMES: Readonly<Record<number, string>> = { 0: '\\0', 7: '\\a', 8: '\\b', 9: '\\t', 10: '\\n', 11: '\\v', 12: '\\f', 13: '\\r' };

function wholeInput(context: ToolContext, operands: readonly string[]): Uint8Array | null {
  const chunks: Uint8Array[] = [];
  const inputs = openInputs(context, operands);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) for (const chunk of next.value.chunks) chunks.push(chunk.slice());
  return next.value === 0 ? collected(chunks) : null;
}

export const od: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'AtNjw', {
    'address-radix': 'A',
    format: 't',
    'read-bytes': 'N',
    'skip-bytes': 'j',
  });
  const whole = wholeInput(context, operands);
  if (whole === null) return 1;
  const start = Number(values.get('j') ?? 0);
  const bytes = whole.subarray(start, values.has('N') ? start + Number(values.get('N')) : undefined);
  const format = values.get('t') ?? (flags.has('c') ? 'c' : flags.has('x') ? 'x2' : flags.has('b') ? 'o1' : flags.has('d') ? 'u2' : 'o2');
  const radix = values.get('A') ?? 'o';
  const address = (at: number): string =>
    radix === 'n' ? '' : at.toString(radix === 'x' ? 16 : radix === 'd' ? 10 : 8).padStart(radix === 'x' ? 6 : 7, '0');
  let previous = '';
  let isRepeating = false;
  for (let at = 0; at < bytes.length; at += 16) {
    const row = bytes.subarray(at, at + 16);
    const text = showRow(row, format);
    if (text === previous && row.length === 16 && !flags.has('v')) {
      if (!isRepeating) context.write('*\n');
      isRepeating = true;
      continue;
    }
    isRepeating = false;
    previous = text;
    context.write(`${address(start + at)}${text}\n`);
  }
  if (radix !== 'n') context.write(`${address(start + bytes.length)}\n`);
  return 0;
};

function showRow(row: Uint8Array, format: string): string {
  const kind = format[0] ?? 'o';
  if (kind === 'c' || kind === 'a')
    return [...row]
      .map((byte) =>
        (NAMES[byte] ?? (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : byte.toString(8).padStart(3, '0'))).padStart(4),
      )
      .join('');
  const size = Number(/\d+/.exec(format)?.[0] ?? 4);
  const base = kind === 'x' ? 16 : kind === 'o' ? 8 : 10;
  const digits = kind === 'x' ? size * 2 : kind === 'o' ? Math.ceil((size * 8) / 3) : ({ 1: 3, 2: 5, 4: 10, 8: 20 }[size] ?? 3);
  let text = '';
  for (let at = 0; at < row.length; at += size) {
    let value = 0n;
    for (let index = Math.min(size, row.length - at) - 1; index >= 0; index--) value = (value << 8n) | BigInt(row[at + index] ?? 0);
    const shown = kind === 'd' ? BigInt.asIntN(size * 8, value).toString() : value.toString(base);
    text += ` ${kind === 'd' || kind === 'u' ? shown.padStart(digits) : shown.padStart(digits, '0')}`;
  }
  return text;
}

export const xxd: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'clsg', { plain: 'p', revert: 'r' });
  const whole = wholeInput(context, operands.slice(0, 1));
  if (whole === null) return 2;
  if (flags.has('r')) return revert(context, decodeText(whole), flags.has('p'));
  const bytes = whole.subarray(Number(values.get('s') ?? 0)).subarray(0, Number(values.get('l') ?? Infinity));
  const hex = (part: Uint8Array): string => (flags.has('u') ? part.toHex().toUpperCase() : part.toHex());
  const width = Number(values.get('c') ?? (flags.has('p') ? 30 : 16));
  const perGroup = Number(values.get('g') ?? 2) || width;
  for (let at = 0; at < bytes.length; at += width) {
    const row = bytes.subarray(at, at + width);
    if (flags.has('p')) {
      context.write(`${hex(row)}\n`);
      continue;
    }
    const groups = Array.from({ length: Math.ceil(row.length / perGroup) }, (_unused, index) =>
      hex(row.subarray(index * perGroup, (index + 1) * perGroup)),
    );
    const text = [...row].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
    const columns = width * 2 + Math.ceil(width / perGroup) - 1;
    context.write(`${at.toString(16).padStart(8, '0')}: ${groups.join(' ').padEnd(columns)}  ${text}\n`);
  }
  return 0;
};

function revert(context: ToolContext, text: string, isPlain: boolean): number {
  const digits = isPlain
    ? text.replaceAll(/\s/g, '')
    : text
        .split('\n')
        .map((line) => (/^[0-9a-f]+: ((?:[0-9a-f]+ )+)/.exec(line)?.[1] ?? '').replaceAll(' ', ''))
        .join('');
  context.write(Uint8Array.fromHex(digits.slice(0, digits.length - (digits.length % 2))));
  return 0;
}

export const strings: Tool = (context) => {
  const { values, operands } = parseOptions(context.args, 'n', { bytes: 'n' });
  const whole = wholeInput(context, operands);
  if (whole === null) return 1;
  const least = Number(values.get('n') ?? 4);
  let run = '';
  for (const byte of [...whole, 0]) {
    if ((byte >= 0x20 && byte < 0x7f) || byte === 0x09) run += String.fromCharCode(byte);
    else {
      if (run.length >= least) context.write(`${run}\n`);
      run = '';
    }
  }
  return 0;
};

export const dd: Tool = (context) => {
  const options = new Map(context.args.map((arg) => [arg.slice(0, arg.indexOf('=')), arg.slice(arg.indexOf('=') + 1)]));
  const size = (name: string, otherwise: number): number => {
    const text = options.get(name);
    if (text === undefined) return otherwise;
    const match = /^(\d+)([kKMG]?)(?:i?B)?$/.exec(text);
    if (match === null) throw new ToolFailure(`invalid number: '${text}'`);
    return Number(match[1]) * 1024 ** ' KMG'.indexOf((match[2] ?? '').toUpperCase() || ' ');
  };
  const blockSize = size('bs', size('ibs', 512));
  const [count, skip, seek] = [size('count', Infinity), size('skip', 0), size('seek', 0)];
  const input = options.get('if');
  const source = input === undefined ? -1 : context.fs.open(absolutePath(context.cwd, input), 0, 0);
  if (input !== undefined && source < 0) throw new ToolFailure(`failed to open '${input}': ${errnoText(source)}`);
  const output = options.get('of');
  const keeps = (options.get('conv') ?? '').includes('notrunc');
  const target =
    output === undefined
      ? -1
      : context.fs.open(absolutePath(context.cwd, output), keeps || seek > 0 ? 0o101 : 0o1101, 0o666 & ~context.umask);
  if (output !== undefined && target < 0) throw new ToolFailure(`failed to open '${output}': ${errnoText(target)}`);
  const reader = new BlockReader(context, source, blockSize);
  for (let block = 0; block < skip; block++) reader.next();
  let [full, partial, total] = [0, 0, 0];
  for (let block = 0; block < count; block++) {
    const bytes = reader.next();
    if (bytes.length === 0) break;
    if (bytes.length === blockSize) full++;
    else partial++;
    if (target >= 0) context.fs.write(target, bytes, seek * blockSize + total);
    else context.write(bytes);
    total += bytes.length;
  }
  for (const handle of [source, target]) if (handle >= 0) context.fs.close(handle);
  if (options.get('status') !== 'none')
    context.writeError(`${full}+${partial} records in\n${full}+${partial} records out\n${total} bytes copied\n`);
  return 0;
};

class BlockReader {
  readonly #context: ToolContext;
  readonly #handle: number;
  readonly #size: number;
  #rest: Uint8Array = new Uint8Array();

  constructor(context: ToolContext, handle: number, size: number) {
    this.#context = context;
    this.#handle = handle;
    this.#size = size;
  }

  next(): Uint8Array {
    const chunks: Uint8Array[] = [this.#rest];
    let length = this.#rest.length;
    while (length < this.#size) {
      const chunk = this.#read();
      if (chunk.length === 0) break;
      chunks.push(chunk);
      length += chunk.length;
    }
    const whole = collected(chunks);
    this.#rest = whole.slice(this.#size);
    return whole.subarray(0, this.#size);
  }

  #read(): Uint8Array {
    if (this.#handle < 0) return this.#context.read().slice();
    const into = new Uint8Array(this.#size);
    return into.subarray(0, Math.max(0, this.#context.fs.read(this.#handle, into, -1)));
  }
}
