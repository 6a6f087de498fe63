// The committed result of a full run, and the page made from it. Runs in Node.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ScopeRow } from './scope.ts';

export interface Compatibility {
  readonly node: string;
  /** Per family: [passed, in scope], for tests of the public API and for all. */
  readonly families: Readonly<Record<string, { readonly core: readonly [number, number]; readonly all: readonly [number, number] }>>;
  /** Files that did not pass. */
  readonly failing: readonly string[];
  /** Native functions that answer "unsupported", by `binding.function`. */
  readonly unsupported: readonly string[];
}

const root = path.join(import.meta.dirname, '../..');
export const resultsFile = path.join(root, 'COMPATIBILITY.json');
export const pageFile = path.join(root, 'COMPATIBILITY.md');

export function readCompatibility(): Compatibility {
  return JSON.parse(readFileSync(resultsFile, 'utf8')) as Compatibility;
}

export function writeCompatibility(result: Compatibility): void {
  writeFileSync(resultsFile, `${JSON.stringify(result, null, 2)}\n`);
  writeFileSync(pageFile, renderPage(result));
}

export function summarize(scope: readonly ScopeRow[], failing: ReadonlySet<string>, node: string, unsupported: string[]): Compatibility {
  const families: Record<string, { core: [number, number]; all: [number, number] }> = {};
  for (const { file, family, isCore } of scope) {
    const counts = (families[family] ??= { core: [0, 0], all: [0, 0] });
    for (const pair of isCore ? [counts.core, counts.all] : [counts.all]) {
      pair[1]++;
      if (!failing.has(file)) pair[0]++;
    }
  }
  const sorted = Object.fromEntries(Object.entries(families).sort(([a], [b]) => (a < b ? -1 : 1)));
  return { node, families: sorted, failing: [...failing].sort(), unsupported: unsupported.toSorted() };
}

/** The page states nothing that the results do not. */
export function renderPage({ node, families, failing, unsupported }: Compatibility): string {
  const totals = { core: [0, 0], all: [0, 0] };
  for (const { core, all } of Object.values(families)) {
    for (const [total, pair] of [[totals.core, core] as const, [totals.all, all] as const]) {
      total[0] = (total[0] ?? 0) + pair[0];
      total[1] = (total[1] ?? 0) + pair[1];
    }
  }
  const rows = Object.entries(families).map(([name, { core, all }]) => `| ${name} | ${share(core)} | ${share(all)} |`);
  const policy = readFileSync(path.join(import.meta.dirname, 'policy.md'), 'utf8').trimEnd();
  return `<!-- Made by \`npm run compatibility\`; edit e2e/node-suite/policy.md instead. -->

${policy.replaceAll('{{node}}', node)}

## Results

Node's own tests, of those in scope: passed / all. "Public API" leaves out tests that need Node's internals, child processes or workers.

| family | public API | everything |
| --- | --- | --- |
${rows.join('\n')}
| **total** | **${share(totals.core)}** | **${share(totals.all)}** |

## Calls that answer "unsupported"

Each throws \`ERR_FEATURE_UNAVAILABLE_ON_PLATFORM\` with its name, appears in the diagnostics stream as \`unsupported-call\`, and is the reason a project may be offered a server session. Named by Node's native binding and function.

${groups(unsupported)}

## Tests that do not pass

${groups(
  failing.map((file) => file.replace(/^test\//, '')),
  '/',
)}
`;
}

function share([passed, total]: readonly number[]): string {
  if (total === undefined || total === 0) return '-';
  return `${passed} / ${total} (${Math.floor((100 * (passed ?? 0)) / total)} %)`;
}

function groups(names: readonly string[], separator = '.'): string {
  const byGroup = new Map<string, string[]>();
  for (const name of names) {
    const at = name.search(separator === '.' ? /[.#]/ : /\//);
    const group = name.slice(0, at);
    byGroup.set(group, [...(byGroup.get(group) ?? []), name.slice(at + 1)]);
  }
  return [...byGroup].map(([group, members]) => `- **${group}**: ${members.map((member) => `\`${member}\``).join(', ')}`).join('\n');
}
