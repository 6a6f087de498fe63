// Which command lines need CPython's own start instead of a restored snapshot. Pure.

const PLAIN_LETTERS = /[bdEIOsSPv]/;
const WITH_VALUE = new Set(['W', 'X']);
/** Read by CPython when it initialises, and by nothing later. */
const PLAIN_VARIABLES = ['PYTHONOPTIMIZE', 'PYTHONHASHSEED', 'PYTHONDEVMODE', 'PYTHONUTF8', 'PYTHONMALLOC', 'PYTHONVERBOSE'];

/** The start options to boot with; null when the snapshot will do. */
export function needsPlainBoot(argv: readonly string[], env: Readonly<Record<string, string>>): string[] | null {
  const options: string[] = [];
  let isPlain = PLAIN_VARIABLES.some((name) => env[name] !== undefined && env[name] !== '');
  for (let index = 1; index < argv.length; index++) {
    const argument = argv[index] ?? '';
    if (!/^-[A-Za-z]/.test(argument)) break;
    const letters = [...argument.slice(1)];
    const stop = letters.findIndex((letter) => letter === 'c' || letter === 'm' || WITH_VALUE.has(letter));
    const flags = stop < 0 ? letters : letters.slice(0, stop);
    for (const flag of flags) if (PLAIN_LETTERS.test(flag)) options.push(`-${flag}`);
    const letter = stop < 0 ? '' : (letters[stop] ?? '');
    if (letter === 'c' || letter === 'm') break;
    if (letter === 'X' || letter === 'W') {
      const value = letters.slice(stop + 1).join('') || (argv[++index] ?? '');
      if (letter === 'X') options.push(`-X${value}`);
    }
  }
  isPlain ||= options.length > 0;
  return isPlain ? options : null;
}

/** Where pip's wheel is in the interpreter's own tree. */
export const PIP_WHEEL = '/lib/python3.14/pip.whl';

/** `pip ...`, `python -m pip ...`, or the wheel itself, as pip starts it for builds. */
export function runsPip(argv: readonly string[]): boolean {
  const name = (argv[0] ?? '').split('/').at(-1) ?? '';
  if (name.startsWith('pip')) return true;
  const first = argv.findIndex((argument, index) => index > 0 && (argument === '-m' || !argument.startsWith('-')));
  return (argv[first] === '-m' && argv[first + 1] === 'pip') || (argv[first] ?? '').includes(PIP_WHEEL);
}
