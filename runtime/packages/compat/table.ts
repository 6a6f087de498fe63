// The compat table: what stands in for packages with native code. Data with a version, so that a newer one may replace it without
// a release. Any worker.
import * as v from 'valibot';
import satisfies from 'semver/functions/satisfies.js';
import builtIn from './table.json' with { type: 'json' };

const because = v.string();
const range = v.optional(v.string());

const rule = v.variant('action', [
  /** Works as it is: a WebAssembly build comes along, or the native part is optional. */
  v.object({ action: v.literal('auto'), because, range }),
  /** The folder gets the content of another package. `version`: `same`, `nearest`, `latest` or a range. */
  v.object({ action: v.literal('alias'), package: v.string(), version: v.string(), because, range }),
  /**
   * Another package is put inside it, where its version is not there already: below `into` (`node_modules` unless said). `empty`
   * names folders that keep it from downloading its native parts.
   */
  v.object({
    action: v.literal('inject'),
    package: v.string(),
    version: v.string(),
    into: v.optional(v.string()),
    empty: v.optional(v.array(v.string())),
    because,
    range,
  }),
  /** Installs, and what it imports works; its commands need a server. */
  v.object({ action: v.literal('command'), because, range }),
  /** Does not run in the tab: said at installation. */
  v.object({ action: v.literal('promote'), because, range }),
]);

const schema = v.object({ version: v.number(), updated: v.string(), packages: v.record(v.string(), v.array(rule)) });

export type CompatTable = v.InferOutput<typeof schema>;
export type CompatRule = v.InferOutput<typeof rule>;

export const compatTable: CompatTable = v.parse(schema, builtIn);

/** The first rule for that version; `undefined` where the table says nothing. */
export function ruleFor(name: string, version: string, table: CompatTable = compatTable): CompatRule | undefined {
  if (!Object.hasOwn(table.packages, name)) return undefined;
  return table.packages[name]?.find((one) => one.range === undefined || satisfies(version, one.range, { includePrerelease: true }));
}
