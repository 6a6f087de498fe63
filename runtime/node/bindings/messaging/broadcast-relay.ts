// Carries a broadcast channel's messages between the threads of one process, over the browser's own channel of a name that
// only they use. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { decode, encode, type Encoded } from './packets.ts';
import { type Message, PortData, type Receiver } from './port-data.ts';

export class BroadcastRelay implements Receiver {
  readonly #group: Set<Receiver>;
  readonly #channel: BroadcastChannel;
  readonly #cloneError: (message: string) => unknown;

  constructor(realm: Realm, name: string, group: Set<Receiver>, cloneError: (message: string) => unknown) {
    this.#group = group;
    this.#cloneError = cloneError;
    const { thread } = realm.host.request;
    this.#channel = new realm.primitives.BroadcastChannel(`verklet:${thread?.pid ?? realm.host.pid}:${name}`);
    this.#channel.onmessage = ({ data }: MessageEvent<Encoded>) => {
      for (const receiver of this.#group) if (receiver instanceof PortData) receiver.deliver({ value: decode(data), ports: [] });
    };
  }

  /** Takes part from now on, for as long as the thread lives. */
  open(): void {
    this.#group.add(this);
  }

  deliver(message: Message): void {
    this.#channel.postMessage(encode(message.value, this.#cloneError));
  }

  peerClosed(): void {
    // Others on the channel go on without it.
  }
}
