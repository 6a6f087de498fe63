// The Python half of this runtime as text, for interpreters that do not have it in their snapshot. Python worker.
const files = import.meta.glob<string>('./library/**/*.py', { query: '?raw', import: 'default', eager: true });

/** By path below site-packages. */
export const librarySources: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(files).map(([path, source]) => [path.replace('./library/', ''), source]),
);
