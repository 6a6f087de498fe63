// The offline pack of Python: what the store worker keeps of it, and how it reads the files from a frame of the preview host,
// over a port. The store validates: the frame is another origin.

/** Where the preview host lists the pack: an array of {@link PackFile}. */
export const PACK_LIST_PATH = '/__verklet/python-pack.json';
export const PACK_FOLDER = '/__verklet/python/';

export interface PackFile {
  /** Below {@link PACK_FOLDER}; the name changes with the content. */
  readonly url: string;
  /** First 16 hex digits of the SHA-256. */
  readonly revision: string;
  readonly sizeBytes: number;
}

export interface PythonPackState {
  /** `partial`: the download was stopped; what is here is kept, and the next one goes on from there. */
  readonly state: 'absent' | 'partial' | 'complete';
  readonly keptBytes: number;
  /** 0 while it is absent. */
  readonly totalBytes: number;
}

/** Store -> frame. One read at a time; each `read-pack-chunk` is answered by one message. */
export type ToPackReader =
  | { readonly type: 'open-pack-file'; readonly url: string }
  | { readonly type: 'read-pack-chunk' }
  | { readonly type: 'close-pack-file' };

/** Frame -> store. */
export type FromPackReader =
  | { readonly type: 'pack-chunk'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly type: 'pack-file-end' }
  | { readonly type: 'pack-failed'; readonly reason: string };
