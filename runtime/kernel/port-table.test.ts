// Listeners by port and address, as Linux shares them out.
import { expect, test } from 'vitest';
import type { NetAddress } from '#protocol';
import { PortTable } from './port-table.ts';

const EADDRINUSE = -98;
const ECONNREFUSED = -111;

function table(): { ports: PortTable; open: number[]; closed: number[] } {
  const [open, closed]: [number[], number[]] = [[], []];
  const ports = new PortTable({ onOpen: (port) => open.push(port), onClose: (port) => closed.push(port), bridge: () => {} });
  return { ports, open, closed };
}

const tcp = (host: string, port: number, more: object = {}): NetAddress => ({ family: 'tcp', host, port, ...more });

/** The name of the listener that a connection reaches. */
function reached(ports: PortTable, listen: Readonly<Record<string, NetAddress>>, to: NetAddress): string | number {
  let name: string | number = ECONNREFUSED;
  for (const [own, address] of Object.entries(listen)) {
    const answer = ports.listen(1, address, () => (name = own));
    if (typeof answer === 'number') return answer;
  }
  const answer = ports.connect(to, () => {});
  return typeof answer === 'number' ? answer : name;
}

test('addresses of one port are different listeners', () => {
  const both = { four: tcp('127.0.0.1', 80), six: tcp('::1', 80) };
  expect(reached(table().ports, both, tcp('127.0.0.1', 80))).toBe('four');
  expect(reached(table().ports, both, tcp('::1', 80))).toBe('six');
  expect(reached(table().ports, { four: tcp('127.0.0.1', 80) }, tcp('::1', 80))).toBe(ECONNREFUSED);
});

test('the wildcard of IPv6 hears IPv4, unless it is told not to', () => {
  expect(reached(table().ports, { all: tcp('::', 80) }, tcp('127.0.0.1', 80))).toBe('all');
  expect(reached(table().ports, { six: tcp('::', 80, { isIPv6Only: true }) }, tcp('127.0.0.1', 80))).toBe(ECONNREFUSED);
});

test('whoever names no address reaches what listens', () => {
  expect(reached(table().ports, { six: tcp('::1', 80) }, tcp('', 80))).toBe('six');
});

test('an address in use is refused unless both share it', () => {
  const { ports } = table();
  expect(typeof ports.listen(1, tcp('0.0.0.0', 80), () => {})).toBe('object');
  expect(ports.listen(1, tcp('127.0.0.1', 80), () => {})).toBe(EADDRINUSE);
  expect(ports.listen(1, tcp('::', 80), () => {})).toBe(EADDRINUSE);
  expect(typeof ports.listen(1, tcp('::1', 80), () => {})).toBe('object');
  const shared = tcp('127.0.0.1', 81, { isShared: true });
  expect(typeof ports.listen(1, shared, () => {})).toBe('object');
  expect(typeof ports.listen(1, shared, () => {})).toBe('object');
});

test('a port is open while any of its addresses listens', () => {
  const { ports, open, closed } = table();
  const [one, two] = [ports.listen(1, tcp('127.0.0.1', 80), () => {}), ports.listen(1, tcp('::1', 80), () => {})];
  if (typeof one === 'number' || typeof two === 'number') throw new Error('refused');
  ports.unlisten(one.listenerId);
  expect([open, closed, ports.isListening(80)]).toEqual([[80], [], true]);
  ports.unlisten(two.listenerId);
  expect([open, closed, ports.isListening(80)]).toEqual([[80], [80], false]);
});
