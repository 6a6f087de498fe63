// Replacements in a source text, applied in one pass. Line breaks are the caller's business: stack lines must not move.

export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/** Applies non-overlapping edits; of two that overlap the first by position wins, insertions at one place keep their order. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  let result = '';
  let position = 0;
  for (const { start, end, text } of sortEdits(edits)) {
    if (start < position) continue;
    result += source.slice(position, start) + text;
    position = end;
  }
  return result + source.slice(position);
}

/** As many line breaks as the text has: what a removed statement leaves behind. */
export function lineBreaks(text: string): string {
  return '\n'.repeat(text.split('\n').length - 1);
}

/** Where column `column` (from 1) of a line of the edited text stands in the original. Edits must keep line breaks. */
export function originalColumn(source: string, edits: readonly Edit[], line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line && start >= 0; n++) start = source.indexOf('\n', start) + 1 || -1;
  if (start < 0) return column;
  const end = source.indexOf('\n', start);
  let shift = 0;
  for (const edit of edits) {
    if (edit.end < start) continue;
    if (edit.start < start) {
      // Began on an earlier line: what it left on this one stands before the rest.
      shift += lastLine(edit.text).length - (edit.end - start);
      continue;
    }
    if (end !== -1 && edit.start > end) break;
    const at = edit.start - start + shift;
    if (at >= column - 1 + (edit.text === '' ? 1 : 0)) break;
    // Inside the replacement: it stands for the start of what it replaced.
    if (column - 1 < at + edit.text.length) return edit.start - start + 1;
    shift += edit.text.length - (edit.end - edit.start);
  }
  return column - shift;
}

function lastLine(text: string): string {
  return text.slice(text.lastIndexOf('\n') + 1);
}

/** In the order of {@link applyEdits}. */
export function sortEdits(edits: readonly Edit[]): Edit[] {
  return edits.toSorted((a, b) => a.start - b.start || a.end - b.end);
}
