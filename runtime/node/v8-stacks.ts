// The one place that reads V8's structured stack frames; other engines would get their adapter here.

export interface CallSite {
  getFunctionName(): string | null;
  getFileName(): string | null | undefined;
  /** Also the name that a `sourceURL` comment gives. */
  getScriptNameOrSourceURL(): string | null | undefined;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  /** For evaluated code: where the call of `eval` stands. */
  getEvalOrigin?(): string | undefined;
}

interface V8ErrorConstructor {
  stackTraceLimit: number;
  prepareStackTrace: ((error: Error, sites: CallSite[]) => unknown) | undefined;
  captureStackTrace(target: object, above: Function): void;
}

/** The frames above this function, at most `count`. */
export function callSites(count: number): CallSite[] {
  const errors = Error as unknown as V8ErrorConstructor;
  const { prepareStackTrace, stackTraceLimit } = errors;
  errors.stackTraceLimit = count;
  errors.prepareStackTrace = (_error, sites) => sites;
  const holder: { stack?: CallSite[] } = {};
  errors.captureStackTrace(holder, callSites);
  const sites = holder.stack;
  errors.prepareStackTrace = prepareStackTrace;
  errors.stackTraceLimit = stackTraceLimit;
  return Array.isArray(sites) ? sites : [];
}

/** The frames of an error or of an object given to `captureStackTrace`; empty once its stack was read. */
export function sitesOf(error: { stack?: unknown }): CallSite[] {
  const errors = Error as unknown as V8ErrorConstructor;
  const { prepareStackTrace } = errors;
  errors.prepareStackTrace = (_error, sites) => sites;
  const sites = error.stack;
  errors.prepareStackTrace = prepareStackTrace;
  return Array.isArray(sites) ? (sites as CallSite[]) : [];
}
