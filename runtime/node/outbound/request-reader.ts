// Reads HTTP/1.1 requests out of the bytes a client writes to its socket. Pure.

const decoder = new TextDecoder('latin1');
const METHOD = /^[A-Z]{1,16} $/;
const MAX_HEAD_BYTES = 64 * 1024;

export interface OutboundRequest {
  readonly method: string;
  readonly target: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Thrown where the bytes are not HTTP/1.1: the program speaks another protocol. */
export class NotHttp extends Error {}

export class RequestReader {
  #pending = new Uint8Array(0);

  /** The requests that are complete with these bytes. */
  add(bytes: Uint8Array): OutboundRequest[] {
    const joined = new Uint8Array(this.#pending.length + bytes.length);
    joined.set(this.#pending);
    joined.set(bytes, this.#pending.length);
    this.#pending = joined;
    const requests: OutboundRequest[] = [];
    for (let request = this.#take(); request !== null; request = this.#take()) requests.push(request);
    return requests;
  }

  #take(): OutboundRequest | null {
    const text = decoder.decode(this.#pending.subarray(0, MAX_HEAD_BYTES));
    const space = text.indexOf(' ');
    if (text.length > 0 && !METHOD.test(space === -1 ? `${text.slice(0, 17)} ` : text.slice(0, space + 1))) throw new NotHttp();
    const end = text.indexOf('\r\n\r\n');
    if (end === -1) {
      if (text.length === MAX_HEAD_BYTES) throw new NotHttp();
      return null;
    }
    const [start = '', ...lines] = text.slice(0, end).split('\r\n');
    const [method = '', target = '/', version = ''] = start.split(' ');
    if (!version.startsWith('HTTP/1.')) throw new NotHttp();
    const headers = lines.map((line): [string, string] => {
      const colon = line.indexOf(':');
      return [line.slice(0, colon), line.slice(colon + 1).trim()];
    });
    const body = this.#body(end + 4, headers);
    return body === null ? null : { method, target, headers, body };
  }

  /** `null` until all of it is there; then the request's bytes are dropped. */
  #body(from: number, headers: readonly (readonly [string, string])[]): Uint8Array<ArrayBuffer> | null {
    const valueOf = (name: string): string | undefined => headers.find(([key]) => key.toLowerCase() === name)?.[1];
    if (valueOf('transfer-encoding')?.toLowerCase().includes('chunked') === true) return this.#chunked(from);
    const end = from + Number(valueOf('content-length') ?? 0);
    if (this.#pending.length < end) return null;
    const body = this.#pending.slice(from, end);
    this.#pending = this.#pending.slice(end);
    return body;
  }

  #chunked(from: number): Uint8Array<ArrayBuffer> | null {
    const parts: Uint8Array[] = [];
    for (let at = from; ;) {
      const line = decoder.decode(this.#pending.subarray(at, at + 32));
      const end = line.indexOf('\r\n');
      if (end === -1) return null;
      const size = Number.parseInt(line.slice(0, end), 16);
      const start = at + end + 2;
      if (this.#pending.length < start + size + 2) return null;
      if (size === 0) {
        this.#pending = this.#pending.slice(start + 2);
        return joined(parts);
      }
      parts.push(this.#pending.subarray(start, start + size));
      at = start + size + 2;
    }
  }
}

function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
