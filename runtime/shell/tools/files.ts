// pwd mkdir rmdir touch chmod chown ln readlink realpath mktemp truncate sync: names and attributes of files. Runs in the tools worker.
import { baseName, normalizePath } from '../paths.ts';
import { absolutePath, complain, errnoText, parseOptions, type Tool, type ToolContext, ToolFailure } from '../tool.ts';
import { parseDate } from './date.ts';
import { isFolder, isLink, namesIn, newMode, statOf } from './file-types.ts';

const ENOENT = -2;
const EEXIST = -17;

export const pwd: Tool = ({ cwd, write }) => {
  write(`${cwd}\n`);
  return 0;
};

/** Applies `work` to each operand; complains about each that fails. */
function each(context: ToolContext, names: readonly string[], work: (path: string, name: string) => number, prefix = ''): number {
  if (names.length === 0) throw new ToolFailure('missing operand');
  let status = 0;
  for (const name of names) {
    const result = work(absolutePath(context.cwd, name), name);
    if (result < 0) status = complain(context, `'${name}'`, result, prefix);
  }
  return status;
}

export const mkdir: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'm', { parents: 'p', mode: 'm', verbose: 'v' });
  const mode = values.get('m');
  const plain = 0o777 & ~context.umask;
  return each(
    context,
    operands,
    (path, name) => {
      const stat = flags.has('p') ? statOf(context, name) : ENOENT;
      if (isFolder(stat)) return 0;
      const made = flags.has('p') ? context.fs.mkdirAll(path, plain) : context.fs.mkdir(path, plain);
      if (typeof made === 'number' && made < 0) return made;
      if (flags.has('v')) context.write(`mkdir: created directory '${name}'\n`);
      return mode === undefined ? 0 : context.fs.chmod(path, newMode(mode, 0o777, { isFolder: true }) ?? plain);
    },
    'cannot create directory ',
  );
};

export const rmdir: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', { parents: 'p', verbose: 'v', 'ignore-fail-on-non-empty': 'i' });
  return each(
    context,
    operands,
    (_path, name) => {
      let current = name.replace(/\/+$/, '');
      for (;;) {
        const result = context.fs.rmdir(absolutePath(context.cwd, current));
        if (result < 0) return result === -39 && flags.has('i') ? 0 : result;
        if (flags.has('v')) context.write(`rmdir: removing directory, '${current}'\n`);
        if (!flags.has('p') || !current.includes('/')) return 0;
        current = current.slice(0, current.lastIndexOf('/'));
      }
    },
    'failed to remove ',
  );
};

export const touch: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'drt', { date: 'd', reference: 'r', 'no-create': 'c' });
  const given = touchTime(context, values);
  return each(
    context,
    operands,
    (path, name) => {
      const now = given ?? { atimeMs: Date.now(), mtimeMs: Date.now() };
      const stat = statOf(context, name);
      if (stat === ENOENT) {
        if (flags.has('c')) return 0;
        const made = context.fs.writeFile(path, new Uint8Array(), 0o666 & ~context.umask);
        if (made < 0 || given === null) return made;
      } else if (typeof stat === 'number') return stat;
      const known = typeof stat === 'number' ? null : stat;
      const atimeMs = flags.has('m') && known !== null ? known.atimeSec * 1000 + known.atimeNsec / 1e6 : now.atimeMs;
      const mtimeMs = flags.has('a') && known !== null ? known.mtimeSec * 1000 + known.mtimeNsec / 1e6 : now.mtimeMs;
      return context.fs.utimes(path, atimeMs, mtimeMs, !flags.has('h'));
    },
    'cannot touch ',
  );
};

