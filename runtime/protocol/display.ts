// What programs show besides text: bundles of MIME types, as in notebooks. Runs everywhere.

/** By MIME type: text, base64 for binary types (`image/png`), or a JSON value for `application/json` and its like. */
export type MimeBundle = Readonly<Record<string, unknown>>;

export type DisplayEvent =
  | {
      readonly type: 'display';
      readonly data: MimeBundle;
      /** Sizes and the like, by MIME type or for all. */
      readonly metadata: Readonly<Record<string, unknown>>;
      /** Names the output, so that it can be replaced later. */
      readonly displayId: string | null;
      /** Replaces the outputs of that name instead of adding one. */
      readonly isUpdate: boolean;
    }
  /** Takes away what was shown; `wait`: when the next output comes. */
  | { readonly type: 'clear'; readonly wait: boolean };

/** The module that makes a Python process a session; such a process stays in the tab. */
export const PYTHON_SESSION_MODULE = '_verklet.session_start';

/** Larger outputs are refused: a page that holds many of them would run out of memory. Counted in characters of JSON. */
export const MAX_DISPLAY_CHARACTERS = 16 * 1024 * 1024;
