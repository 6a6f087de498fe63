// What a template is: the files of a new workspace and what one does first.
import type { FileTree } from '@verklet/sdk';

export interface Template {
  readonly id: string;
  readonly title: string;
  readonly summary: string;
  readonly files: FileTree;
  /** The file that the editor shows first. */
  readonly open: string;
  /** Nothing of it is a page for the preview. */
  readonly servesNothing?: true;
  /** Commands offered to be typed into the terminal, in order. */
  readonly steps: readonly string[];
}
