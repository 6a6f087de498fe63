// DNS messages (RFC 1035) as bytes: questions out, resource records in. Pure; runs anywhere.

const CLASS_IN = 1;
const RECURSION_DESIRED = 0x0100;
const RESPONSE = 0x8000;
const TRUNCATED = 0x0200;
const HEADER_BYTES = 12;
const MAX_LABEL_BYTES = 63;
const MAX_NAME_BYTES = 255;
/** A compressed name may jump this often; more is a loop. */
const MAX_JUMPS = 64;

/** Types by their numbers. */
export const TYPES = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  TLSA: 52,
  ANY: 255,
  CAA: 257,
} as const;

export type TypeName = keyof typeof TYPES;

export interface ResourceRecord {
  readonly type: number;
  readonly ttl: number;
  /** Where its data lies in the message. */
  readonly start: number;
  readonly end: number;
}

export interface Response {
  readonly id: number;
  readonly code: number;
  readonly isTruncated: boolean;
  readonly question: { readonly name: string; readonly type: number } | null;
  readonly answers: readonly ResourceRecord[];
}

/** The bytes of a question, or `null` when `name` cannot be one. */
export function writeQuestion(id: number, name: string, type: number): Uint8Array | null {
  const labels = name === '' || name === '.' ? [] : name.replace(/\.$/, '').split('.');
  const encoded = labels.map((label) => new TextEncoder().encode(label));
  const nameBytes = encoded.reduce((sum, { length }) => sum + length + 1, 1);
  if (nameBytes > MAX_NAME_BYTES || encoded.some(({ length }) => length === 0 || length > MAX_LABEL_BYTES)) return null;
  const bytes = new Uint8Array(HEADER_BYTES + nameBytes + 4);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, id);
  view.setUint16(2, RECURSION_DESIRED);
  view.setUint16(4, 1);
  let offset = HEADER_BYTES;
  for (const label of encoded) {
    bytes[offset] = label.length;
    bytes.set(label, offset + 1);
    offset += label.length + 1;
  }
  view.setUint16(offset + 1, type);
  view.setUint16(offset + 3, CLASS_IN);
  return bytes;
}

/** @throws RangeError for bytes that are no response */
export function readResponse(bytes: Uint8Array): Response {
  const reader = new PacketReader(bytes, 0);
  const id = reader.uint16();
  const flags = reader.uint16();
  if ((flags & RESPONSE) === 0) throw new RangeError('not a response');
  const questions = reader.uint16();
  const answerCount = reader.uint16();
  reader.skip(4);
  let question: Response['question'] = null;
  for (let index = 0; index < questions; index++) {
    question = { name: reader.name(), type: reader.uint16() };
    reader.skip(2);
  }
  const answers: ResourceRecord[] = [];
  for (let index = 0; index < answerCount; index++) {
    reader.name();
    const type = reader.uint16();
    reader.skip(2);
    const ttl = reader.uint32();
    const size = reader.uint16();
    answers.push({ type, ttl, start: reader.offset, end: reader.offset + size });
    reader.skip(size);
  }
  return { id, code: flags & 0xf, isTruncated: (flags & TRUNCATED) !== 0, question, answers };
}

/** Reads from `offset` on; everything that would leave the message throws a RangeError. */
export class PacketReader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  offset: number;

  constructor(bytes: Uint8Array, offset: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.offset = offset;
  }

  uint8(): number {
    return this.#view.getUint8(this.#advance(1));
  }

  uint16(): number {
    return this.#view.getUint16(this.#advance(2));
  }

  uint32(): number {
    return this.#view.getUint32(this.#advance(4));
  }

  skip(sizeBytes: number): void {
    this.#advance(sizeBytes);
  }

  take(sizeBytes: number): Uint8Array {
    const start = this.#advance(sizeBytes);
    return this.#bytes.slice(start, start + sizeBytes);
  }

  /** A string with its length before it. */
  text(): string {
    return new TextDecoder().decode(this.take(this.uint8()));
  }

  /** A domain name, without the last dot; parts of it may lie elsewhere in the message. */
  name(): string {
    const labels: string[] = [];
    let after: number | null = null;
    for (let jumps = 0; ;) {
      const length = this.uint8();
      if (length === 0) break;
      if ((length & 0xc0) === 0xc0) {
        if (++jumps > MAX_JUMPS) throw new RangeError('a name points to itself');
        const target = ((length & 0x3f) << 8) | this.uint8();
        after ??= this.offset;
        this.offset = target;
      } else if (length > MAX_LABEL_BYTES) throw new RangeError('unknown kind of label');
      else labels.push(new TextDecoder().decode(this.take(length)));
    }
    if (after !== null) this.offset = after;
    return labels.join('.');
  }

  #advance(sizeBytes: number): number {
    const start = this.offset;
    if (start + sizeBytes > this.#bytes.length) throw new RangeError('the message ends early');
    this.offset = start + sizeBytes;
    return start;
  }
}
