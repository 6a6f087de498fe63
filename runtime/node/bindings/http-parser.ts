// The `http_parser` binding on llhttp. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { ConnectionsList } from './http-parser/connections-list.ts';
import { HTTPParser } from './http-parser/parser.ts';

export const httpParser: BindingFactory = (realm, binding) => {
  const constants = { ...(binding['HTTPParser'] as object) };
  binding['HTTPParser'] = Object.assign(
    class extends HTTPParser {
      static override readonly name = 'HTTPParser';
      constructor() {
        super(realm);
      }
    },
    parserConstants,
    constants,
  );
  binding['ConnectionsList'] = ConnectionsList;
};

/** Static members of the class: message kinds, callback slots and lenient flags, as Node numbers them. */
const parserConstants = {
  REQUEST: 1,
  RESPONSE: 2,
  kOnMessageBegin: 0,
  kOnHeaders: 1,
  kOnHeadersComplete: 2,
  kOnBody: 3,
  kOnMessageComplete: 4,
  kOnExecute: 5,
  kOnTimeout: 6,
  kLenientNone: 0,
  kLenientHeaders: 1,
  kLenientChunkedLength: 2,
  kLenientKeepAlive: 4,
  kLenientTransferEncoding: 8,
  kLenientVersion: 16,
  kLenientDataAfterClose: 32,
  kLenientOptionalLFAfterCR: 64,
  kLenientOptionalCRLFAfterChunk: 128,
  kLenientOptionalCRBeforeLF: 256,
  kLenientSpacesAfterChunkSize: 512,
  kLenientAll: 1023,
};
