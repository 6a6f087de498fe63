// What the preview code needs of the virtual loopback: connections as byte streams. Implemented by the kernel's port table.

/** One end of a loopback TCP connection. */
export interface ByteConnection {
  /** Bytes that can be read without waiting. */
  readonly readableBytes: number;
  /** Bytes placed into `into`, at least one; 0 at end of file. */
  read(into: Uint8Array): Promise<number>;
  /** Resolves when everything is taken; rejects when the peer is gone. */
  write(bytes: Uint8Array): Promise<void>;
  /** Sends end of file; reading goes on. */
  closeWrite(): void;
  /** Gives both directions up; pending reads end. Harmless when called twice. */
  close(): void;
}

export interface LoopbackPorts {
  /** Null when nothing listens on the port. */
  connect(port: number): Promise<ByteConnection | null> | ByteConnection | null;
  isListening(port: number): boolean;
}
