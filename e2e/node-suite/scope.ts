// Which of Node's own test files are in scope, and how each is started. The files themselves are not in this repository.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

export interface ScopeRow {
  /** Below the suite folder, as `test/parallel/test-fs-access.js`. */
  readonly file: string;
  /** The module or subject it is about. */
  readonly family: string;
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Public API in one process; the others need internals, children or workers. */
  readonly isCore: boolean;
}

interface ListRow extends Omit<ScopeRow, 'isCore'> {
  readonly tags?: readonly string[];
}

const scopeFile = path.join(import.meta.dirname, 'scope.json');
/** Tags of tests that reach beyond the public API of one process. */
const BEYOND_CORE = new Set(['internals', 'spawns', 'workers', 'gc']);

export function readScope(): ScopeRow[] {
  return JSON.parse(readFileSync(scopeFile, 'utf8')) as ScopeRow[];
}

/** Takes the scope from a list of rows with `file`, `family`, `flags`, `env` and `tags`. */
export function importScope(listFile: string): ScopeRow[] {
  const list = JSON.parse(readFileSync(listFile, 'utf8')) as ListRow[];
  const rows = list.map(({ file, family, flags, env, tags = [] }): ScopeRow => {
    const isCore = !tags.some((tag) => BEYOND_CORE.has(tag));
    return { file, family, ...(flags && { flags }), ...(env && { env }), isCore };
  });
  writeFileSync(scopeFile, `[\n${rows.map((row) => `  ${JSON.stringify(row)}`).join(',\n')}\n]\n`);
  return rows;
}
