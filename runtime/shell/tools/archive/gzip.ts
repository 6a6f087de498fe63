// gzip gunzip zcat: one stream, compressed or not, in bounded memory. Runs in the tools worker.
import { Gunzip, Gzip } from 'fflate';
import { absolutePath, complain, openFile, parseOptions, type Tool, type ToolContext, ToolFailure } from '../../tool.ts';
import { statOf } from '../file-types.ts';

type Level = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9;

export const gzip: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'S', {
    decompress: 'd',
    uncompress: 'd',
    stdout: 'c',
    'to-stdout': 'c',
    keep: 'k',
    force: 'f',
    test: 't',
    fast: '1',
    best: '9',
    quiet: 'q',
    verbose: 'v',
    list: 'l',
    suffix: 'S',
  });
  const isUnpacking = flags.has('d') || context.name !== 'gzip';
  const toOutput = flags.has('c') || context.name === 'zcat';
  const level = Number([...'123456789'].find((digit) => flags.has(digit)) ?? 6) as Level;
  const suffix = values.get('S') ?? '.gz';
  const convert = isUnpacking
    ? (chunks: Iterable<Uint8Array>) => gunzipChunks(chunks)
    : (chunks: Iterable<Uint8Array>) => gzipChunks(chunks, level);
  let status = 0;
  for (const name of operands.length === 0 ? ['-'] : operands) {
    if (name === '-') {
      for (const chunk of guarded(convert(standardInput(context)))) if (!flags.has('t')) context.write(chunk);
      continue;
    }
    status = Math.max(
      status,
      oneFile(context, name, {
        isUnpacking,
        toOutput: toOutput || flags.has('t'),
        isTest: flags.has('t'),
        keeps: flags.has('k'),
        isForced: flags.has('f'),
        suffix,
        convert,
      }),
    );
  }
  return status;
};

function* standardInput(context: ToolContext): Generator<Uint8Array> {
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) yield chunk;
}

interface FileOptions {
  readonly isUnpacking: boolean;
  readonly toOutput: boolean;
  readonly isTest: boolean;
  readonly keeps: boolean;
  readonly isForced: boolean;
  readonly suffix: string;
  readonly convert: (chunks: Iterable<Uint8Array>) => Iterable<Uint8Array>;
}

function oneFile(
  context: ToolContext,
  name: string,
  { isUnpacking, toOutput, isTest, keeps, isForced, suffix, convert }: FileOptions,
): number {
  const { fs, cwd } = context;
  const stat = statOf(context, name);
  const opened = openFile(context, name);
  if (typeof opened === 'number' || typeof stat === 'number') return complain(context, name, typeof opened === 'number' ? opened : -2);
  if (toOutput) {
    for (const chunk of guarded(convert(opened.chunks))) if (!isTest) context.write(chunk);
    fs.close(opened.handle);
    return 0;
  }
  const target = isUnpacking ? name.replace(/\.tgz$/, '.tar').replace(new RegExp(`\\${suffix}$`, 'u'), '') : `${name}${suffix}`;
  if (target === name) {
    context.writeError(
      `${context.name}: ${name}: ${isUnpacking ? 'unknown suffix -- ignored' : `already has ${suffix} suffix -- unchanged`}\n`,
    );
    fs.close(opened.handle);
    return 2;
  }
  const path = absolutePath(cwd, target);
  if (fs.access(path, 0) === 0 && !isForced) {
    context.writeError(`${context.name}: ${target} already exists; not overwritten\n`);
    fs.close(opened.handle);
    return 2;
  }
  const handle = fs.open(path, 0o1101, stat.mode & 0o777);
  if (handle < 0) return complain(context, target, handle);
  let isDone = false;
  try {
    for (const chunk of guarded(convert(opened.chunks)))
      for (let done = 0; done < chunk.length;) done += Math.max(1, fs.write(handle, chunk.subarray(done), -1));
    isDone = true;
  } finally {
    fs.close(handle);
    fs.close(opened.handle);
    // What is broken leaves no half file behind.
    if (!isDone) fs.unlink(path);
  }
  fs.utimes(path, stat.atimeSec * 1000, stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6, true);
  if (!keeps) fs.unlink(absolutePath(cwd, name));
  return 0;
}

function* guarded(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  try {
    yield* chunks;
  } catch (error) {
    // fflate's errors carry a number; everything else is ours.
    if (error instanceof Error && 'code' in error)
      throw new ToolFailure(error.message === 'invalid gzip data' ? 'not in gzip format' : `invalid compressed data--${error.message}`);
    throw error;
  }
}

export function* gzipChunks(chunks: Iterable<Uint8Array>, level: Level = 6): Generator<Uint8Array> {
  const ready: Uint8Array[] = [];
  const stream = new Gzip({ level, mtime: 0 }, (chunk) => void ready.push(chunk));
  for (const chunk of chunks) {
    stream.push(chunk.slice());
    yield* ready.splice(0);
  }
  stream.push(new Uint8Array(), true);
  yield* ready.splice(0);
}

export function* gunzipChunks(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const ready: Uint8Array[] = [];
  let isEmpty = true;
  const stream = new Gunzip((chunk) => void ready.push(chunk));
  for (const chunk of chunks) {
    isEmpty &&= chunk.length === 0;
    stream.push(chunk.slice());
    yield* ready.splice(0);
  }
  if (isEmpty) throw new ToolFailure('unexpected end of file');
  stream.push(new Uint8Array(), true);
  yield* ready.splice(0);
}
