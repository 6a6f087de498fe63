// The built-in programs by name, imported when first run. Runs in the tools worker.
import type { Tool } from './tool.ts';
import type { ToolName } from './program-names.ts';

type Loader = () => Promise<Tool>;

/** Programs of one module, by the name of their export. */
function group<Names extends string>(load: () => Promise<Readonly<Record<Names, Tool>>>, ...names: Names[]): Record<Names, Loader> {
  return Object.fromEntries(names.map((name) => [name, async (): Promise<Tool> => (await load())[name]])) as Record<Names, Loader>;
}

const shell: Loader = async () => (await import('./sh/main.ts')).sh;
const words = () => import('./tools/words.ts');
const grep: Loader = async () => (await import('./tools/grep.ts')).grep;
const pgrep: Loader = async () => (await import('./tools/process.ts')).pgrep;
const awk: Loader = async () => (await import('./tools/awk/main.ts')).awk;
const checksum: Loader = async () => (await import('./tools/digest.ts')).checksum;
const gzip: Loader = async () => (await import('./tools/archive/gzip.ts')).gzip;
const less: Loader = async () => (await import('./tools/less.ts')).less;
const test: Loader = async () => (await words()).test;

const programs: Readonly<Record<ToolName, Loader>> = {
  sh: shell,
  bash: shell,
  ...group(() => import('./npm/main.ts'), 'npm', 'npx'),
  ...group(() => import('./tools/cat.ts'), 'cat', 'head', 'tail', 'tee', 'wc'),
  ...group(() => import('./tools/lines.ts'), 'tac', 'rev', 'nl', 'fold', 'expand', 'paste', 'comm', 'join', 'split', 'shuf', 'column'),
  ...group(() => import('./tools/list.ts'), 'ls'),
  ...group(() => import('./tools/copy.ts'), 'cp', 'mv', 'rm', 'install'),
  ...group(
    () => import('./tools/files.ts'),
    'mkdir',
    'rmdir',
    'touch',
    'chmod',
    'chown',
    'ln',
    'readlink',
    'realpath',
    'mktemp',
    'truncate',
    'sync',
    'pwd',
  ),
  ...group(() => import('./tools/stat.ts'), 'stat'),
  ...group(() => import('./tools/sort.ts'), 'sort', 'uniq'),
  ...group(() => import('./tools/cut.ts'), 'cut', 'tr'),
  grep,
  egrep: grep,
  fgrep: grep,
  ...group(() => import('./tools/find.ts'), 'find'),
  ...group(
    words,
    'echo',
    'printf',
    'yes',
    'seq',
    'basename',
    'dirname',
    'which',
    'printenv',
    'uname',
    'id',
    'whoami',
    'hostname',
    'nproc',
    'tty',
    'clear',
  ),
  true: async () => (await words()).isTrue,
  false: async () => (await words()).isFalse,
  test,
  '[': test,
  ...group(() => import('./tools/date.ts'), 'date'),
  less,
  more: less,
  ...group(() => import('./tools/network/curl.ts'), 'curl', 'wget'),
  ...group(() => import('./git/main.ts'), 'git'),
  awk,
  mawk: awk,
  ...group(() => import('./tools/sed/main.ts'), 'sed'),
  ...group(() => import('./tools/diff.ts'), 'diff', 'cmp'),
  ...group(() => import('./tools/jq.ts'), 'jq'),
  ...group(() => import('./tools/bc.ts'), 'bc'),
  ...group(() => import('./tools/expr.ts'), 'expr'),
  ...group(() => import('./tools/disk.ts'), 'du', 'df', 'tree'),
  ...group(() => import('./tools/dump.ts'), 'od', 'xxd', 'dd', 'strings'),
  md5sum: checksum,
  sha1sum: checksum,
  sha224sum: checksum,
  sha256sum: checksum,
  sha384sum: checksum,
  sha512sum: checksum,
  ...group(() => import('./tools/digest.ts'), 'cksum', 'base64'),
  ...group(() => import('./tools/archive/tar.ts'), 'tar'),
  gzip,
  gunzip: gzip,
  zcat: gzip,
  ...group(() => import('./tools/archive/zip.ts'), 'zip', 'unzip'),
  ...group(() => import('./tools/process.ts'), 'env', 'sleep', 'timeout', 'nohup', 'nice', 'time', 'watch', 'ps', 'xargs'),
  pgrep,
  pkill: pgrep,
  ...group(() => import('./tools/kill.ts'), 'kill'),
};

/** The tool of that name; `undefined` where there is none. */
export async function loadTool(name: string): Promise<Tool | undefined> {
  return Object.hasOwn(programs, name) ? programs[name as ToolName]() : undefined;
}
