// Links over connections that are cut at any moment: nothing is lost, nothing comes twice, and what had to be dropped is said.
import { expect, test } from 'vitest';
import { LinkEndpoint } from './endpoint.ts';
import { decodeFrame, encodeFrame } from './frames.ts';
import { encodeMarker, encodePacket, isMarker, MarkerFilter, PacketReader } from './byte-stream.ts';
import type { LinkStream, StreamEvents } from './stream.ts';

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** A pair whose connection can be cut; frames in flight at that moment are lost. */
class Pair {
  readonly client: LinkEndpoint;
  readonly agent: LinkEndpoint;
  #generation = 0;

  constructor(onOpen: (payload: unknown, stream: LinkStream) => StreamEvents, epoch = 'one') {
    this.client = new LinkEndpoint({ role: 'client' }, {});
    this.agent = new LinkEndpoint({ role: 'agent', epoch }, { onOpen });
  }

  connect(): void {
    const generation = ++this.#generation;
    const pass = (to: LinkEndpoint) => (frame: Uint8Array) => {
      queueMicrotask(() => {
        if (this.#generation === generation) to.receive(frame);
      });
    };
    this.agent.attach(pass(this.client));
    this.client.attach(pass(this.agent));
  }

  cut(): void {
    this.#generation++;
    this.client.detach();
    this.agent.detach();
  }
}

const settle = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 5));

test('bytes and messages keep their order through a hundred cuts, and none comes twice', async () => {
  let sender: LinkStream | null = null;
  const pair = new Pair((_, stream) => {
    sender = stream;
    return {};
  });
  const got: string[] = [];
  const stream = pair.client.open(
    { type: 'watch' },
    {
      onData: (bytes) => {
        got.push(...decode(bytes).trim().split('\n'));
        stream.taken(bytes.length);
      },
      onMessage: (message) => got.push(`message ${(message as { n: number }).n}`),
    },
  );
  pair.connect();
  await settle();
  const sent: string[] = [];
  for (let n = 0; n < 500; n++) {
    if (n % 7 === 0) (sender as unknown as LinkStream).message({ n });
    else (sender as unknown as LinkStream).write(text(`line ${n}\n`));
    sent.push(n % 7 === 0 ? `message ${n}` : `line ${n}`);
    if (n % 5 === 0) {
      pair.cut();
      if (n % 10 === 0) await settle();
      pair.connect();
    }
    if (n % 3 === 0) await Promise.resolve();
  }
  await settle();
  expect(got).toEqual(sent);
});

test('what the client writes before and during a loss arrives once', async () => {
  const got: string[] = [];
  const pair = new Pair((_, stream) => ({
    onData: (bytes) => {
      got.push(decode(bytes));
      stream.taken(bytes.length);
    },
  }));
  const stream = pair.client.open({ type: 'spawn' });
  stream.write(text('a'));
  pair.connect();
  await settle();
  stream.write(text('b'));
  pair.cut();
  stream.write(text('c'));
  pair.connect();
  await settle();
  expect(got.join('')).toBe('abc');
});

test('a stream that ended on both sides during a loss is over after it', async () => {
  let ended = 0;
  let sender: LinkStream | null = null;
  const pair = new Pair((_, stream) => {
    sender = stream;
    return { onEnd: () => stream.end() };
  });
  const stream = pair.client.open({ type: 'spawn' }, { onEnd: () => ended++ });
  pair.connect();
  await settle();
  pair.cut();
  stream.end();
  (sender as unknown as LinkStream).end();
  pair.connect();
  await settle();
  expect({ ended, client: pair.client.openStreams, agent: pair.agent.openStreams }).toEqual({ ended: 1, client: 0, agent: 0 });
});

test('output beyond what is kept without a connection is dropped from its start, and the loss is counted', async () => {
  let sender: LinkStream | null = null;
  const pair = new Pair((_, stream) => {
    sender = stream;
    return {};
  });
  let lost = 0;
  let got = 0;
  let last = '';
  const stream = pair.client.open(
    { type: 'spawn' },
    {
      onData: (bytes) => {
        got += bytes.length;
        last = decode(bytes.subarray(-4));
        stream.taken(bytes.length);
      },
      onGap: (lostBytes) => (lost += lostBytes),
    },
  );
  pair.connect();
  await settle();
  pair.cut();
  const chunk = new Uint8Array(64 * 1024).fill(120);
  for (let n = 0; n < 200; n++) (sender as unknown as LinkStream).write(chunk);
  (sender as unknown as LinkStream).write(text('last'));
  pair.connect();
  await settle();
  expect(lost).toBeGreaterThan(0);
  expect(got + lost).toBe(200 * chunk.length + 4);
  expect(last).toBe('last');
});

