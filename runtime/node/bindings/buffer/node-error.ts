// Errors as Node's native bindings make them: a plain constructor plus a `code`. Runs in the process worker.
import type { Realm } from '../../realm.ts';

type ErrorType = ErrorConstructor | TypeErrorConstructor | RangeErrorConstructor;

export function nodeError(type: ErrorType, code: string, message: string): Error & { code: string } {
  return Object.assign(new type(message), { code });
}

/** What Node says when its build lacks a feature; counted so that the product can offer the server. */
export function unsupported(realm: Realm, feature: string): Error {
  realm.host.reportUnsupported(feature);
  return nodeError(
    Error,
    'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM',
    `${feature} is not available in the browser; this project needs a server for it`,
  );
}

/** On a function that refuses: its name, for the compatibility page. */
const REFUSES = Symbol.for('verklet.unsupported');

/** A native function that only says that it is missing. Called or constructed, it throws. */
export function refusal(realm: Realm, feature: string): () => never {
  const refuse = function refuse(): never {
    throw unsupported(realm, feature);
  };
  const name = feature.slice(Math.max(feature.lastIndexOf('.'), feature.lastIndexOf('#')) + 1);
  return Object.defineProperties(refuse, { name: { value: name }, [REFUSES]: { value: feature } });
}
