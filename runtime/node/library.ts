// Loads Node's own library: one module of lazy function wrappers, made by runtime/node/build and kept byte for byte, so that
// the browser caches its compiled code and stack frames can be told apart by line. Runs in the process worker.
// oxlint-disable-next-line import/default -- the build makes the address the default export
import libraryUrl from '../../.cache/node-lib/library.js?url';
// oxlint-disable-next-line import/default -- as above
import amaroUrl from '../../.cache/node-lib/amaro.js?url';
import { shapeText } from '../../.cache/node-lib/shape.js';

/** A module of Node's library; parameters as in library-parameters.ts. */
export type LibraryFunction = (...args: unknown[]) => unknown;

export type Library = Readonly<Record<string, LibraryFunction>>;

/** How one value of a binding looks in the pinned Node; written by build/describe-bindings.cjs. */
export type Description =
  | { readonly t: 'null' | 'u' | 'f' | 'missing' }
  | { readonly t: 'n'; readonly v: number }
  | { readonly t: 'v'; readonly v: string | boolean }
  | { readonly t: 'nn' | 'bi' | 'sym'; readonly v: string }
  | { readonly t: 'c'; readonly members: readonly string[]; readonly ancestors: readonly string[] }
  | { readonly t: 'ta'; readonly c: string; readonly n: number; readonly v?: readonly number[] }
  | { readonly t: 'ab'; readonly n: number }
  | { readonly t: 'a'; readonly v: readonly Description[] }
  | { readonly t: 'm'; readonly v: readonly (readonly [Description, Description])[] }
  | { readonly t: 'o'; readonly v: Readonly<Record<string, Description>> };

export interface OptionInfo {
  readonly type: number;
  readonly envVarSettings: number;
  readonly defaultIsTrue: boolean;
  readonly helpText: string;
}

export type OptionValue = string | number | boolean | readonly string[];

export interface Shape {
  readonly version: string;
  readonly versions: Record<string, string>;
  readonly release: Record<string, unknown>;
  readonly config: Record<string, unknown>;
  readonly bindings: Readonly<Record<string, Description>>;
  readonly optionValues: Readonly<Record<string, OptionValue>>;
  readonly optionInfo: {
    readonly options: readonly (readonly [string, OptionInfo])[];
    readonly aliases: readonly (readonly [string, readonly string[]])[];
  };
  readonly errmap: ReadonlyArray<readonly [number, readonly [string, string]]>;
  readonly globals: readonly string[];
  /** V8's own command-line flags and their types. */
  readonly engineFlags: Readonly<Record<string, string>>;
}

export interface LoadedLibrary {
  readonly library: Library;
  readonly shape: Shape;
  /** Addresses of modules that are fetched when they are first required, by id. */
  readonly lateModules: Readonly<Record<string, string>>;
  /** Absolute, as it stands in stack frames. */
  readonly libraryUrl: string;
  /** Gives the library what keeps the async context across its awaits; see async-context.ts. */
  readonly setAwait: (keep: AwaitHelper) => void;
  /** Line before the first of each module, ascending. */
  readonly libraryLines: readonly (readonly [line: number, id: string])[];
}

/** Called with every awaited value; `each` with what `for await` iterates. */
export interface AwaitHelper {
  (value: unknown): unknown;
  each(iterable: unknown): unknown;
}

export async function loadLibrary(): Promise<LoadedLibrary> {
  const url = new URL(libraryUrl, import.meta.url).href;
  const module = (await import(/* @vite-ignore */ url)) as Pick<LoadedLibrary, 'library' | 'libraryLines' | 'setAwait'>;
  const { library, libraryLines, setAwait } = module;
  const lateModules = { 'internal/deps/amaro/dist/index': new URL(amaroUrl, import.meta.url).href };
  return { library, libraryLines, setAwait, lateModules, libraryUrl: url, shape: JSON.parse(shapeText) as Shape };
}
