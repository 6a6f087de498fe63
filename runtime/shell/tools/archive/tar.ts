// tar: creates, lists and extracts archives, compressed with gzip or not, as streams. Runs in the tools worker.
import { normalizePath } from '../../paths.ts';
import { absolutePath, complain, openFile, type Tool, type ToolContext, ToolFailure, errnoText } from '../../tool.ts';
import { globExpression } from '../../sh/glob.ts';
import { decodeText } from '../../text.ts';
import { formatDate } from '../date.ts';
import { isFolder, isLink, modeText, namesIn, S_IFDIR, S_IFLNK, S_IFREG, statOf } from '../file-types.ts';
import { gunzipChunks, gzipChunks } from './gzip.ts';
import { BLOCK_BYTES, encodeHeader, type TarEntry, TarReader } from './tar-format.ts';

const RECORD_BYTES = 20 * BLOCK_BYTES;
const FAILED = 2;

interface TarCall {
  readonly mode: 'c' | 'x' | 't';
  readonly file: string;
  readonly flags: ReadonlySet<string>;
  readonly folder: string;
  readonly excluded: readonly RegExp[];
  readonly strip: number;
  readonly operands: readonly string[];
}

export const tar: Tool = (context) => {
  const call = readCall(context);
  if (call.mode === 'c') return create(context, call);
  return readArchive(context, call);
};

const LONG: Readonly<Record<string, string>> = {
  create: 'c',
  extract: 'x',
  get: 'x',
  list: 't',
  file: 'f',
  gzip: 'z',
  gunzip: 'z',
  verbose: 'v',
  directory: 'C',
  'to-stdout': 'O',
  'keep-old-files': 'k',
  dereference: 'h',
  'preserve-permissions': 'p',
  'files-from': 'T',
};

function readCall(context: ToolContext): TarCall {
  const args = [...context.args];
  // The oldest form has no dash: `tar xzf file`.
  if (args[0] !== undefined && !args[0].startsWith('-')) args[0] = `-${args[0]}`;
  const flags = new Set<string>();
  const operands: string[] = [];
  let [file, folder, strip] = ['-', context.cwd, 0];
  const excluded: RegExp[] = [];
  const value = (letter: string, text: string): void => {
    if (letter === 'f') file = text;
    else if (letter === 'C') folder = absolutePath(folder, text);
    else if (letter === 'X' || letter === 'T') {
      const bytes = context.fs.readFile(absolutePath(context.cwd, text));
      if (typeof bytes === 'number') throw new ToolFailure(`${text}: ${errnoText(bytes)}`, FAILED);
      const lines = decodeText(bytes)
        .split('\n')
        .filter((line) => line !== '');
      if (letter === 'T') operands.push(...lines);
      else excluded.push(...lines.map((line) => globExpression(line)));
    }
  };
  while (args.length > 0) {
    const arg = args.shift() ?? '';
    if (arg.startsWith('--')) {
      const [name = '', given] = arg.slice(2).split(/=(.*)/s, 2);
      if (name === 'exclude') excluded.push(globExpression(given ?? args.shift() ?? ''));
      else if (name === 'strip-components' || name === 'strip') strip = Number(given ?? args.shift());
      else if (LONG[name] !== undefined && 'fCTX'.includes(LONG[name])) value(LONG[name], given ?? args.shift() ?? '');
      else if (LONG[name] !== undefined) flags.add(LONG[name]);
    } else if (arg.startsWith('-') && arg !== '-') {
      for (let index = 1; index < arg.length; index++) {
        const letter = arg[index] ?? '';
        if (!'fCTXb'.includes(letter)) {
          flags.add(letter);
          continue;
        }
        const isOld = context.args[0] !== undefined && !context.args[0].startsWith('-') && arg === `-${context.args[0]}`;
        const attached = isOld ? '' : arg.slice(index + 1);
        value(letter, attached === '' ? (args.shift() ?? '') : attached);
        if (!isOld) break;
      }
    } else operands.push(arg);
  }
  for (const letter of 'jJ')
    if (flags.has(letter)) throw new ToolFailure(`${letter === 'j' ? 'bzip2' : 'xz'} is not supported in the tab; use gzip (-z)`, FAILED);
  const mode = (['c', 'x', 't'] as const).find((letter) => flags.has(letter));
  if (mode === undefined) throw new ToolFailure("You must specify one of the '-ctx' options", FAILED);
  return { mode, file, flags, folder, excluded, strip, operands };
}

function isExcluded(name: string, excluded: readonly RegExp[]): boolean {
  const plain = name.replace(/\/$/, '');
  return excluded.some(
    (expression) =>
      expression.test(plain) ||
      plain.split('/').some((_part, index, parts) => expression.test(parts.slice(index).join('/')) || expression.test(parts[index] ?? '')),
  );
}

