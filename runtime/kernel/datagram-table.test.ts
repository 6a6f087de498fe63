// Datagrams find their sockets by port, address and group.
import { expect, test } from 'vitest';
import type { Datagram, DatagramAddress } from '#protocol';
import { DatagramTable } from './datagram-table.ts';

const v4 = (host: string, port: number): DatagramAddress => ({ family: 4, host, port });

function bound(table: DatagramTable, address: DatagramAddress, isShared = false): { socketId: number; port: number; got: Datagram[] } {
  const got: Datagram[] = [];
  const answer = table.bind(1, address, isShared, (datagram) => got.push(datagram));
  if (typeof answer === 'number') throw new Error(`errno ${answer}`);
  return { ...answer, got };
}

test('a datagram reaches the wildcard and tells its sender', () => {
  const table = new DatagramTable();
  const [a, b] = [bound(table, v4('0.0.0.0', 0)), bound(table, v4('127.0.0.1', 0))];
  table.send(b.socketId, v4('127.0.0.1', a.port), new Uint8Array([1]));
  expect(a.got).toEqual([{ socketId: a.socketId, from: v4('127.0.0.1', b.port), bytes: new Uint8Array([1]) }]);
});

test('an address in use is refused unless both share it', () => {
  const table = new DatagramTable();
  bound(table, v4('0.0.0.0', 5000), true);
  expect(table.bind(1, v4('127.0.0.1', 5000), false, () => {})).toBe(-98);
  expect(typeof table.bind(1, v4('127.0.0.1', 5000), true, () => {})).toBe('object');
  expect(table.bind(1, v4('8.8.8.8', 1), false, () => {})).toBe(-99);
});

test('a group hears what is sent to it, once per member', () => {
  const table = new DatagramTable();
  const members = [bound(table, v4('0.0.0.0', 6000), true), bound(table, v4('0.0.0.0', 6000), true)];
  for (const { socketId } of members) expect(table.join(socketId, '224.0.0.114', true)).toBe(0);
  table.send(members[0]?.socketId ?? 0, v4('224.0.0.114', 6000), new Uint8Array(2));
  expect(members.map(({ got }) => got.length)).toEqual([1, 1]);
});
