// Finds the top-level await a process still waits for when nothing can settle it any more. Runs in the process worker.
import { type ModuleRecord, SourceModule } from './esm/module-record.ts';
import type { Realm } from './realm.ts';

/** `url:line` and the source line, as Node's warning shows them. */
export function unsettledLocation(realm: Realm): string {
  const wrap = (realm.globalThis as unknown as Record<symbol, unknown>)[realm.privateSymbol('entry_point_module_private_symbol')];
  if (typeof wrap !== 'object' || wrap === null) return '[unknown]';
  const { recordOf } = wrap.constructor as unknown as { recordOf(wrap: object): ModuleRecord };
  const module = firstAwaiting(recordOf(wrap), new Set());
  if (module === null) return '[unknown]';
  const { awaitLine } = module.transformed;
  const bytes = realm.host.fs.readFile(module.url.replace(/^file:\/\//, ''));
  const line = typeof bytes === 'number' ? '' : (new realm.primitives.TextDecoder().decode(bytes).split('\n')[awaitLine - 1] ?? '');
  return `${module.url}:${awaitLine}\n${line}\n${' '.repeat(Math.max(0, line.indexOf('await')))}^`;
}

function firstAwaiting(record: ModuleRecord, seen: Set<ModuleRecord>): SourceModule | null {
  if (seen.has(record)) return null;
  seen.add(record);
  for (const dependency of record.dependencies) {
    const found = firstAwaiting(dependency, seen);
    if (found !== null) return found;
  }
  return record instanceof SourceModule && record.hasTopLevelAwait && record.status === 'evaluating' ? record : null;
}
