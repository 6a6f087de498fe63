// The `messaging` binding: channels, broadcast channels and structuredClone within one process. Runs in the process worker.
import type { BindingFactory, BindingObject, Realm } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { BroadcastRelay } from './messaging/broadcast-relay.ts';
import { createPort, NodeMessagePort } from './messaging/message-port.ts';
import { PortData, type Receiver } from './messaging/port-data.ts';
import { Transport } from './messaging/transport.ts';

const transports = new WeakMap<Realm, Transport>();

/** The one transport of a realm: links to other threads are made by it, too. */
export function transportOf(realm: Realm): Transport {
  let transport = transports.get(realm);
  if (transport === undefined) transports.set(realm, (transport = new Transport(realm)));
  return transport;
}

export const messaging: BindingFactory = (realm, binding) => {
  const transport = transportOf(realm);
  binding['MessagePort'] = new Proxy(NodeMessagePort, {
    apply() {
      throw nodeError(TypeError, 'ERR_CONSTRUCT_CALL_INVALID', 'Constructor cannot be called');
    },
  });
  Object.defineProperty(NodeMessagePort.prototype, 'constructor', {
    value: binding['MessagePort'],
    writable: true,
    enumerable: false,
    configurable: true,
  });
  binding['MessageChannel'] = new Proxy(channelClass(realm, transport), {
    apply() {
      throw nodeError(TypeError, 'ERR_CONSTRUCT_CALL_REQUIRED', "Class constructor MessageChannel cannot be invoked without 'new'");
    },
  });
  binding['broadcastChannel'] = broadcaster(realm, transport);
  binding['stopMessagePort'] = (port: NodeMessagePort): void => NodeMessagePort.stop(port);
  binding['drainMessagePort'] = (port: NodeMessagePort | undefined): void => {
    if (NodeMessagePort.isPort(port)) NodeMessagePort.drain(port);
  };
  binding['receiveMessageOnPort'] = (port: unknown): unknown => {
    if (!NodeMessagePort.isPort(port)) {
      throw nodeError(TypeError, 'ERR_INVALID_ARG_TYPE', 'The "port" argument must be a MessagePort instance');
    }
    const message = NodeMessagePort.receive(port);
    if (message !== undefined) return transport.open(message).value;
    return (realm.internalBinding('symbols') as { no_message_symbol: symbol }).no_message_symbol;
  };
  // There is one context per worker: a port is always where it should be.
  binding['moveMessagePortToContext'] = (port: NodeMessagePort): NodeMessagePort => {
    if (NodeMessagePort.dataOf(port) !== null) return port;
    throw nodeError(Error, 'ERR_CLOSED_MESSAGE_PORT', 'Cannot send data on closed MessagePort');
  };
  binding['setDeserializerCreateObjectFunction'] = (create: (info: string) => Record<symbol, unknown>): void => {
    transport.createObject = create;
  };
  binding['structuredClone'] = (value: unknown, options?: { transfer?: readonly unknown[] }): unknown =>
    transport.open(transport.seal(value, options?.transfer ?? [], null)).value;
  binding['exposeLazyDOMExceptionProperty'] = (target: object): void => exposeDomException(binding, target);
};

function channelClass(realm: Realm, transport: Transport): new () => object {
  return class MessageChannel {
    readonly port1: NodeMessagePort;
    readonly port2: NodeMessagePort;
    constructor() {
      const [first, second] = PortData.pair();
      this.port1 = createPort({ realm, data: first, transport, isPair: true });
      this.port2 = createPort({ realm, data: second, transport, isPair: true });
    }
  };
}

function broadcaster(realm: Realm, transport: Transport): (name: string) => NodeMessagePort {
  const groups = new Map<string, Set<Receiver>>();
  return (name) => {
    let group = groups.get(name);
    if (group === undefined) {
      groups.set(name, (group = new Set<Receiver>()));
      new BroadcastRelay(realm, name, group, (message) => transport.dataCloneError(message)).open();
    }
    return createPort({ realm, data: PortData.join(group), transport, isPair: false });
  };
}

function exposeDomException(binding: BindingObject, target: object): void {
  Object.defineProperty(target, 'DOMException', {
    configurable: true,
    enumerable: false,
    get: () => binding['DOMException'] as unknown,
    set(value: unknown) {
      Object.defineProperty(target, 'DOMException', { value, writable: true, configurable: true, enumerable: false });
    },
  });
}
