// A file call that failed as a system call does. Runs in the file-service worker.
import { errnoName } from './errno-names.ts';

export class FileError extends Error {
  readonly errno: { readonly code: string; readonly syscall: string; readonly path: string };

  constructor(errno: number, syscall: string, path: string) {
    super(`${errnoName(errno)}: ${syscall} '${path}'`);
    this.errno = { code: errnoName(errno), syscall, path };
  }
}
