// Which connections an HTTP server calls idle, active and late. Runs in Node.
import { expect, it } from 'vitest';
import { ConnectionsList } from './connections-list.ts';

const startedAgo = (ageMs: number, areHeadersComplete: boolean) => ({ requestStartedAtMs: performance.now() - ageMs, areHeadersComplete });

it('tells a late connection once, by the limit that it broke', () => {
  const list = new ConnectionsList();
  const withoutHeaders = startedAgo(500, false);
  const withoutBody = startedAgo(500, true);
  for (const parser of [withoutHeaders, withoutBody]) {
    list.add(parser);
    list.activate(parser);
  }
  expect(list.expired(100, 0)).toEqual([withoutHeaders]);
  expect(list.expired(100, 0)).toEqual([]);
  expect(list.expired(0, 100)).toEqual([withoutBody]);
  expect(list.all()).toHaveLength(2);
});

it('calls a connection without a request idle', () => {
  const list = new ConnectionsList();
  const idle = { requestStartedAtMs: 0, areHeadersComplete: true };
  list.add(idle);
  list.add(startedAgo(1, true));
  expect(list.idle()).toEqual([idle]);
});
