// Reads a tar archive of an npm package in place: ustar, pax and GNU long names. Strict: whatever could leave the package's
// folder or is no plain file refuses the whole archive. Pure; any environment.
import { VerkletError } from '#protocol';

export interface TarFile {
  /** Relative to the package's folder. */
  readonly path: string;
  readonly mode: number;
  /** A view into the archive. */
  readonly bytes: Uint8Array;
}

const BLOCK = 512;
const decoder = new TextDecoder();
/** Fields of a ustar header: offset and length. */
const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  size: [124, 12],
  checksum: [148, 8],
  type: [156, 1],
  magic: [257, 5],
  prefix: [345, 155],
} as const;
const MAX_FILES = 200_000;

/** Throws `ERR_BAD_ARCHIVE`. Links are left out, as npm does. */
export function readTar(archive: Uint8Array, name: string): TarFile[] {
  return new TarReader(archive, name).files();
}

class TarReader {
  readonly #archive: Uint8Array;
  readonly #name: string;
  #longPath: string | null = null;
  #longSize: number | null = null;

  constructor(archive: Uint8Array, name: string) {
    this.#archive = archive;
    this.#name = name;
  }

  files(): TarFile[] {
    const files = new Map<string, TarFile>();
    let offset = 0;
    while (offset + BLOCK <= this.#archive.length) {
      const header = this.#archive.subarray(offset, offset + BLOCK);
      if (header.every((byte) => byte === 0)) break;
      this.#checkSum(header);
      const size = this.#longSize ?? this.#number(header, 'size');
      const body = this.#archive.subarray(offset + BLOCK, offset + BLOCK + size);
      if (body.length < size) throw this.#refuse('it ends in the middle of a file');
      const file = this.#entry(header, body);
      if (file !== null) files.set(file.path, file);
      if (files.size > MAX_FILES) throw this.#refuse(`it has more than ${MAX_FILES} files`);
      offset += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
    }
    if (files.size === 0) throw this.#refuse('it has no files');
    return renameIgnoreFiles([...files.values()]);
  }

  #entry(header: Uint8Array, body: Uint8Array): TarFile | null {
    const type = String.fromCharCode(header[FIELD.type[0]] ?? 0);
    switch (type) {
      case 'x':
        this.#readPax(body);
        return null;
      case 'L':
        this.#longPath = text(body);
        return null;
      case '0':
      case '\0':
      case '7': {
        const path = this.#path(header);
        const mode = this.#number(header, 'mode') & 0o777;
        this.#forget();
        return { path, mode, bytes: body };
      }
      case '5':
      case 'g':
      case 'K':
      case '1':
      case '2':
        // Folders come with their files; links are not for packages: npm leaves them out, too.
        this.#forget();
        return null;
      default:
        throw this.#refuse(`an entry is of type ${JSON.stringify(type)}`);
    }
  }

  #forget(): void {
    this.#longPath = null;
    this.#longSize = null;
  }

  /** Pax records are `length key=value\n`. */
  #readPax(body: Uint8Array): void {
    let offset = 0;
    while (offset < body.length && body[offset] !== 0) {
      const space = body.indexOf(0x20, offset);
      const length = space === -1 ? Number.NaN : Number(decoder.decode(body.subarray(offset, space)));
      if (!Number.isInteger(length) || length < 5 || offset + length > body.length) throw this.#refuse('an extended header is damaged');
      const [key = '', ...value] = decoder.decode(body.subarray(space + 1, offset + length - 1)).split('=');
      if (key === 'path') this.#longPath = value.join('=');
      if (key === 'size') this.#longSize = Number(value.join('='));
      offset += length;
    }
    if (this.#longSize !== null && !(Number.isSafeInteger(this.#longSize) && this.#longSize >= 0))
      throw this.#refuse('an extended header is damaged');
  }

  /** The path below the archive's one top folder. */
  #path(header: Uint8Array): string {
    const prefix = decoder.decode(header.subarray(...bounds('magic'))) === 'ustar' ? text(header.subarray(...bounds('prefix'))) : '';
    const short = text(header.subarray(...bounds('name')));
    const full = this.#longPath ?? (prefix === '' ? short : `${prefix}/${short}`);
    if (full.startsWith('/') || full.includes('\0') || full.includes('\\'))
      throw this.#refuse(`the path ${JSON.stringify(full)} is not relative`);
    const [, ...parts] = full.split('/').filter((part) => part !== '' && part !== '.');
    if (parts.length === 0 || parts.includes('..')) throw this.#refuse(`the path ${JSON.stringify(full)} leaves the package`);
    return parts.join('/');
  }

  #number(header: Uint8Array, field: 'mode' | 'size' | 'checksum'): number {
    const digits = text(header.subarray(...bounds(field))).trim();
    if (!/^[0-7]*$/.test(digits)) throw this.#refuse(`a header has a damaged ${field}`);
    return digits === '' ? 0 : Number.parseInt(digits, 8);
  }

  #checkSum(header: Uint8Array): void {
    const [start, end] = bounds('checksum');
    let sum = 0;
    for (let index = 0; index < BLOCK; index++) sum += index >= start && index < end ? 0x20 : (header[index] ?? 0);
    if (sum !== this.#number(header, 'checksum')) throw this.#refuse('a header has a wrong checksum');
  }

  #refuse(reason: string): VerkletError {
    return new VerkletError('ERR_BAD_ARCHIVE', { name: this.#name, reason });
  }
}

function bounds(field: keyof typeof FIELD): [start: number, end: number] {
  const [start, length] = FIELD[field];
  return [start, start + length];
}

/** Up to the first zero byte. */
function text(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end === -1 ? bytes : bytes.subarray(0, end));
}

/** npm unpacks a `.gitignore` as `.npmignore`, unless the package has one. */
function renameIgnoreFiles(files: TarFile[]): TarFile[] {
  const paths = new Set(files.map(({ path }) => path));
  return files.flatMap((file) => {
    if (file.path !== '.gitignore' && !file.path.endsWith('/.gitignore')) return [file];
    const path = file.path.replace(/\.gitignore$/, '.npmignore');
    return paths.has(path) ? [] : [{ ...file, path }];
  });
}
