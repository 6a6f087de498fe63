// sha256sum and its kin, md5sum, cksum, base64. Runs in the tools worker.
import { createMD5, createSHA1, createSHA224, createSHA256, createSHA384, createSHA512, type IHasher } from 'hash-wasm';
import { absolutePath, openInputs, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { collected } from '../sh/streams.ts';
import { decodeText } from '../text.ts';

const HASHERS: Readonly<Record<string, () => Promise<IHasher>>> = {
  md5sum: createMD5,
  sha1sum: createSHA1,
  sha224sum: createSHA224,
  sha256sum: createSHA256,
  sha384sum: createSHA384,
  sha512sum: createSHA512,
};

export const checksum: Tool = async (context) => {
  const create = HASHERS[context.name] ?? createSHA256;
  const { flags, operands } = parseOptions(context.args, '', { check: 'c', binary: 'b', text: 't', quiet: 'quiet', status: 'status' });
  if (flags.has('c')) return check(context, await create(), flags, operands);
  const hasher = await create();
  const inputs = openInputs(context, operands);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) {
    hasher.init();
    for (const chunk of next.value.chunks) hasher.update(chunk);
    context.write(`${hasher.digest('hex')} ${flags.has('b') ? '*' : ' '}${next.value.name || '-'}\n`);
  }
  return next.value;
};

function check(context: ToolContext, hasher: IHasher, flags: ReadonlySet<string>, operands: readonly string[]): number {
  let [failed, missing, count] = [0, 0, 0];
  const lists = openInputs(context, operands);
  let next = lists.next();
  for (; next.done !== true; next = lists.next()) {
    for (const line of decodeText(collected([...next.value.chunks].map((chunk) => chunk.slice()))).split('\n')) {
      const match = /^([0-9a-f]+) [ *](.+)$/.exec(line);
      if (match === null) continue;
      count++;
      const [, wanted, name = ''] = match;
      const bytes = context.fs.readFile(absolutePath(context.cwd, name));
      if (typeof bytes === 'number') {
        missing++;
        context.writeError(`${context.name}: ${name}: No such file or directory\n`);
        if (!flags.has('status')) context.write(`${name}: FAILED open or read\n`);
        continue;
      }
      const isRight = hasher.init().update(bytes).digest('hex') === wanted;
      if (!isRight) failed++;
      if (!flags.has('status') && !(isRight && flags.has('quiet'))) context.write(`${name}: ${isRight ? 'OK' : 'FAILED'}\n`);
    }
  }
  if (count === 0) throw new ToolFailure('no properly formatted checksum lines found');
  if (failed > 0) context.writeError(`${context.name}: WARNING: ${failed} computed checksum${failed === 1 ? '' : 's'} did NOT match\n`);
  return failed + missing > 0 ? 1 : 0;
}

export const base64: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'w', { decode: 'd', wrap: 'w', 'ignore-garbage': 'i' });
  const inputs = openInputs(context, operands);
  const first = inputs.next();
  if (first.done === true) return 1;
  if (flags.has('d')) return decode(context, first.value.chunks, flags.has('i'));
  const width = Number(values.get('w') ?? 76);
  let column = 0;
  let rest = new Uint8Array();
  const emit = (bytes: Uint8Array): void => {
    for (let text = bytes.toBase64(); text !== '';) {
      const piece = width === 0 ? text : text.slice(0, width - column);
      context.write(piece);
      text = text.slice(piece.length);
      column += piece.length;
      if (width > 0 && column === width) {
        context.write('\n');
        column = 0;
      }
    }
  };
  for (const chunk of first.value.chunks) {
    const whole = collected([rest, chunk]);
    const end = whole.length - (whole.length % 3);
    emit(whole.subarray(0, end));
    rest = whole.slice(end);
  }
  emit(rest);
  if (column > 0 && width > 0) context.write('\n');
  return 0;
};

function decode(context: ToolContext, chunks: Iterable<Uint8Array>, ignoresGarbage: boolean): number {
  const text = decodeText(collected([...chunks].map((chunk) => chunk.slice()))).replaceAll(ignoresGarbage ? /[^A-Za-z0-9+/=]/g : /\n/g, '');
  try {
    context.write(Uint8Array.fromBase64(text));
    return 0;
  } catch (error) {
    if (error instanceof SyntaxError) throw new ToolFailure('invalid input');
    throw error;
  }
}

const CRC_POLYNOMIAL = 0x04c11db7;
const crcTable = Uint32Array.from({ length: 256 }, (_unused, byte) => {
  let value = byte << 24;
  for (let bit = 0; bit < 8; bit++) value = (value & 0x80000000) === 0 ? value << 1 : (value << 1) ^ CRC_POLYNOMIAL;
  return value >>> 0;
});

/** POSIX's CRC: over the bytes, then over their count. */
export const cksum: Tool = (context) => {
  const inputs = openInputs(context, parseOptions(context.args).operands);
  let next = inputs.next();
  for (; next.done !== true; next = inputs.next()) {
    let [crc, length] = [0, 0];
    const feed = (byte: number): void => void (crc = ((crc << 8) ^ (crcTable[((crc >>> 24) ^ byte) & 0xff] ?? 0)) >>> 0);
    for (const chunk of next.value.chunks) {
      length += chunk.length;
      for (const byte of chunk) feed(byte);
    }
    for (let rest = length; rest > 0; rest = Math.floor(rest / 256)) feed(rest & 0xff);
    context.write(`${~crc >>> 0} ${length}${next.value.name === '' ? '' : ` ${next.value.name}`}\n`);
  }
  return next.value;
};
