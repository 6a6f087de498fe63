// The `block_list` binding: `net.BlockList` and `net.SocketAddress`. Runs in the process worker.
import type { BindingFactory, BindingObject } from '../realm.ts';
import { markShareable } from './messaging/native-handles.ts';
import { parseIpv4, parseIpv6 } from './stream-base/ip-address.ts';

const AF_INET = 2;
const AF_INET6 = 10;

class SocketAddress {
  readonly address: string;
  readonly port: number;
  readonly family: number;
  readonly #flowLabel: number;
  readonly bits: bigint;

  constructor(address: string, port: number, family: number, flowLabel: number) {
    this.address = address;
    this.port = port;
    this.family = family;
    this.#flowLabel = flowLabel;
    this.bits = bitsOf(address, family);
    for (const key of ['address', 'port', 'family', 'bits']) Object.defineProperty(this, key, { enumerable: false });
    markShareable(this);
  }

  flowlabel(): number {
    return this.#flowLabel;
  }

  detail(into: BindingObject): BindingObject {
    return Object.assign(into, { address: this.address, port: this.port, family: this.family, flowlabel: this.#flowLabel });
  }

  legacyDetail(): BindingObject {
    return { address: this.address, port: this.port, family: this.family === AF_INET ? 'IPv4' : 'IPv6' };
  }

  /** The address as a number of `family`; a mapped IPv4 address counts as both. */
  bitsAs(family: number): bigint | null {
    if (family === this.family) return this.bits;
    if (family === AF_INET && this.bits >> 32n === 0xffffn) return this.bits & 0xffffffffn;
    return family === AF_INET6 ? this.bits | (0xffffn << 32n) : null;
  }
}

function bitsOf(address: string, family: number): bigint {
  const isIpv4 = family === AF_INET;
  const parts = (isIpv4 ? parseIpv4(address) : parseIpv6(address)) ?? [];
  return parts.reduce((bits, part) => (bits << (isIpv4 ? 8n : 16n)) | BigInt(part), 0n);
}

interface Rule {
  readonly text: string;
  matches(address: SocketAddress): boolean;
}

class BlockList {
  readonly #rules: Rule[] = [];

  /** A copy in a message is the same list, as in Node. */
  constructor() {
    markShareable(this);
  }

  addAddress(address: SocketAddress): void {
    this.#add(`Address: ${describe(address)}`, address.family, (bits) => bits === address.bits);
  }

  /** False when the range is upside down. */
  addRange(start: SocketAddress, end: SocketAddress): boolean {
    if (start.bits > end.bits) return false;
    this.#add(`Range: ${describe(start)}-${end.address}`, start.family, (bits) => bits >= start.bits && bits <= end.bits);
    return true;
  }

  addSubnet(network: SocketAddress, prefix: number): void {
    const ignored = BigInt((network.family === AF_INET ? 32 : 128) - prefix);
    this.#add(`Subnet: ${describe(network)}/${prefix}`, network.family, (bits) => bits >> ignored === network.bits >> ignored);
  }

  check(address: SocketAddress): boolean {
    return this.#rules.some((rule) => rule.matches(address));
  }

  getRules(): string[] {
    return this.#rules.map((rule) => rule.text);
  }

  #add(text: string, family: number, test: (bits: bigint) => boolean): void {
    const matches = (address: SocketAddress): boolean => {
      const bits = address.bitsAs(family);
      return bits !== null && test(bits);
    };
    this.#rules.unshift({ text, matches });
  }
}

function describe(address: SocketAddress): string {
  return `${address.family === AF_INET ? 'IPv4' : 'IPv6'} ${address.address}`;
}

export const blockList: BindingFactory = (_realm, binding) => {
  binding['SocketAddress'] = SocketAddress;
  binding['BlockList'] = BlockList;
};
