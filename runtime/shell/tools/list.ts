// ls: names, columns, long lines, sorting, recursion. Runs in the tools worker.
import type { Stat } from '../../fs/file-system.ts';
import { absolutePath, complain, parseOptions, type Tool, type ToolContext } from '../tool.ts';
import { displayWidth, inColumns } from '../sh/line-editor.ts';
import { blocksOf, humanSize, isFolder, modeText, ownerName, S_IFDIR, S_IFLNK, S_IFMT, statOf } from './file-types.ts';
import { compareVersions } from './sort-keys.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const HALF_YEAR_MS = 182 * 86_400_000;

interface Entry {
  readonly name: string;
  readonly path: string;
  readonly stat: Stat | null;
}

export const ls: Tool = (context) => {
  const { flags, values, operands } = parseOptions(context.args, 'wI', {
    all: 'a',
    'almost-all': 'A',
    directory: 'd',
    recursive: 'R',
    reverse: 'r',
    classify: 'F',
    'human-readable': 'h',
    inode: 'i',
    size: 's',
    'numeric-uid-gid': 'n',
    'group-directories-first': 'group',
  });
  return new Lister(context, flags, values).run(operands.length === 0 ? ['.'] : operands);
};

class Lister {
  readonly #context: ToolContext;
  readonly #flags: ReadonlySet<string>;
  readonly #columns: number;
  readonly #isColoured: boolean;
  #status = 0;
  #hasPrinted = false;

  constructor(context: ToolContext, flags: ReadonlySet<string>, values: ReadonlyMap<string, string>) {
    this.#context = context;
    this.#flags = flags;
    const color = values.get('color') ?? (flags.has('color') ? 'always' : 'auto');
    this.#isColoured = color === 'always' || (color !== 'never' && context.isTerminal);
    const terminal = context.host.request.stdio.find(({ kind }) => kind === 'terminal');
    this.#columns = Number(values.get('w') ?? (terminal?.kind === 'terminal' ? context.host.terminalControl(terminal).columns : 80));
  }

