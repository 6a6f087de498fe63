// V8's serialization format, version 15: one-byte tags. Source: V8's value-serializer. Table.

export const FORMAT_VERSION = 15;

/** Tags as the characters that V8 names them by. */
export const TAG = {
  version: 0xff,
  padding: 0,
  verifyObjectCount: code('?'),
  hole: code('-'),
  undefined: code('_'),
  null: code('0'),
  true: code('T'),
  false: code('F'),
  int32: code('I'),
  uint32: code('U'),
  double: code('N'),
  bigint: code('Z'),
  utf8String: code('S'),
  oneByteString: code('"'),
  twoByteString: code('c'),
  reference: code('^'),
  object: code('o'),
  objectEnd: code('{'),
  sparseArray: code('a'),
  sparseArrayEnd: code('@'),
  denseArray: code('A'),
  denseArrayEnd: code('$'),
  date: code('D'),
  trueObject: code('y'),
  falseObject: code('x'),
  numberObject: code('n'),
  bigintObject: code('z'),
  stringObject: code('s'),
  regexp: code('R'),
  map: code(';'),
  mapEnd: code(':'),
  set: code("'"),
  setEnd: code(','),
  arrayBuffer: code('B'),
  resizableArrayBuffer: code('~'),
  transferredArrayBuffer: code('t'),
  arrayBufferView: code('V'),
  sharedArrayBuffer: code('u'),
  error: code('r'),
  hostObject: code('\\'),
} as const;

type ViewConstructor = new (buffer: ArrayBufferLike, offset: number, length: number) => ArrayBufferView;

/** Kinds of views by tag; one that an engine lacks is not there. */
export const VIEW_TAGS: ReadonlyMap<number, ViewConstructor> = new Map(
  Object.entries({
    b: 'Int8Array',
    B: 'Uint8Array',
    C: 'Uint8ClampedArray',
    w: 'Int16Array',
    W: 'Uint16Array',
    d: 'Int32Array',
    D: 'Uint32Array',
    h: 'Float16Array',
    f: 'Float32Array',
    F: 'Float64Array',
    q: 'BigInt64Array',
    Q: 'BigUint64Array',
    '?': 'DataView',
  }).flatMap(([tag, name]) => {
    const constructor = (globalThis as Record<string, unknown>)[name];
    return constructor === undefined ? [] : [[code(tag), constructor as ViewConstructor] as const];
  }),
);

/** Prototypes of errors by tag; without a tag it is Error itself. */
export const ERROR_TAGS: Readonly<Record<string, number>> = {
  EvalError: code('E'),
  RangeError: code('R'),
  ReferenceError: code('F'),
  SyntaxError: code('S'),
  TypeError: code('T'),
  URIError: code('U'),
};

export const ERROR_PART = { message: code('m'), cause: code('c'), stack: code('s'), end: code('.') } as const;

/** RegExp flags in the order of their bits. */
export const REGEXP_FLAGS = ['g', 'i', 'm', 'y', 'u', 's', 'l', 'd', 'v'] as const;

function code(character: string): number {
  return character.charCodeAt(0);
}
