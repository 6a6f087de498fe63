// `--env-file` and `--env-file-if-exists`: variables from files, below those that the process was given. Process worker.
import { parseEnvText } from './bindings/util/env-text.ts';
import type { OptionValue } from './library.ts';
import type { Realm } from './realm.ts';

export interface EnvFiles {
  readonly variables: Readonly<Record<string, string>>;
  /** The first file that had to be there and is not. */
  readonly missing: string | null;
}

export function readEnvFiles(realm: Realm, values: Readonly<Record<string, OptionValue>>): EnvFiles {
  const variables: Record<string, string> = {};
  for (const path of listOf(values['--env-file'])) {
    const text = readText(realm, path);
    if (text === null) return { variables, missing: path };
    Object.assign(variables, parseEnvText(text));
  }
  for (const path of listOf(values['--env-file-if-exists'])) Object.assign(variables, parseEnvText(readText(realm, path) ?? ''));
  return { variables, missing: null };
}

function listOf(value: OptionValue | undefined): readonly string[] {
  return Array.isArray(value) ? (value as string[]) : [];
}

function readText(realm: Realm, path: string): string | null {
  const bytes = realm.host.fs.readFile(realm.resolvePath(path));
  return typeof bytes === 'number' ? null : new realm.primitives.TextDecoder().decode(bytes);
}
