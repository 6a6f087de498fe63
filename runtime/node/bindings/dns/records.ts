// Resource records as Node's `dns` shows them. Pure; runs anywhere.
import { formatIpv6 } from '../stream-base/ip-address.ts';
import { PacketReader, type ResourceRecord, TYPES, type TypeName } from './packet.ts';

/** What a query answers: the value, and the lifetimes of addresses beside it. */
export interface RecordValues {
  readonly values: unknown[];
  readonly ttls?: number[];
}

type Read = (reader: PacketReader, record: ResourceRecord) => unknown;

const READERS: Readonly<Record<Exclude<TypeName, 'ANY'>, Read>> = {
  A: (reader) => [...reader.take(4)].join('.'),
  AAAA: (reader) => formatIpv6(Array.from({ length: 8 }, () => reader.uint16())),
  NS: (reader) => reader.name(),
  CNAME: (reader) => reader.name(),
  PTR: (reader) => reader.name(),
  SOA: (reader) => ({
    nsname: reader.name(),
    hostmaster: reader.name(),
    serial: reader.uint32(),
    refresh: reader.uint32(),
    retry: reader.uint32(),
    expire: reader.uint32(),
    minttl: reader.uint32(),
  }),
  MX: (reader) => {
    const priority = reader.uint16();
    return { exchange: reader.name(), priority };
  },
  TXT: (reader, { end }) => {
    const entries: string[] = [];
    while (reader.offset < end) entries.push(reader.text());
    return entries;
  },
  SRV: (reader) => {
    const [priority, weight, port] = [reader.uint16(), reader.uint16(), reader.uint16()];
    return { name: reader.name(), port, priority, weight };
  },
  NAPTR: (reader) => {
    const [order, preference] = [reader.uint16(), reader.uint16()];
    const [flags, service, regexp] = [reader.text(), reader.text(), reader.text()];
    return { flags, service, regexp, replacement: reader.name(), order, preference };
  },
  TLSA: (reader, { end }) => {
    const [certUsage, selector, match] = [reader.uint8(), reader.uint8(), reader.uint8()];
    return { certUsage, selector, match, data: reader.take(end - reader.offset).buffer };
  },
  CAA: (reader, { end }) => {
    const critical = reader.uint8();
    const tag = reader.text();
    return { critical, [tag]: new TextDecoder().decode(reader.take(end - reader.offset)) };
  },
};

/** How each kind looks among the answers to ANY; its order is theirs. */
const IN_ANY: ReadonlyArray<readonly [type: Exclude<TypeName, 'ANY'>, show: (value: unknown, ttl: number) => object]> = [
  ['A', (address, ttl) => ({ address, ttl })],
  ['CNAME', (value) => ({ value })],
  ['AAAA', (address, ttl) => ({ address, ttl })],
  ['MX', (value) => value as object],
  ['NS', (value) => ({ value })],
  ['TXT', (entries) => ({ entries })],
  ['SRV', (value) => value as object],
  ['PTR', (value) => ({ value })],
  ['NAPTR', (value) => value as object],
  ['SOA', (value) => value as object],
  ['TLSA', (value) => value as object],
  ['CAA', (value) => value as object],
];

/** The records of one type; for ANY, all that are known. */
export function readRecords(bytes: Uint8Array, answers: readonly ResourceRecord[], type: TypeName): RecordValues {
  if (type === 'ANY') {
    const values = IN_ANY.flatMap(([name, show]) =>
      recordsOf(answers, name).map((record) => ({ ...show(readOne(bytes, record, name), record.ttl), type: name })),
    );
    return { values };
  }
  const records = recordsOf(answers, type);
  const values = records.map((record) => readOne(bytes, record, type));
  return type === 'A' || type === 'AAAA' ? { values, ttls: records.map(({ ttl }) => ttl) } : { values };
}

function recordsOf(answers: readonly ResourceRecord[], type: TypeName): ResourceRecord[] {
  return answers.filter((record) => record.type === TYPES[type]);
}

function readOne(bytes: Uint8Array, record: ResourceRecord, type: Exclude<TypeName, 'ANY'>): unknown {
  return READERS[type](new PacketReader(bytes.subarray(0, record.end), record.start), record);
}
