// Questions and answers of a name server as bytes.
import { expect, test } from 'vitest';
import { readResponse, writeQuestion } from './packet.ts';
import { readRecords } from './records.ts';

const text = new TextEncoder();

/** The answer of a server to a question: its bytes, one record, its name by a pointer to the question's. */
function answer(question: Uint8Array, type: number, data: readonly number[], code = 0): Uint8Array {
  const head = question.slice();
  head[2] = 0x81;
  head[3] = 0x80 | code;
  head[7] = 1;
  return new Uint8Array([...head, 0xc0, 12, type >> 8, type & 255, 0, 1, 0, 0, 0, 123, 0, data.length, ...data]);
}

test('an address is found behind the question', () => {
  const question = writeQuestion(7, 'example.org', 1) as Uint8Array;
  const bytes = answer(question, 1, [1, 2, 3, 4]);
  const response = readResponse(bytes);
  expect(response).toMatchObject({ id: 7, code: 0, question: { name: 'example.org', type: 1 } });
  expect(readRecords(bytes, response.answers, 'A')).toEqual({ values: ['1.2.3.4'], ttls: [123] });
  expect(readRecords(bytes, response.answers, 'ANY').values).toEqual([{ address: '1.2.3.4', ttl: 123, type: 'A' }]);
});

test('names in data may point back into the message', () => {
  const question = writeQuestion(1, 'example.org', 15) as Uint8Array;
  const bytes = answer(question, 15, [0, 10, 4, ...text.encode('mail'), 0xc0, 12]);
  expect(readRecords(bytes, readResponse(bytes).answers, 'MX').values).toEqual([{ exchange: 'mail.example.org', priority: 10 }]);
});

test('broken messages are errors, not endless loops', () => {
  const question = writeQuestion(1, 'a.b', 5) as Uint8Array;
  const looped = answer(question, 5, [0xc0, question.length + 12]);
  expect(() => readRecords(looped, readResponse(looped).answers, 'CNAME')).toThrow(RangeError);
  expect(() => readResponse(answer(question, 1, [1, 2, 3, 4]).subarray(0, -1))).toThrow(RangeError);
  expect(() => readResponse(question)).toThrow(RangeError);
});

test('what cannot be a name is not asked for', () => {
  expect(writeQuestion(1, 'a..b', 1)).toBeNull();
  expect(writeQuestion(1, `${'x'.repeat(64)}.org`, 1)).toBeNull();
});
