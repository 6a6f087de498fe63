// An open file or folder of the shared file system. Its position is Emscripten's; a file inherited from a parent uses the
// position that all its holders share. Python worker.
import type { FileSystem, Stat } from '../../fs/file-system.ts';
import { toGuestResult } from './errno.ts';
import type { Opened } from './opened.ts';

const AT_SHARED_POSITION = -1;

export class OpenedFile implements Opened {
  readonly handle: number;
  readonly mode: number;
  readonly path: string;
  readonly isSeekable: boolean;
  readonly isReadable = true;
  readonly isWritable = true;
  readonly isHungUp = false;
  readonly #fs: FileSystem;
  readonly #isInherited: boolean;

  constructor(fs: FileSystem, handle: number, isInherited = false) {
    const stat = {} as Stat;
    fs.fstat(handle, stat);
    this.handle = handle;
    this.mode = stat.mode;
    this.path = fs.pathOf(handle);
    this.#fs = fs;
    this.#isInherited = isInherited;
    // A shared position cannot be set from here.
    this.isSeekable = !isInherited;
  }

  read(into: Uint8Array, position: number): number {
    return toGuestResult(this.#fs.read(this.handle, into, this.#isInherited ? AT_SHARED_POSITION : position));
  }

  write(from: Uint8Array, position: number): number {
    return toGuestResult(this.#fs.write(this.handle, from, this.#isInherited ? AT_SHARED_POSITION : position));
  }

  watch(): void {
    // A file never waits.
  }

  retain(): void {
    this.#fs.retain(this.handle);
  }

  release(): void {
    this.#fs.close(this.handle);
  }

  stat(out: Stat): number {
    return this.#fs.fstat(this.handle, out);
  }
}
