// Which packages fit this runtime: it says linux/x64 to programs, and installs WebAssembly builds where there are some.
import type { LockedPackage } from './lockfile.ts';

const OS = 'linux';
const CPU = 'wasm32';

/** False for an optional package that is built for something else; required ones are always installed, as npm insists. */
export function isInstallable(entry: LockedPackage): boolean {
  const fits = matches(entry.os, OS) && matches(entry.cpu, CPU) && (entry.libc === undefined || matches(entry.cpu, CPU));
  return fits || (entry.optional !== true && entry.devOptional !== true);
}

/** npm's rule: `!name` excludes, `any` fits, an absent or empty list fits. */
function matches(list: readonly string[] | undefined, wanted: string): boolean {
  if (list === undefined || list.length === 0) return true;
  if (list.length === 1 && list[0] === 'any') return true;
  if (list.some((item) => item === `!${wanted}`)) return false;
  return list.every((item) => item.startsWith('!')) || list.includes(wanted);
}