function touchTime(context: ToolContext, values: ReadonlyMap<string, string>): { atimeMs: number; mtimeMs: number } | null {
  const reference = values.get('r');
  if (reference !== undefined) {
    const stat = statOf(context, reference);
    if (typeof stat === 'number') throw new ToolFailure(`failed to get attributes of '${reference}': ${errnoText(stat)}`);
    return { atimeMs: stat.atimeSec * 1000 + stat.atimeNsec / 1e6, mtimeMs: stat.mtimeSec * 1000 + stat.mtimeNsec / 1e6 };
  }
  const stamp = /^(?:(\d{2})?(\d{2}))?(\d{2})(\d{2})(\d{2})(\d{2})(?:\.(\d{2}))?$/.exec(values.get('t') ?? '');
  const isUtc = (context.env['TZ'] ?? 'UTC') === 'UTC';
  const text = values.get('d');
  let date: Date | null;
  if (stamp !== null) {
    const [, century = '20', year, month, day, hour, minute, second = '00'] = stamp;
    date = parseDate(
      `${year === undefined ? new Date().getFullYear() : `${century}${year}`}-${month}-${day} ${hour}:${minute}:${second}`,
      isUtc,
    );
  } else if (text !== undefined) date = parseDate(text, isUtc);
  else return null;
  if (date === null) throw new ToolFailure(`invalid date format '${text ?? values.get('t') ?? ''}'`);
  return { atimeMs: date.getTime(), mtimeMs: date.getTime() };
}

export const chmod: Tool = (context) => {
  // A mode such as `-x` looks like an option.
  const args = [...context.args];
  const isRecursive = args.some((arg) => /^-R$|^--recursive$/.test(arg));
  const [mode = '', ...files] = args.filter((arg) => !/^-[Rvcf]+$|^--(?:recursive|verbose|silent|quiet|changes)$|^--$/.test(arg));
  if (newMode(mode, 0) === null) throw new ToolFailure(`invalid mode: '${mode}'`);
  const change = (path: string): number => {
    const stat = statOf(context, path);
    if (typeof stat === 'number') return stat;
    const folder = isFolder(stat);
    const result = context.fs.chmod(path, newMode(mode, stat.mode & 0o7777, { isFolder: folder, umask: context.umask }) ?? 0);
    if (result < 0 || !isRecursive || !folder) return result;
    const names = namesIn(context.fs, path);
    if (typeof names === 'number') return names;
    return Math.min(0, ...names.map((name) => (isLink(statOf(context, `${path}/${name}`, false)) ? 0 : change(`${path}/${name}`))));
  };
  return each(context, files, change, 'cannot access ');
};

export const chown: Tool = (context) => {
  const { operands } = parseOptions(context.args);
  const [, ...files] = operands;
  // There is one user: a file that is there belongs to them already.
  return each(
    context,
    files,
    (_path, name) => Math.min(0, Number(typeof statOf(context, name, false) === 'number' ? ENOENT : 0)),
    'cannot access ',
  );
};

export const ln: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 't', {
    symbolic: 's',
    force: 'f',
    'no-dereference': 'n',
    relative: 'r',
    verbose: 'v',
    'target-directory': 't',
  });
  const targets = values.has('t') || operands.length === 1 ? operands : operands.slice(0, -1);
  const destination = values.get('t') ?? (operands.length === 1 ? '.' : (operands.at(-1) ?? '.'));
  const stat = statOf(context, destination, !flags.has('n'));
  const isInto = isFolder(stat) && !flags.has('T');
  if (targets.length > 1 && !isInto) throw new ToolFailure(`target '${destination}': ${errnoText(typeof stat === 'number' ? stat : -20)}`);
  return each(
    context,
    targets,
    (_path, target) => {
      const name = isInto ? `${destination.replace(/\/+$/, '')}/${baseName(target)}` : destination;
      const path = absolutePath(context.cwd, name);
      if (flags.has('f')) context.fs.unlink(path);
      const result = flags.has('s') ? context.fs.symlink(target, path) : context.fs.link(absolutePath(context.cwd, target), path);
      if (result >= 0 && flags.has('v')) context.write(`'${name}' ${flags.has('s') ? '->' : '=>'} '${target}'\n`);
      return result;
    },
    `failed to create ${flags.has('s') ? 'symbolic' : 'hard'} link `,
  );
};

export const readlink: Tool = (context) => {
  const { flags, operands } = parseOptions(context.args, '', { canonicalize: 'f', 'no-newline': 'n' });
  let status = 0;
  for (const name of operands) {
    const path = absolutePath(context.cwd, name);
    const result =
      flags.has('f') || flags.has('e') || flags.has('m') ? canonical(context, path, flags.has('m')) : context.fs.readlink(path);
    if (typeof result === 'number') status = 1;
    else context.write(`${result}${flags.has('n') ? '' : '\n'}`);
  }
  return status;
};

