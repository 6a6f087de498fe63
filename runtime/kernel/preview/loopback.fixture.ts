// A loopback for tests: real servers on TCP, or scripted bytes in pieces of any size. Runs in Node.
import { connect, type Socket } from 'node:net';
import type { ByteConnection, LoopbackPorts } from './byte-connection.ts';

/** A connection that answers with `bytes`, at most `pieceBytes` per read, and remembers what was written. */
export function scriptedConnection(
  bytes: Uint8Array,
  pieceBytes: number,
): ByteConnection & { written(): string; readonly isClosed: boolean } {
  let offset = 0;
  let written = '';
  let isClosed = false;
  return {
    get readableBytes() {
      return bytes.byteLength - offset;
    },
    read: async (into) => {
      const part = bytes.subarray(offset, offset + Math.min(pieceBytes, into.byteLength));
      into.set(part);
      offset += part.byteLength;
      return part.byteLength;
    },
    write: async (sent) => void (written += Buffer.from(sent).toString('latin1')),
    closeWrite: () => undefined,
    close: () => void (isClosed = true),
    written: () => written,
    get isClosed() {
      return isClosed;
    },
  };
}

/** Ports of this machine's own loopback: what the client speaks is checked against Node's real servers. */
export const machineLoopback: LoopbackPorts & { connections: number } = {
  connections: 0,
  isListening: () => true,
  connect: (port) =>
    new Promise((resolve) => {
      const socket = connect(port, '127.0.0.1');
      socket.once('error', () => resolve(null));
      socket.once('connect', () => {
        machineLoopback.connections++;
        resolve(fromSocket(socket));
      });
    }),
};

function fromSocket(socket: Socket): ByteConnection {
  socket.on('error', () => undefined); // seen by the pending read or write
  return {
    get readableBytes() {
      return socket.readableLength;
    },
    read: async (into) => {
      for (;;) {
        const part: Buffer | null = socket.read(Math.min(into.byteLength, Math.max(1, socket.readableLength)));
        if (part) {
          into.set(part);
          return part.byteLength;
        }
        if (socket.readableEnded || socket.destroyed) return 0;
        await new Promise<void>((resolve) => ['readable', 'end', 'close', 'error'].forEach((name) => socket.once(name, () => resolve())));
      }
    },
    write: (bytes) => new Promise((resolve, reject) => socket.write(bytes.slice(), (error) => (error ? reject(error) : resolve()))),
    closeWrite: () => void socket.end(),
    close: () => void socket.destroy(),
  };
}
