// This process's listeners and connections, over the kernel's port table. Runs in the process worker.
import type { IncomingConnection, NetAddress, OutgoingConnection } from '#protocol';
import type { Realm } from '../../realm.ts';
import type { StreamEnds } from '../../descriptors.ts';
import type { Connection } from '#protocol';

export interface Listening {
  readonly listenerId: number;
  readonly port: number;
}

type Acceptor = (incoming: IncomingConnection) => void;

export class Network {
  readonly #realm: Realm;
  readonly #acceptors = new Map<number, Acceptor>();

  constructor(realm: Realm) {
    this.#realm = realm;
    realm.host.onConnection = (incoming) => this.#deliver(incoming);
  }

  /** Blocks for the kernel's answer: `server.address()` must be right at once. A negative number is an errno. */
  listen(address: NetAddress, accept: Acceptor): Listening | number {
    const answer = this.#realm.host.callSync<Listening | number>({ type: 'listen', address, exclusive: true });
    if (typeof answer !== 'number') this.#acceptors.set(answer.listenerId, accept);
    return answer;
  }

  unlisten(listenerId: number): void {
    this.#acceptors.delete(listenerId);
    this.#realm.host.callSync({ type: 'unlisten', listenerId });
  }

  /** Answers in a turn of the loop, and keeps the process alive until then. */
  connect(address: NetAddress, done: (answer: OutgoingConnection | number) => void): void {
    const { host, loop } = this.#realm;
    loop.ref();
    const finish = (answer: OutgoingConnection | number): void =>
      loop.enqueue(() => {
        loop.unref();
        done(answer);
      });
    host.call<OutgoingConnection | number>({ type: 'connect', address }).then(finish, (error: unknown) => {
      loop.enqueue(() => {
        throw error;
      });
    });
  }

  open(connection: Connection): StreamEnds {
    const { host } = this.#realm;
    return { receive: host.openPipe(connection.receive), send: host.openPipe(connection.send) };
  }

  /** Lets go of a connection that nobody wants any more. */
  refuse(connection: Connection): void {
    const { receive, send } = this.open(connection);
    receive?.release('read');
    send?.release('write');
  }

  #deliver(incoming: IncomingConnection): void {
    this.#realm.loop.enqueue(() => {
      const accept = this.#acceptors.get(incoming.listenerId);
      if (accept === undefined) this.refuse(incoming.connection);
      else accept(incoming);
    });
  }
}

const networks = new WeakMap<Realm, Network>();

export function networkOf(realm: Realm): Network {
  let network = networks.get(realm);
  if (network === undefined) networks.set(realm, (network = new Network(realm)));
  return network;
}
