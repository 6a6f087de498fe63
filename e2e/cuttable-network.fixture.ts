// A network between the browser and the server that can be cut: what is under way stalls, nothing new gets through, and
// nobody is told. A proxy of bytes, because workers' connections pass no page.
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

export class CuttableNetwork {
  readonly port: number;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #target = 0;
  #isCut = false;

  private constructor(server: Server) {
    this.#server = server;
    this.port = (server.address() as AddressInfo).port;
    server.on('connection', (near) => this.#join(near));
  }

  static async open(): Promise<CuttableNetwork> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return new CuttableNetwork(server);
  }

  /** The server listens there. */
  leadTo(port: number): void {
    this.#target = port;
  }

  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** Connections from before the cut end, as they do when an address changes or a router forgets them. */
  restore(): void {
    this.#isCut = false;
    for (const socket of this.#sockets) socket.destroy();
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>((resolve) => this.#server.close(() => resolve()));
  }

  #join(near: Socket): void {
    if (this.#isCut) return void near.destroy();
    const far = connect(this.#target, '127.0.0.1');
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      this.#sockets.add(from);
      from.on('data', (bytes) => {
        if (!to.write(bytes)) from.pause();
      });
      to.on('drain', () => void (this.#isCut || from.resume()));
      from.on('end', () => to.end());
      from.on('error', () => to.destroy()); // either end may go at any time
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      });
    }
  }
}
