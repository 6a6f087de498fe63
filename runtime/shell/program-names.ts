// The names of all built-in programs: each becomes an executable in /usr/bin. `node` runs in a worker of its own kind, the
// others are looked up in programs.ts. A plain list, so that the file service does not bundle the programs.
export const TOOL_NAMES = [
  'sh',
  'bash',
  'npm',
  'npx',
  'cat',
  'chmod',
  'cp',
  'ln',
  'ls',
  'mkdir',
  'mv',
  'pwd',
  'readlink',
  'realpath',
  'rm',
  'rmdir',
  'touch',
  'basename',
  'clear',
  'date',
  'dirname',
  'echo',
  'env',
  'false',
  'printf',
  'seq',
  'sleep',
  'true',
  'which',
  'cut',
  'find',
  'grep',
  'head',
  'sort',
  'tail',
  'tee',
  'tr',
  'uniq',
  'wc',
] as const;

export type ToolName = (typeof TOOL_NAMES)[number];

/** These run in a Python worker; which program it is to be, `argv[0]` says. */
export const PYTHON_NAMES = ['python', 'python3', 'python3.14', 'pip', 'pip3'] as const;

export const PROGRAM_NAMES: readonly string[] = ['node', ...PYTHON_NAMES, ...TOOL_NAMES];
