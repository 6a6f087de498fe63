import { describe, expect, test } from 'vitest';
import { ConnectionReader } from './connection-reader.ts';
import { scriptedConnection } from './loopback.fixture.ts';
import { decodeClose, encodeClose, encodeFrame, MessageReader, OPCODE, type Opcode } from './websocket-frames.ts';

const noMask = new Uint8Array(4);

/** A server's frame: as ours, with the mask taken out. */
function serverFrame(opcode: Opcode, payload: Uint8Array, isFinal = true): Uint8Array {
  const masked = encodeFrame(opcode, payload, noMask);
  const headBytes = masked.byteLength - payload.byteLength;
  const frame = new Uint8Array([...masked.subarray(0, headBytes - 4), ...payload]);
  frame[1]! &= 0x7f;
  if (!isFinal) frame[0]! &= 0x7f;
  return frame;
}

function readerOf(parts: readonly Uint8Array[], pieceBytes: number): MessageReader {
  return new MessageReader(new ConnectionReader(scriptedConnection(Buffer.concat(parts), pieceBytes)));
}

const bytes = (text: string) => new TextEncoder().encode(text);
const text = (payload: Uint8Array) => new TextDecoder().decode(payload);

test('fragments with a ping between them read the same in every split', async () => {
  const parts = [
    serverFrame(OPCODE.text, bytes('hel'), false),
    serverFrame(OPCODE.ping, bytes('!')),
    serverFrame(OPCODE.continuation, bytes('lo')),
    serverFrame(OPCODE.close, encodeClose(1000, 'bye')),
  ];
  for (let pieceBytes = 1; pieceBytes < 32; pieceBytes++) {
    const reader = readerOf(parts, pieceBytes);
    expect(await reader.next()).toMatchObject({ opcode: OPCODE.ping });
    expect(text((await reader.next()).payload)).toBe('hello');
    expect(decodeClose((await reader.next()).payload)).toEqual({ code: 1000, reason: 'bye' });
  }
});

test('all three length forms come back as sent', async () => {
  for (const sizeBytes of [0, 125, 126, 65_535, 65_536, 200_000]) {
    const payload = new Uint8Array(sizeBytes).map((_, index) => index);
    const message = await readerOf([serverFrame(OPCODE.binary, payload)], 10_000).next();
    expect(Buffer.compare(message.payload, payload)).toBe(0);
  }
});

test('what we send is masked', () => {
  const frame = encodeFrame(OPCODE.text, bytes('Hello'), new Uint8Array([0x37, 0xfa, 0x21, 0x3d]));
  expect([...frame]).toEqual([0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58]); // RFC 6455 section 5.7
});

describe('a violation has the close code of the standard', () => {
  const cases: Readonly<Record<string, { frames: Uint8Array[]; closeCode: number }>> = {
    'a masked frame': { frames: [encodeFrame(OPCODE.text, bytes('a'), noMask)], closeCode: 1002 },
    'a continuation of nothing': { frames: [serverFrame(OPCODE.continuation, bytes('a'))], closeCode: 1002 },
    'a message inside another': {
      frames: [serverFrame(OPCODE.text, bytes('a'), false), serverFrame(OPCODE.text, bytes('b'))],
      closeCode: 1002,
    },
    'a fragmented ping': { frames: [serverFrame(OPCODE.ping, bytes('a'), false)], closeCode: 1002 },
    'reserved bits': { frames: [new Uint8Array([0xc1, 0])], closeCode: 1002 },
    'a message beyond the limit': { frames: [new Uint8Array([0x82, 127, 0, 0, 0, 1, 0, 0, 0, 0])], closeCode: 1009 },
  };
  for (const [name, { frames, closeCode }] of Object.entries(cases)) {
    test(name, async () => {
      const drain = async () => {
        const reader = readerOf(frames, 100);
        for (;;) await reader.next();
      };
      await expect(drain()).rejects.toMatchObject({ closeCode });
    });
  }

  test('a reserved close code', () => {
    for (const code of [999, 1005, 1006, 1015, 2999, 5000]) expect(() => decodeClose(new Uint8Array([code >> 8, code & 0xff]))).toThrow();
  });
});