  run(operands: readonly string[]): number {
    const entries: Entry[] = [];
    for (const name of operands) {
      let stat = statOf(this.#context, name, !this.#flags.has('l') && !this.#flags.has('d') && !this.#flags.has('F'));
      if (typeof stat === 'number') stat = statOf(this.#context, name, false);
      if (typeof stat === 'number') {
        complain(this.#context, `'${name}'`, stat, 'cannot access ');
        this.#status = 2;
      } else entries.push({ name, path: absolutePath(this.#context.cwd, name), stat });
    }
    const isListed = ({ stat }: Entry): boolean => stat !== null && isFolder(stat) && !this.#flags.has('d');
    const plain = this.#sorted(entries.filter((entry) => !isListed(entry)));
    if (plain.length > 0) this.#show(plain, false);
    const folders = this.#sorted(entries.filter(isListed));
    for (const folder of folders) this.#folder(folder, operands.length > 1 || this.#flags.has('R'));
    return this.#status;
  }

  #folder({ name, path }: Entry, isNamed: boolean): void {
    const found = this.#context.fs.readdir(path);
    if (typeof found === 'number') {
      complain(this.#context, `'${name}'`, found, 'cannot open directory ');
      this.#status = 2;
      return;
    }
    const names = found.map((entry) => entry.name).filter((one) => this.#flags.has('a') || this.#flags.has('A') || !one.startsWith('.'));
    if (this.#flags.has('a')) names.push('.', '..');
    const entries = this.#sorted(
      names.map((one) => {
        const stat = statOf(this.#context, `${path}/${one}`, false);
        return { name: one, path: `${path}/${one}`, stat: typeof stat === 'number' ? null : stat };
      }),
    );
    if (isNamed) this.#context.write(`${this.#hasPrinted ? '\n' : ''}${name}:\n`);
    this.#hasPrinted = true;
    this.#show(entries, true);
    if (!this.#flags.has('R')) return;
    for (const entry of entries) {
      if (entry.stat !== null && isFolder(entry.stat) && entry.name !== '.' && entry.name !== '..')
        this.#folder({ ...entry, name: `${name.replace(/\/$/, '')}/${entry.name}` }, true);
    }
  }

  #sorted(entries: readonly Entry[]): Entry[] {
    const byName = (a: Entry, b: Entry): number => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0);
    const has = (flag: string): boolean => this.#flags.has(flag);
    if (has('U') || has('f')) return [...entries];
    const time = (stat: Stat | null): number =>
      stat === null ? 0 : has('u') ? stat.atimeSec + stat.atimeNsec / 1e9 : stat.mtimeSec + stat.mtimeNsec / 1e9;
    const extension = (name: string): string => /\.[^.]*$/.exec(name.slice(1))?.[0] ?? '';
    const order = (a: Entry, b: Entry): number => {
      if (has('S')) return (b.stat?.size ?? 0) - (a.stat?.size ?? 0) || byName(a, b);
      if (has('t')) return time(b.stat) - time(a.stat) || byName(a, b);
      if (has('X')) return extension(a.name).localeCompare(extension(b.name)) || byName(a, b);
      return has('v') ? compareVersions(a.name, b.name) || byName(a, b) : byName(a, b);
    };
    const result = [...entries].sort(order);
    if (has('r')) result.reverse();
    return has('group')
      ? [...result.filter(({ stat }) => stat !== null && isFolder(stat)), ...result.filter(({ stat }) => stat === null || !isFolder(stat))]
      : result;
  }

  #show(entries: readonly Entry[], isFolderContent: boolean): void {
    this.#hasPrinted = true;
    const { write, isTerminal } = this.#context;
    const isLong = this.#flags.has('l') || this.#flags.has('n') || this.#flags.has('g') || this.#flags.has('o');
    if (isLong) return this.#long(entries, isFolderContent);
    const names = entries.map((entry) => this.#prefix(entry) + this.#decorated(entry));
    if (this.#flags.has('m')) return write(`${names.join(', ')}\n`);
    const inRows = (isTerminal && !this.#flags.has('1')) || this.#flags.has('C') || this.#flags.has('x');
    if (!inRows || names.length === 0) return write(names.map((name) => `${name}\n`).join(''));
    write(
      columnsOf(
        entries.map((entry, index) => ({ plain: this.#prefix(entry) + entry.name + this.#suffix(entry), shown: names[index] ?? '' })),
        this.#columns,
      ),
    );
  }

  #prefix({ stat }: Entry): string {
    return `${this.#flags.has('i') ? `${stat?.ino ?? 0} ` : ''}${this.#flags.has('s') ? `${stat === null ? 0 : blocksOf(stat)} ` : ''}`;
  }

  #decorated(entry: Entry): string {
    const { name, stat } = entry;
    const suffix = this.#suffix(entry);
    if (!this.#isColoured || stat === null) return `${name}${suffix}`;
    const type = stat.mode & S_IFMT;
    const color = type === S_IFDIR ? '1;34' : type === S_IFLNK ? '1;36' : (stat.mode & 0o111) !== 0 ? '1;32' : '';
    return color === '' ? `${name}${suffix}` : `\u001b[${color}m${name}\u001b[0m${suffix}`;
  }

  #suffix({ stat }: Entry): string {
    if (stat === null || !(this.#flags.has('F') || this.#flags.has('p'))) return '';
    const type = stat.mode & S_IFMT;
    if (type === S_IFDIR) return '/';
    if (this.#flags.has('p') && !this.#flags.has('F')) return '';
    return type === S_IFLNK ? (this.#flags.has('l') ? '' : '@') : (stat.mode & 0o111) !== 0 ? '*' : '';
  }

  #long(entries: readonly Entry[], isFolderContent: boolean): void {
    const { write, fs } = this.#context;
    const isHuman = this.#flags.has('h');
    const rows = entries.map((entry) => {
      const { stat } = entry;
      const owner = (id: number): string => (this.#flags.has('n') ? String(id) : ownerName(id));
      const target = stat !== null && (stat.mode & S_IFMT) === S_IFLNK ? ` -> ${String(fs.readlink(entry.path))}` : '';
      return {
        mode: stat === null ? '??????????' : modeText(stat.mode),
        links: String(stat?.nlink ?? '?'),
        owner: this.#flags.has('g') ? '' : owner(stat?.uid ?? 0),
        group: this.#flags.has('o') || this.#flags.has('G') ? '' : owner(stat?.gid ?? 0),
        size: isHuman ? humanSize(stat?.size ?? 0) : String(stat?.size ?? '?'),
        when: stat === null ? '?' : this.#when(stat),
        name: `${this.#decorated(entry)}${target}`,
        prefix: this.#prefix(entry),
      };
    });
    const width = (key: 'links' | 'owner' | 'group' | 'size'): number => Math.max(0, ...rows.map((row) => row[key].length));
    const widths = { links: width('links'), owner: width('owner'), group: width('group'), size: width('size') };
    if (isFolderContent) {
      const total = entries.reduce(
        (sum, { stat }) => sum + (stat === null || isFolder(stat) ? (stat === null ? 0 : 4) : blocksOf(stat)),
        0,
      );
      write(`total ${isHuman ? humanSize(total * 1024) : total}\n`);
    }
    for (const row of rows) {
      const owners = [row.owner.padEnd(widths.owner), row.group.padEnd(widths.group)].filter((text) => text !== '').join(' ');
      write(
        `${row.prefix}${row.mode} ${row.links.padStart(widths.links)} ${owners} ${row.size.padStart(widths.size)} ${row.when} ${row.name}\n`,
      );
    }
  }

  #when(stat: Stat): string {
    const date = new Date(stat.mtimeSec * 1000);
    const pad = (value: number): string => String(value).padStart(2, '0');
    const day = `${MONTHS[date.getMonth()] ?? ''} ${String(date.getDate()).padStart(2)}`;
    const isRecent = Math.abs(Date.now() - date.getTime()) < HALF_YEAR_MS;
    return `${day} ${isRecent ? `${pad(date.getHours())}:${pad(date.getMinutes())}` : String(date.getFullYear()).padStart(5)}`;
  }
}

/** Columns as `ls` has them: each as wide as its widest name. */
function columnsOf(entries: readonly { readonly plain: string; readonly shown: string }[], width: number): string {
  for (let rows = 1; rows < entries.length; rows++) {
    const columns = Math.ceil(entries.length / rows);
    const widths = Array.from({ length: columns }, (_unused, column) =>
      Math.max(...entries.slice(column * rows, (column + 1) * rows).map(({ plain }) => displayWidth(plain))),
    );
    if (widths.reduce((sum, one) => sum + one + 2, -2) > width) continue;
    let text = '';
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        const entry = entries[column * rows + row];
        if (entry === undefined) continue;
        const isLast = entries[(column + 1) * rows + row] === undefined;
        text += entry.shown + (isLast ? '' : ' '.repeat((widths[column] ?? 0) + 2 - displayWidth(entry.plain)));
      }
      text += '\n';
    }
    return text;
  }
  return entries.length === 1
    ? `${entries[0]?.shown ?? ''}\n`
    : inColumns(
        entries.map(({ shown }) => shown),
        1,
      );
}