export const realpath: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, '', {
    'relative-to': 'relative-to=',
    'canonicalize-missing': 'm',
    'no-symlinks': 's',
    strip: 's',
    quiet: 'q',
  });
  if (operands.length === 0) throw new ToolFailure('missing operand');
  let status = 0;
  for (const name of operands) {
    const path = absolutePath(context.cwd, name);
    const result = flags.has('s') ? normalizePath(path) : canonical(context, path, flags.has('m'));
    if (typeof result === 'number') status = flags.has('q') ? 1 : complain(context, name, result);
    else
      context.write(
        `${values.has('relative-to') ? relative(normalizePath(absolutePath(context.cwd, values.get('relative-to') ?? '.')), result) : result}\n`,
      );
  }
  return status;
};

/** The real path; the last name need not exist, with `isLoose` no name. */
function canonical(context: ToolContext, path: string, isLoose: boolean): string | number {
  const real = context.fs.realpath(path);
  if (typeof real === 'string' || (real !== ENOENT && !isLoose)) return real;
  const plain = path.replace(/\/+$/, '');
  const slash = plain.lastIndexOf('/');
  const folder = slash <= 0 ? '/' : plain.slice(0, slash);
  const parent = isLoose ? canonical(context, folder, true) : context.fs.realpath(folder);
  return typeof parent === 'number' ? parent : normalizePath(`${parent}/${plain.slice(slash + 1)}`);
}

function relative(from: string, to: string): string {
  const [source, target] = [from.split('/').filter(Boolean), to.split('/').filter(Boolean)];
  let shared = 0;
  while (shared < source.length && source[shared] === target[shared]) shared++;
  return [...source.slice(shared).map(() => '..'), ...target.slice(shared)].join('/') || '.';
}

const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

export const mktemp: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'p', { directory: 'd', tmpdir: 'p', quiet: 'q' });
  const template = operands[0] ?? 'tmp.XXXXXXXXXX';
  const folder = values.get('p') ?? (operands[0] === undefined || flags.has('t') ? (context.env['TMPDIR'] ?? '/tmp') : '');
  if (!/X{3,}/.test(template)) throw new ToolFailure(`too few X's in template '${template}'`);
  for (let attempt = 0; attempt < 100; attempt++) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    let at = 0;
    const name = template.replace(/X+(?=[^X]*$)/, (run) =>
      [...run].map(() => LETTERS[(random[at++ % 16] ?? 0) % LETTERS.length] ?? 'a').join(''),
    );
    const shown = folder === '' ? name : `${folder}/${name}`;
    const path = absolutePath(context.cwd, shown);
    const handle = flags.has('d') ? context.fs.mkdir(path, 0o700) : context.fs.open(path, 0o302, 0o600);
    if (handle === EEXIST) continue;
    if (handle < 0)
      throw new ToolFailure(`failed to create ${flags.has('d') ? 'directory' : 'file'} via template '${template}': ${errnoText(handle)}`);
    if (!flags.has('d')) context.fs.close(handle);
    context.write(`${shown}\n`);
    return 0;
  }
  throw new ToolFailure('no free name found');
};

export const truncate: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'sr', { size: 's', 'no-create': 'c' });
  const match = /^([-+<>]?)(\d+)([KMG]?)B?$/.exec(values.get('s') ?? '');
  if (match === null) throw new ToolFailure(`invalid number: '${values.get('s') ?? ''}'`);
  const amount = Number(match[2]) * 1024 ** ' KMG'.indexOf(match[3] || ' ');
  return each(
    context,
    operands,
    (path, name) => {
      const stat = statOf(context, name);
      if (typeof stat === 'number') {
        if (flags.has('c')) return 0;
        const made = context.fs.writeFile(path, new Uint8Array(), 0o666 & ~context.umask);
        if (made < 0) return made;
      }
      const size = typeof stat === 'number' ? 0 : stat.size;
      const target =
        { '+': size + amount, '-': Math.max(0, size - amount), '<': Math.min(size, amount), '>': Math.max(size, amount) }[match[1] ?? ''] ??
        amount;
      return context.fs.truncate(path, target);
    },
    'cannot open ',
  );
};

/** Everything is in the shared memory at once, and the store saves it by itself. */
export const sync: Tool = () => 0;
