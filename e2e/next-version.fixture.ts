// Makes of a copy of the build the one that is deployed after it: every hashed file has another name, the old ones are gone,
// and the protocol between page, runtime and preview is a version further.
import { globSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const HASHED = /^(.*-)([\w-]{8})(\.\w+)$/;
const VERSION = [
  /(type:`(?:hello|welcome|connect-runtime|frame-ready)`,protocolVersion:)1\b/g,
  /(protocolVersion[!=]==)1\b/g,
  /(ERR_PROTOCOL_VERSION`,\{ours:)1\b/g,
] as const;
/** Files without a hash in their name have one in the lists of the service workers. */
const REVISION = /("?revision"?:["`])([0-9a-f]+)/g;

/** Changes the copy in place; returns how many files speak of the protocol's version now. */
export function deployNextVersion(dist: string): number {
  for (const twin of globSync('{app,preview}/**/*.br', { cwd: dist })) rmSync(path.join(dist, twin));
  const names = new Map<string, string>();
  for (const file of globSync('{app,preview/__verklet}/assets/*', { cwd: dist })) {
    const [, start = '', hash = '', end = ''] = HASHED.exec(path.basename(file)) ?? [];
    if (hash === '') continue;
    const next = start + [...hash].toReversed().join('') + end;
    names.set(path.basename(file), next);
    renameSync(path.join(dist, file), path.join(dist, path.dirname(file), next));
  }
  const known = new RegExp([...names.keys()].map((name) => name.replaceAll('.', '\\.')).join('|'), 'g');
  let changed = 0;
  for (const file of globSync('{app,preview/__verklet}/{*,assets/*}.{js,html,css,json,webmanifest}', { cwd: dist })) {
    const before = readFileSync(path.join(dist, file), 'utf8');
    const renamed = before
      .replace(known, (name) => names.get(name) ?? name)
      .replace(REVISION, (_, start: string, revision: string) => start + [...revision].toReversed().join(''));
    const bumped = VERSION.reduce((text, pattern) => text.replace(pattern, '$12'), renamed);
    if (bumped !== renamed) changed++;
    if (bumped !== before) writeFileSync(path.join(dist, file), bumped);
  }
  return changed;
}
