// The built-in programs, imported when first run. Runs in the tools worker.
import type { ProcessHost } from '../process/host.ts';
import type { ToolName } from './program-names.ts';
import { Stdio } from './stdio.ts';

/** Runs to the exit code. */
export type Program = (host: ProcessHost) => Promise<number>;

const programs: Readonly<Record<ToolName, () => Promise<Program>>> = {
  echo: async () => (await import('./coreutils/echo.ts')).echo,
};

const INTERNAL_ERROR = 1;
const NOT_FOUND = 127;

export async function runProgram(host: ProcessHost): Promise<number> {
  const { program } = host.request;
  const load = (programs as Readonly<Record<string, (() => Promise<Program>) | undefined>>)[program];
  if (load === undefined) return NOT_FOUND;
  try {
    return await (await load())(host);
  } catch (error) {
    new Stdio(host).error(`${program}: ${error instanceof Error ? error.message : String(error)}\n`);
    return INTERNAL_ERROR;
  }
}
