// At build time: lists what the service workers of the preview host keep for use without a network. Build script, Node.
import { createHash } from 'node:crypto';
import { globSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';

const folder = path.join(import.meta.dirname, '../dist/preview');

/** Which files of the preview host each origin needs; the rest is fetched when it is used. */
const SETS = {
  // Python is a pack of its own: users who want it offline ask for it.
  // With Python's manifest: it names the files that belong to this runtime.
  workspace: (file: string) =>
    /^__verklet\/(?:(?:frame|output)\.html|assets\/|python\/manifest\.json)/.test(file) && !/\/(?:boot|bridge)-/.test(file),
  port: (file: string) => namedFrom('__verklet/bridge.html').has(file),
  // `pyodide-lock.json` is the server's.
  python: (file: string) => /^__verklet\/python\/(?!manifest\.json|pyodide-lock\.json)/.test(file),
} as const;

export interface OfflineFile {
  readonly url: string;
  readonly revision: string;
  readonly sizeBytes: number;
}

export function offlineFiles(set: keyof typeof SETS): OfflineFile[] {
  return globSync('__verklet/**/*', { cwd: folder })
    .filter((file) => !file.endsWith('.br') && SETS[set](file) && statSync(path.join(folder, file)).isFile())
    .sort()
    .map((file) => {
      const bytes = readFileSync(path.join(folder, file));
      return { url: `/${file}`, revision: createHash('sha256').update(bytes).digest('hex').slice(0, 16), sizeBytes: bytes.length };
    });
}

/** A page, and every asset that it or one of those names. */
function namedFrom(page: string): Set<string> {
  const found = new Set([page]);
  for (const file of found) {
    const text = readFileSync(path.join(folder, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/["'`](?:\/__verklet\/assets\/|\.\/)([\w.-]+\.(?:js|css))["'`]/g))
      found.add(`__verklet/assets/${name}`);
  }
  return found;
}

/** Provides `virtual:offline-files` with the files of one set. */
export function offlineFilesPlugin(set: keyof typeof SETS): Plugin {
  const id = '\0virtual:offline-files';
  return {
    name: 'verklet-offline-files',
    resolveId: (source) => (source === 'virtual:offline-files' ? id : null),
    load: (wanted) => (wanted === id ? `export const offlineFiles = ${JSON.stringify(offlineFiles(set))};\n` : null),
  };
}