function create(context: ToolContext, { file, flags, folder, excluded, operands }: TarCall): number {
  if (operands.length === 0) throw new ToolFailure('Cowardly refusing to create an empty archive', FAILED);
  const state = { status: 0 };
  const isCompressed = flags.has('z') || (flags.has('a') && /\.t?gz$/.test(file));
  const own = file === '-' ? null : normalizePath(absolutePath(context.cwd, file));
  const handle = file === '-' ? -1 : context.fs.open(absolutePath(context.cwd, file), 0o1101, 0o666 & ~context.umask);
  if (file !== '-' && handle < 0) throw new ToolFailure(`${file}: Cannot open: ${errnoText(handle)}`, FAILED);
  const blocks = archiveBlocks(context, { flags, folder, excluded, operands, own }, state);
  for (const chunk of isCompressed ? gzipChunks(blocks) : blocks) {
    if (handle < 0) context.write(chunk);
    else for (let done = 0; done < chunk.length;) done += Math.max(1, context.fs.write(handle, chunk.subarray(done), -1));
  }
  if (handle >= 0) context.fs.close(handle);
  return state.status;
}

function* archiveBlocks(
  context: ToolContext,
  { flags, folder, excluded, operands, own }: Pick<TarCall, 'flags' | 'folder' | 'excluded' | 'operands'> & { own: string | null },
  state: { status: number },
): Generator<Uint8Array> {
  let total = 0;
  const say = (name: string): void => {
    if (flags.has('v')) (flags.has('f') || own !== null ? context.write : context.writeError)(`${name}\n`);
  };
  function* visit(name: string): Generator<Uint8Array> {
    if (isExcluded(name, excluded)) return;
    const path = absolutePath(folder, name);
    const stat = statOf({ fs: context.fs, cwd: folder }, name, flags.has('h'));
    if (typeof stat === 'number') {
      state.status = FAILED;
      complain(context, name, stat, '');
      return;
    }
    if (normalizePath(path) === own) return;
    const isDirectory = isFolder(stat);
    const shown = `${name.replace(/^\/+/, '').replace(/\/+$/, '')}${isDirectory ? '/' : ''}`;
    say(shown);
    const link = isLink(stat) ? context.fs.readlink(path) : '';
    const sizeBytes = isDirectory || isLink(stat) ? 0 : stat.size;
    yield* encodeHeader({
      name: shown,
      mode: stat.mode,
      uid: stat.uid,
      gid: stat.gid,
      sizeBytes,
      mtimeSec: stat.mtimeSec,
      type: isDirectory ? '5' : isLink(stat) ? '2' : '0',
      link: typeof link === 'string' ? link : '',
    });
    total += BLOCK_BYTES;
    if (isDirectory) {
      const names = namesIn(context.fs, path);
      if (typeof names !== 'number') for (const child of names) yield* visit(`${name.replace(/\/+$/, '')}/${child}`);
    } else if (sizeBytes > 0) yield* fileBlocks(context, path, sizeBytes);
    total += Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  for (const name of operands) yield* visit(name);
  yield new Uint8Array(Math.ceil((total + 2 * BLOCK_BYTES) / RECORD_BYTES) * RECORD_BYTES - total);
}

/** Exactly the announced size, whatever happens to the file meanwhile. */
function* fileBlocks(context: ToolContext, path: string, sizeBytes: number): Generator<Uint8Array> {
  const handle = context.fs.open(path, 0, 0);
  let left = sizeBytes;
  try {
    while (left > 0) {
      const into = new Uint8Array(Math.min(left, 256 * 1024));
      const count = handle < 0 ? 0 : context.fs.read(handle, into, -1);
      const bytes = count > 0 ? into.subarray(0, count) : into;
      left -= bytes.length;
      yield bytes;
    }
  } finally {
    if (handle >= 0) context.fs.close(handle);
  }
  const padding = (BLOCK_BYTES - (sizeBytes % BLOCK_BYTES)) % BLOCK_BYTES;
  if (padding > 0) yield new Uint8Array(padding);
}

function* standardInput(context: ToolContext): Generator<Uint8Array> {
  for (let chunk = context.read(); chunk.length > 0; chunk = context.read()) yield chunk.slice();
}

/** Compressed archives are recognised by their first bytes. */
function* unpacked(chunks: Iterable<Uint8Array>): Generator<Uint8Array> {
  const iterator = chunks[Symbol.iterator]();
  const first = iterator.next();
  if (first.done === true) return;
  const all = (function* rest(): Generator<Uint8Array> {
    yield first.value;
    for (let next = iterator.next(); next.done !== true; next = iterator.next()) yield next.value;
  })();
  yield* first.value[0] === 0x1f && first.value[1] === 0x8b ? gunzipChunks(all) : all;
}

function readArchive(context: ToolContext, call: TarCall): number {
  const { file, flags, operands, excluded } = call;
  let opened: { readonly handle: number; readonly chunks: Iterable<Uint8Array> } | number;
  if (file === '-') opened = { handle: -1, chunks: standardInput(context) };
  else opened = openFile(context, file);
  if (typeof opened === 'number')
    throw new ToolFailure(`${file}: Cannot open: ${errnoText(opened)}\ntar: Error is not recoverable: exiting now`, FAILED);
  const reader = new TarReader(unpacked(opened.chunks));
  const found = new Set<string>();
  let status = 0;
  for (let entry = reader.next(); entry !== null; entry = reader.next()) {
    const name = entry.name;
    const wanted = operands.find(
      (operand) => name.replace(/\/$/, '') === operand.replace(/\/$/, '') || name.startsWith(`${operand.replace(/\/$/, '')}/`),
    );
    if (operands.length > 0 && wanted === undefined) continue;
    if (wanted !== undefined) found.add(wanted);
    if (isExcluded(name, excluded)) continue;
    if (call.mode === 't') context.write(flags.has('v') ? longLine(entry) : `${name}\n`);
    else status = Math.max(status, extract(context, call, entry, reader));
  }
  if (opened.handle >= 0) context.fs.close(opened.handle);
  for (const operand of operands) {
    if (found.has(operand)) continue;
    context.writeError(`tar: ${operand}: Not found in archive\n`);
    status = FAILED;
  }
  return status;
}

function longLine({ name, mode, uid, gid, sizeBytes, mtimeSec, type, link }: TarEntry): string {
  const bits = type === '5' ? S_IFDIR : type === '2' ? S_IFLNK : S_IFREG;
  const owners = `${uid === 0 ? 'root' : 'user'}/${gid === 0 ? 'root' : 'user'}`;
  return `${modeText(bits | mode)} ${owners} ${String(sizeBytes).padStart(9)} ${formatDate(new Date(mtimeSec * 1000), '%Y-%m-%d %H:%M', true)} ${name}${type === '2' ? ` -> ${link}` : ''}\n`;
}

/** Names that would leave the folder are refused, and nothing is written through a link that the archive made. */
function extract(context: ToolContext, { flags, folder, strip }: TarCall, entry: TarEntry, reader: TarReader): number {
  const { fs } = context;
  const parts = entry.name.split('/').filter((part) => part !== '' && part !== '.');
  if (parts.includes('..')) {
    context.writeError(`tar: ${entry.name}: Member name contains '..'\n`);
    return FAILED;
  }
  const kept = parts.slice(strip);
  if (kept.length === 0) return 0;
  if (flags.has('O')) {
    if (entry.type === '0') for (const chunk of reader.content()) context.write(chunk);
    return 0;
  }
  const path = absolutePath(folder, kept.join('/'));
  if (flags.has('v')) context.write(`${entry.name}\n`);
  const parent = path.slice(0, path.lastIndexOf('/')) || '/';
  const real = fs.realpath(parent);
  if (typeof real === 'string' && real !== normalizePath(parent) && !`${real}/`.startsWith(`${String(fs.realpath(folder))}/`)) {
    context.writeError(`tar: ${entry.name}: the path leads out of the folder through a link\n`);
    return FAILED;
  }
  if (entry.type === '5') {
    const made = fs.mkdirAll(path, 0o755);
    if (typeof made === 'number' && made < 0) return complain(context, entry.name, made, 'Cannot mkdir ') + 1;
    fs.chmod(path, entry.mode & 0o7777 & ~context.umask);
    return 0;
  }
  fs.mkdirAll(parent, 0o755);
  const before = statOf({ fs, cwd: '/' }, path, false);
  if (typeof before !== 'number' && flags.has('k')) return 0;
  if (typeof before !== 'number' && !isFolder(before)) fs.unlink(path);
  const result = place(context, entry, path, folder, reader);
  if (result < 0) return complain(context, entry.name, result, 'Cannot open ') + 1;
  if (entry.type === '0' && !flags.has('m')) fs.utimes(path, entry.mtimeSec * 1000, entry.mtimeSec * 1000, false);
  return 0;
}

function place({ fs, umask }: ToolContext, entry: TarEntry, path: string, folder: string, reader: TarReader): number {
  if (entry.type === '2') return fs.symlink(entry.link, path);
  if (entry.type === '1') return fs.link(absolutePath(folder, entry.link), path);
  const handle = fs.open(path, 0o1101, entry.mode & 0o777 & ~umask);
  if (handle < 0) return handle;
  let result = 0;
  for (const chunk of reader.content()) {
    for (let done = 0; done < chunk.length && result >= 0;) {
      const count = fs.write(handle, chunk.subarray(done), -1);
      if (count <= 0) result = count < 0 ? count : -28;
      else done += count;
    }
  }
  fs.close(handle);
  return result;
}
