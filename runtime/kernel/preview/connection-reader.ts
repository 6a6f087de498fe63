// Buffered reading of lines and bytes from a loopback connection. Runs in the kernel worker.
import type { ByteConnection } from './byte-connection.ts';

const BUFFER_BYTES = 16 * 1024;
const SMALLEST_CHUNK_BYTES = 16 * 1024;
/** Cheapest where the chunk goes to another renderer process: smaller ones cost messages, larger ones fresh pages. */
const LARGEST_CHUNK_BYTES = 256 * 1024;
const LINE_FEED = 10;
const latin1 = new TextDecoder('latin1');

/** The peer sent something that is not the protocol it should speak. */
export class MalformedStream extends Error {
  override name = 'MalformedStream';
}

/** The peer ended the stream in the middle of a message. */
export class TruncatedStream extends Error {
  override name = 'TruncatedStream';
}

export class ConnectionReader {
  readonly #connection: ByteConnection;
  readonly #buffer = new Uint8Array(BUFFER_BYTES);
  #start = 0;
  #end = 0;
  #hasReceived = false;

  constructor(connection: ByteConnection) {
    this.#connection = connection;
  }

  /** True when any byte ever arrived. */
  get hasReceived(): boolean {
    return this.#hasReceived;
  }

  /** True when bytes wait that nobody asked for yet. */
  get hasLeftover(): boolean {
    return this.#start < this.#end;
  }

  /** The next line without its line end (CRLF or a lone LF, RFC 9112 section 2.2); null at end of file before any byte of it. */
  async readLine(limitBytes: number): Promise<string | null> {
    let line = '';
    for (;;) {
      const found = this.#buffer.subarray(this.#start, this.#end).indexOf(LINE_FEED);
      const stop = found === -1 ? this.#end : this.#start + found;
      line += latin1.decode(this.#buffer.subarray(this.#start, stop));
      if (line.length > limitBytes) throw new MalformedStream(`a line longer than ${limitBytes} bytes`);
      if (found !== -1) {
        this.#start = stop + 1;
        return line.endsWith('\r') ? line.slice(0, -1) : line;
      }
      this.#start = this.#end = 0;
      if (!(await this.#fill())) {
        if (line === '') return null;
        throw new TruncatedStream('the stream ended inside a line');
      }
    }
  }

  /**
   * Up to `maxBytes` in a buffer of its own, fit to be transferred; null at end of file. Bytes that were buffered with
   * the head come first, alone: waiting to fill the chunk would hold back a first event.
   */
  async readChunk(maxBytes: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const buffered = this.#end - this.#start;
    if (buffered > 0) {
      const count = Math.min(buffered, maxBytes);
      const chunk = this.#buffer.slice(this.#start, this.#start + count);
      this.#start += count;
      return chunk;
    }
    // As large as what waits already: a larger buffer would be cleared and copied for nothing.
    const sizeBytes = Math.min(maxBytes, LARGEST_CHUNK_BYTES, Math.max(SMALLEST_CHUNK_BYTES, this.#connection.readableBytes));
    const chunk = new Uint8Array(sizeBytes);
    const count = await this.#receive(chunk);
    if (count === 0) return null;
    return count === sizeBytes ? chunk : new Uint8Array(chunk.buffer.transfer(count));
  }

  /** Exactly `into.length` bytes. */
  async readExact(into: Uint8Array): Promise<void> {
    let done = Math.min(this.#end - this.#start, into.length);
    into.set(this.#buffer.subarray(this.#start, this.#start + done));
    this.#start += done;
    while (done < into.length) {
      const count = await this.#receive(into.subarray(done));
      if (count === 0) throw new TruncatedStream(`the stream ended ${into.length - done} bytes early`);
      done += count;
    }
  }

  async #fill(): Promise<boolean> {
    this.#end = await this.#receive(this.#buffer);
    return this.#end > 0;
  }

  async #receive(into: Uint8Array): Promise<number> {
    const count = await this.#connection.read(into);
    if (count > 0) this.#hasReceived = true;
    return count;
  }
}
