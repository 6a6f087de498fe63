// Every coded error the product raises, in one table. Runs everywhere; imports nothing.

/** What a failure says about whose move is next. */
export type ErrorKind = 'user' | 'unsupported' | 'limit' | 'host' | 'bug';

interface ErrorEntry {
  readonly kind: ErrorKind;
  /** What happened, why, and what to do; `{name}` is filled from `details`. */
  readonly sentence: string;
}

const table = {
  ERR_PROTOCOL_VERSION: {
    kind: 'host',
    sentence: 'Two parts of Verklet of different versions met ({ours} and {theirs}). Reload the page.',
  },
  ERR_PART_MISSING: {
    kind: 'host',
    sentence: 'A part of Verklet could not be loaded: {what}. It was updated meanwhile, or the connection is gone. Reload the page.',
  },
  ERR_BAD_MESSAGE: { kind: 'bug', sentence: 'A message was not of the expected form: {reason}.' },
  ERR_NOT_ISOLATED: {
    kind: 'host',
    sentence:
      'This page is not cross-origin isolated, so shared memory is missing. Serve the preview host with the headers of preview-origin/headers.ts.',
  },
  ERR_FRAME_UNREACHABLE: {
    kind: 'host',
    sentence: 'The runtime frame at {url} did not answer within {timeoutMs} ms. Check that the preview host serves it.',
  },
  ERR_ORIGIN_REFUSED: {
    kind: 'host',
    sentence: 'The origin {origin} may not embed this runtime. Add it to the list of allowed parents of the preview host.',
  },
  ERR_BAD_OPTION: { kind: 'user', sentence: 'Option {name} is not usable: {reason}.' },
  ERR_DISPOSED: { kind: 'user', sentence: 'The runtime was disposed; boot a new one.' },
  ERR_COMMAND_NOT_FOUND: { kind: 'user', sentence: '{command}: command not found.' },
  ERR_NOT_EXECUTABLE: { kind: 'user', sentence: '{command}: permission denied; the file is not executable.' },
  ERR_SERVER_NOT_CONFIGURED: {
    kind: 'unsupported',
    sentence: '{what} needs a server session, and no server is configured. Boot with a server, or run it elsewhere.',
  },
  ERR_TOO_MANY_PROCESSES: { kind: 'limit', sentence: 'The limit of {limit} processes is reached. End one and try again.' },
  ERR_TIMEOUT: { kind: 'limit', sentence: '{what} took longer than {timeoutMs} ms and was stopped.' },
  ERR_ABORTED: { kind: 'user', sentence: '{what} was cancelled.' },
  ERR_NO_SUCH_PORT: { kind: 'user', sentence: 'Nothing listens on port {port}. Start a server and try again.' },
  ERR_PREVIEW_FAILED: { kind: 'user', sentence: 'The server on port {port} closed the connection before it answered: {reason}.' },
  ERR_BODY_TOO_LARGE: { kind: 'limit', sentence: 'The body is larger than the limit of {limitBytes} bytes.' },
  ERR_BAD_ARCHIVE: { kind: 'user', sentence: 'The archive {name} was refused: {reason}. Nothing was written.' },
  ERR_INTEGRITY: { kind: 'user', sentence: 'The content of {name} does not match its integrity {expected}. Nothing was written.' },
  ERR_NATIVE_ADDON: {
    kind: 'unsupported',
    sentence: '{name} needs native code ({reason}), which does not run in the tab. It needs a server session.',
  },
  ERR_LOCKFILE: { kind: 'user', sentence: 'The lockfile cannot be used: {reason}.' },
  ERR_REGISTRY: { kind: 'host', sentence: 'The registry did not deliver {name}: {reason}. Check the connection and try again.' },
  ERR_BOX_FAILED: { kind: 'host', sentence: 'The Linux session could not be started: {reason}.' },
  ERR_NO_DRIVER: { kind: 'host', sentence: 'This server cannot run Linux sessions: {reason}. Work goes on in the browser.' },
  ERR_GRANT: { kind: 'user', sentence: 'The server refused the permission to use a session: {reason}.' },
  ERR_NO_SUCH_SESSION: { kind: 'user', sentence: 'The session {session} does not exist any more. Start a new one; its files were saved.' },
  ERR_SESSION_LOST: { kind: 'host', sentence: 'The Linux session ended: {reason}. Its files were saved; run the command again.' },
  ERR_STALE_ROOT: { kind: 'user', sentence: 'The files changed on the server meanwhile.' },
  ERR_QUOTA: { kind: 'limit', sentence: 'The limit of {limit} {what} is reached. Stop a session or wait, then try again.' },
  ERR_PROMOTION_DENIED: { kind: 'user', sentence: '{what} needs a server session, and that was not allowed.' },
  ERR_OFFLINE: { kind: 'host', sentence: '{what} needs a server session, and there is no connection to the server.' },
  ERR_WORKSPACE_LOCKED: {
    kind: 'user',
    sentence: 'The workspace {key} is open in another tab. Close it there, take it over, or open a copy.',
  },
  ERR_HANDED_OVER: {
    kind: 'user',
    sentence: 'Another tab took the workspace over. What changes here is not saved any more; continue here, or open a copy.',
  },
  ERR_NO_SUCH_WORKSPACE: { kind: 'user', sentence: 'There is no workspace {key} in this browser.' },
  ERR_NO_SUCH_SNAPSHOT: { kind: 'user', sentence: 'The workspace has no snapshot {id}.' },
  ERR_STORAGE_FULL: {
    kind: 'host',
    sentence:
      'The browser has no room to save {what}. Nothing is lost: the last save and the open files are intact. Free some space and save again.',
  },
  ERR_NO_STORAGE: { kind: 'host', sentence: 'This browser stores nothing for this page: {reason}.' },
  ERR_PACK_FAILED: {
    kind: 'host',
    sentence: 'Python could not be kept for use without a network: {reason}. What has arrived is kept; try again.',
  },
  ERR_PYTHON_ENDED: {
    kind: 'user',
    sentence: 'The Python process ended ({reason}). Its variables are gone; start it again.',
  },
  ERR_UNSUPPORTED: { kind: 'unsupported', sentence: '{what} is not available in the tab.' },
  ERR_INTERNAL: { kind: 'bug', sentence: 'Something in Verklet broke: {reason}.' },
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof table;
export type ErrorDetails = Readonly<Record<string, string | number | boolean | null>>;

/** The plain form in which an error crosses an origin, a worker or the network. */
export interface ErrorData {
  readonly code: ErrorCode;
  readonly details: ErrorDetails;
  readonly message: string;
}

const brand: unique symbol = Symbol.for('verklet.error');

/** An error with a code. Recognise it with {@link isVerkletError}, never `instanceof`: realms and bundles differ. */
export class VerkletError extends Error {
  readonly [brand] = true;
  readonly code: ErrorCode;
  readonly kind: ErrorKind;
  readonly details: ErrorDetails;

  constructor(code: ErrorCode, details: ErrorDetails = {}, options?: { cause?: unknown }) {
    super(describe(code, details), options);
    this.name = 'VerkletError';
    this.code = code;
    this.kind = table[code].kind;
    this.details = details;
  }

  toJSON(): ErrorData {
    return { code: this.code, details: this.details, message: this.message };
  }
}

export function isVerkletError(value: unknown): value is VerkletError {
  return typeof value === 'object' && value !== null && (value as { [brand]?: unknown })[brand] === true;
}

export function isErrorCode(value: unknown): value is ErrorCode {
  return typeof value === 'string' && Object.hasOwn(table, value);
}

/** Turns anything thrown into plain data; an error without a code becomes `ERR_INTERNAL`. */
export function toErrorData(thrown: unknown): ErrorData {
  if (isVerkletError(thrown)) return thrown.toJSON();
  const reason = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  return { code: 'ERR_INTERNAL', details: { reason }, message: describe('ERR_INTERNAL', { reason }) };
}

/** Revives plain data at the receiving edge. */
export function fromErrorData(data: ErrorData): VerkletError {
  return new VerkletError(data.code, data.details);
}

function describe(code: ErrorCode, details: ErrorDetails): string {
  return table[code].sentence.replace(/\{(\w+)\}/g, (_, name: string) => String(details[name] ?? 'unknown'));
}
