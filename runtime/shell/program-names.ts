// The names of all built-in programs: each becomes an executable in /usr/bin. `node` and Python run in workers of their own
// kind, the others are looked up in programs.ts. A plain list, so that the file service does not bundle the programs.
export const TOOL_NAMES = [
  ...['sh', 'bash', 'npm', 'npx'],
  ...['cat', 'head', 'tail', 'tee', 'wc', 'tac', 'rev', 'nl', 'fold', 'expand', 'paste', 'comm', 'join', 'split', 'shuf', 'column'],
  ...[
    'ls',
    'cp',
    'mv',
    'rm',
    'install',
    'mkdir',
    'rmdir',
    'touch',
    'chmod',
    'chown',
    'ln',
    'stat',
    'readlink',
    'realpath',
    'mktemp',
    'truncate',
    'sync',
    'pwd',
  ],
  ...['sort', 'uniq', 'cut', 'tr', 'grep', 'egrep', 'fgrep', 'find', 'xargs'],
  ...[
    'echo',
    'printf',
    'true',
    'false',
    'test',
    '[',
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
    'date',
  ],
  ...['awk', 'mawk', 'sed', 'diff', 'cmp', 'jq', 'bc', 'expr', 'du', 'df', 'tree', 'od', 'xxd', 'dd', 'strings'],
  ...['md5sum', 'sha1sum', 'sha224sum', 'sha256sum', 'sha384sum', 'sha512sum', 'cksum', 'base64'],
  ...['tar', 'gzip', 'gunzip', 'zcat', 'zip', 'unzip'],
  ...['less', 'more', 'curl', 'wget', 'git'],
  ...['env', 'sleep', 'timeout', 'nohup', 'nice', 'time', 'watch', 'ps', 'pgrep', 'pkill', 'kill'],
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** These run in a Python worker; which program it is to be, `argv[0]` says. */
export const PYTHON_NAMES = ['python', 'python3', 'python3.14', 'pip', 'pip3'] as const;

export const PROGRAM_NAMES: readonly string[] = ['node', ...PYTHON_NAMES, ...TOOL_NAMES];
