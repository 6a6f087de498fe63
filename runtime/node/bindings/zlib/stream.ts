// What the three families of codecs share: a step that moves bytes through the windows, and how failures look.

export interface Failure {
  readonly message: string;
  readonly errno: number;
  readonly code: string;
}

export interface Step {
  readonly flush: number;
  readonly input: Uint8Array;
  readonly output: Uint8Array;
}

export interface Remaining {
  readonly input: number;
  readonly output: number;
}

/** One compressing or decompressing stream. Nothing is reported by throwing: Node's library asks for the failure. */
export interface CodecStream {
  run(step: Step): Remaining;
  reset(): Failure | null;
  /** Changes level and strategy in mid-stream, where the codec can. */
  params(level: number, strategy: number): Failure | null;
  /** What went wrong in the last step. */
  readonly failure: Failure | null;
  release(): void;
}

/** Answers of one call into a codec. */
export interface Progress {
  readonly consumed: number;
  readonly produced: number;
  /** False when the stream has ended or failed. */
  readonly continues: boolean;
}

/**
 * Feeds a step through windows of limited size: the whole input is never copied again for each piece of output.
 * `advance(input, isLast, outputSize)` runs the codec on one window and writes its output where `collect` finds it.
 */
export function runWindowed(
  { input, output }: Step,
  windowBytes: number,
  advance: (input: Uint8Array, isLast: boolean, outputSize: number) => Progress,
  collect: (target: Uint8Array) => void,
): Remaining {
  let read = 0;
  let written = 0;
  for (;;) {
    const piece = input.subarray(read, read + windowBytes);
    const room = Math.min(windowBytes, output.length - written);
    const { consumed, produced, continues } = advance(piece, read + piece.length === input.length, room);
    if (produced > 0) collect(output.subarray(written, written + produced));
    read += consumed;
    written += produced;
    const isOutputCut = produced === room && written < output.length;
    const hasMoreInput = read < input.length && written < output.length;
    if (!continues || (!isOutputCut && !hasMoreInput) || (consumed === 0 && produced === 0)) break;
  }
  return { input: input.length - read, output: output.length - written };
}