test('a receiver that takes nothing stops the sender within its window', async () => {
  let sender: LinkStream | null = null;
  const pair = new Pair((_, stream) => {
    sender = stream;
    return {};
  });
  let got = 0;
  const stream = pair.client.open({ type: 'spawn' }, { onData: (bytes) => (got += bytes.length) });
  pair.connect();
  await settle();
  const source = sender as unknown as LinkStream;
  let written = 0;
  while (source.canSend && written < 1e8) {
    source.write(new Uint8Array(65_536));
    written += 65_536;
  }
  await settle();
  expect(written).toBeLessThanOrEqual(1024 * 1024 + 65_536);
  let hasDrained = false;
  source.events = { onDrain: () => (hasDrained = true) };
  stream.taken(got);
  await settle();
  expect(hasDrained && source.canSend).toBe(true);
});

test('an agent that was replaced has forgotten its streams, and the client is told', async () => {
  const pair = new Pair(() => ({}));
  const reasons: unknown[] = [];
  pair.client.open({ type: 'spawn' }, { onReset: (reason) => reasons.push(reason) });
  pair.connect();
  await settle();
  pair.cut();
  const other = new LinkEndpoint({ role: 'agent', epoch: 'two' }, { onOpen: () => ({}) });
  other.attach((frame) => pair.client.receive(frame));
  pair.client.attach((frame) => other.receive(frame));
  await settle();
  expect(reasons).toHaveLength(1);
  expect(pair.client.openStreams).toBe(0);
});

test.each([
  ['empty', new Uint8Array(0)],
  ['short', new Uint8Array(15)],
  ['of an unknown kind', Uint8Array.of(200, ...Array(15).fill(0))],
  ['with a negative offset', encodeFrame('data', 1, -1)],
  ['with no number for an offset', encodeFrame('data', 1, NaN)],
  ['with a huge offset', encodeFrame('data', 1, 2 ** 60)],
  ['too large', new Uint8Array(2 * 1024 * 1024)],
])('a frame %s is none', (_, bytes) => {
  expect(decodeFrame(bytes)).toBeNull();
});

test('packets come whole out of any cutting of the byte stream', () => {
  const packets: string[] = [];
  const stream = Buffer.concat([1, 2, 3].map((client) => encodePacket(client, text(`packet of ${client}`))));
  for (const size of [1, 3, 7, 64]) {
    packets.length = 0;
    const reader = new PacketReader({
      onPacket: (client, frame) => packets.push(`${client}: ${decode(frame)}`),
      onBroken: () => packets.push('broken'),
    });
    for (let at = 0; at < stream.length; at += size) reader.push(stream.subarray(at, at + size));
    expect(packets).toEqual(['1: packet of 1', '2: packet of 2', '3: packet of 3']);
  }
});

test('a length that no packet has ends the stream', () => {
  const reasons: string[] = [];
  new PacketReader({ onPacket: () => undefined, onBroken: (reason) => reasons.push(reason) }).push(
    Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0),
  );
  expect(reasons).toHaveLength(1);
});

test('a marker right behind a whole packet is told from one', () => {
  let left: Uint8Array = new Uint8Array(0);
  const packets: number[] = [];
  const reader = new PacketReader({ onPacket: (client) => packets.push(client), onBroken: (_, rest) => (left = rest) });
  reader.push(Buffer.concat([encodePacket(1, text('the last of the old')), encodeMarker('a'.repeat(32))]));
  expect(packets).toEqual([1]);
  expect(isMarker(left)).toBe(true);
  expect(isMarker(encodePacket(1, text('a packet')))).toBe(false);
});

test('the marker is found behind what was lost, and only with its nonce', () => {
  const nonce = 'a'.repeat(32);
  const found: string[] = [];
  const filter = new MarkerFilter(nonce, (each) => found.push(each));
  const bytes = Buffer.concat([text('half a packet'), encodeMarker('b'.repeat(32)), text('older'), encodeMarker(nonce), text('new')]);
  const rest: Uint8Array[] = [];
  for (let at = 0; at < bytes.length; at += 5) {
    const part = filter.push(bytes.subarray(at, at + 5));
    if (part) rest.push(part);
  }
  expect(found).toEqual([nonce]);
  expect(decode(Buffer.concat(rest))).toBe('new');
});
