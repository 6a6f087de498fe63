// Puts one inline script at the head of an HTML document as it streams by. Runs in the preview service worker.

/** A document that does not show its head by then gets the script in front of what came. */
const MAX_LOOKAHEAD_BYTES = 16 * 1024;
const latin1 = new TextDecoder('latin1');
// Offsets count bytes: ISO 8859-1 maps each to one character, and markup is ASCII in every encoding handled here.
const PROLOGUE = /^(?:\s+|<!--[^]*?-->|<!(?!--)[^>]*>|<\?[^>]*>)/;
const OPEN_TAG = /^<(html|head)(?=[\s/>])(?:[^>"']|"[^"]*"|'[^']*')*>/i;
const UNFINISHED =
  /^(?:<!--(?![^]*?-->)|<[!?][^>]*$|<(?:html|head)(?=[\s/]|$)(?:[^>"']|"[^"]*"|'[^']*')*(?:"[^"]*|'[^']*)?$|<[a-z!?]?[a-z]{0,3}$|<!-{0,2}$)/i;

/**
 * The offset behind `<head>`, or where a head would begin; null when `text` ends before that is known. A byte order mark
 * counts as three characters here.
 */
export function insertionPoint(text: string): number | null {
  let offset = text.startsWith('\xef\xbb\xbf') ? 3 : 0;
  for (;;) {
    const rest = text.slice(offset);
    const prologue = PROLOGUE.exec(rest);
    const tag = prologue ? null : OPEN_TAG.exec(rest);
    if (prologue ?? tag) offset += (prologue ?? tag)![0].length;
    else return rest === '' || UNFINISHED.test(rest) ? null : offset;
    if (tag?.[1]?.toLowerCase() === 'head') return offset;
  }
}

/** Two-byte encodings have no ASCII to find a head in: such a document goes by unchanged. */
export function canInject(contentType: string | null): boolean {
  return (
    contentType !== null &&
    /^\s*(?:text\/html|application\/xhtml\+xml)\b/i.test(contentType) &&
    !/charset\s*=\s*"?utf-(?:16|32)/i.test(contentType)
  );
}

/** A stream stage that adds `markup` (ASCII) once. */
export function injectMarkup(markup: string): TransformStream<Uint8Array, Uint8Array> {
  let held: Uint8Array | null = new Uint8Array(0);
  const insert = (controller: TransformStreamDefaultController<Uint8Array>, bytes: Uint8Array, offset: number) => {
    if (offset > 0) controller.enqueue(bytes.subarray(0, offset));
    controller.enqueue(new TextEncoder().encode(markup));
    if (offset < bytes.byteLength) controller.enqueue(bytes.subarray(offset));
    held = null;
  };
  return new TransformStream({
    transform(bytes, controller) {
      if (held === null) return controller.enqueue(bytes);
      held = concatenate(held, bytes);
      const offset = insertionPoint(latin1.decode(held.subarray(0, MAX_LOOKAHEAD_BYTES)));
      if (offset !== null) insert(controller, held, offset);
      else if (held.byteLength >= MAX_LOOKAHEAD_BYTES) insert(controller, held, 0);
    },
    flush(controller) {
      if (held !== null) insert(controller, held, held.byteLength);
    },
  });
}

/** A stream stage that puts `source` in front of a script, on its first line so that line numbers stay. */
export function prependSource(source: string): TransformStream<Uint8Array, Uint8Array> {
  return new TransformStream({
    start: (controller) => controller.enqueue(new TextEncoder().encode(source)),
  });
}

function concatenate(first: Uint8Array, second: Uint8Array): Uint8Array {
  const whole = new Uint8Array(first.byteLength + second.byteLength);
  whole.set(first);
  whole.set(second, first.byteLength);
  return whole;
}
