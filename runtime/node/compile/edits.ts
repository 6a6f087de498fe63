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
  for (const { start, end, text } of edits.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
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
