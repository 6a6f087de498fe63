// OpenSSL's error queue as errors of Node: text, library, reason, code and the rest of the queue. Runs in the process worker.
import { nodeError } from '../../buffer/node-error.ts';
import { openssl, opensslMemory } from './library.ts';

/** Names of libraries in codes, by number; the others have none. Table. */
const LIBRARIES: Readonly<Record<number, string>> = {
  2: 'SYS',
  3: 'BN',
  4: 'RSA',
  5: 'DH',
  6: 'EVP',
  7: 'BUF',
  8: 'OBJ',
  9: 'PEM',
  10: 'DSA',
  11: 'X509',
  13: 'ASN1',
  14: 'CONF',
  15: 'CRYPTO',
  16: 'EC',
  20: 'SSL',
  32: 'BIO',
  33: 'PKCS7',
  34: 'X509V3',
  35: 'PKCS12',
  36: 'RAND',
  37: 'DSO',
  38: 'ENGINE',
  39: 'OCSP',
  40: 'UI',
  41: 'COMP',
  42: 'ECDSA',
  43: 'ECDH',
  44: 'OSSL_STORE',
  45: 'FIPS',
  46: 'CMS',
  47: 'TS',
  48: 'HMAC',
  50: 'CT',
  51: 'ASYNC',
  52: 'KDF',
  53: 'SM2',
};

const LIBRARY_SHIFT = 23;
const LIBRARY_MASK = 0xff;
const REASON_MASK = 0x7f_ffff;
const TEXT_BYTES = 256;

/** The oldest error, taken out of the queue; 0 when there is none. */
export function takeError(): number {
  return openssl().ERR_get_error();
}

export function libraryOf(error: number): number {
  return (error >>> LIBRARY_SHIFT) & LIBRARY_MASK;
}

export function reasonOf(error: number): number {
  return error & REASON_MASK;
}

export function errorText(error: number): string {
  const api = openssl();
  const at = api.malloc(TEXT_BYTES);
  api.ERR_error_string_n(error, at, TEXT_BYTES);
  const text = opensslMemory().text(at);
  api.free(at);
  return text;
}

/** An error of Node for one of OpenSSL; 0 is no error of OpenSSL's, and only the text remains. */
export function opensslError(error: number, message?: string): Error {
  const made = new Error(error === 0 && message !== undefined ? message : errorText(error));
  const stack = drain();
  if (stack.length > 0) Object.assign(made, { opensslErrorStack: stack });
  if (error === 0) return made;
  const api = openssl();
  const library = opensslMemory().text(api.ERR_lib_error_string(error));
  const reason = opensslMemory().text(api.ERR_reason_error_string(error));
  if (library !== '') Object.assign(made, { library });
  if (reason !== '') Object.assign(made, { reason, code: codeOf(error, reason) });
  return made;
}

/** For what failed in a job: Node gives its text and queue, no code. */
export function jobError(fallback?: Error): Error {
  const error = takeError();
  if (error === 0) return fallback ?? nodeError(Error, 'ERR_CRYPTO_OPERATION_FAILED', 'Operation failed');
  const made = new Error(errorText(error));
  const stack = drain();
  return stack.length === 0 ? made : Object.assign(made, { opensslErrorStack: stack });
}

export function operationFailed(message: string): Error {
  return nodeError(Error, 'ERR_CRYPTO_OPERATION_FAILED', message);
}

/** The queue, newest first; it is empty afterwards. */
function drain(): string[] {
  const texts: string[] = [];
  for (let error = takeError(); error !== 0; error = takeError()) texts.unshift(errorText(error));
  return texts;
}

function codeOf(error: number, reason: string): string {
  const library = LIBRARIES[libraryOf(error)];
  const prefix = library === 'SSL' ? '' : 'OSSL_';
  return `ERR_${prefix}${library === undefined ? '' : `${library}_`}${reason.toUpperCase().replaceAll(' ', '_')}`;
}
