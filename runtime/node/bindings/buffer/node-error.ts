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
