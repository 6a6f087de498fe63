// The `url` binding on the platform's URL parser. Runs in the process worker.
import type { BindingFactory, BindingObject } from '../realm.ts';
import { nodeError } from './buffer/node-error.ts';
import { writeComponents } from './url/components.ts';
import { domainToAscii, domainToUnicode, unicodeHost } from './url/domain.ts';
import { encodeFilePath } from './url/file-path.ts';

const NativeURL = URL;

/** Node's `updateActions`, by number. */
const SETTERS = ['protocol', 'host', 'hostname', 'port', 'username', 'password', 'pathname', 'search', 'hash', 'href'] as const;

export const url: BindingFactory = (_realm, binding) => {
  const report = reporter(binding);
  binding['parse'] = (input: string, base: string | undefined, raises: boolean): string | undefined => {
    const parsed = parse(input, base);
    if (parsed !== null) return report(parsed);
    if (raises) throw invalidUrl(input, base);
    return undefined;
  };
  binding['canParse'] = (input: string, base?: string): boolean => parse(input, base) !== null;
  binding['update'] = (href: string, action: number, value: string): string | false => {
    const setter = SETTERS[action];
    if (setter === undefined) return false;
    const target = setter === 'href' ? parse(value, undefined) : new NativeURL(href);
    if (target === null) return false;
    if (setter !== 'href') target[setter] = value;
    return report(target);
  };
  binding['format'] = format;
  binding['getOrigin'] = (href: string): string => {
    const parsed = parse(href, undefined);
    if (parsed === null) throw invalidUrl(href, undefined);
    return parsed.origin;
  };
  binding['domainToASCII'] = domainToAscii;
  binding['domainToUnicode'] = domainToUnicode;
  binding['pathToFileURL'] = (path: string, isWindows: boolean, base?: string): string => {
    const target = new NativeURL(`file://${encodeFilePath(path, isWindows)}`);
    if (base !== undefined) target.hostname = base;
    return report(target);
  };
};

function reporter(binding: BindingObject): (url: URL) => string {
  const components = (binding['urlComponents'] ??= new Uint32Array(9)) as Uint32Array;
  return (parsed) => {
    writeComponents(parsed, components);
    return parsed.href;
  };
}

function parse(input: string, base: string | undefined): URL | null {
  // `URL.parse` is newer than some engines we meet; asking first costs a parse but never an exception.
  if (!NativeURL.canParse(input, base)) return null;
  return new NativeURL(input, base);
}

function format(href: string, hasFragment: boolean, isUnicode: boolean, hasSearch: boolean, hasAuth: boolean): string {
  const target = new NativeURL(href);
  if (!hasFragment) target.hash = '';
  if (!hasSearch) target.search = '';
  if (!hasAuth) {
    target.username = '';
    target.password = '';
  }
  return isUnicode ? target.href.replace(target.hostname, () => unicodeHost(target.hostname)) : target.href;
}

function invalidUrl(input: string, base: string | undefined): Error {
  const error = nodeError(TypeError, 'ERR_INVALID_URL', 'Invalid URL');
  return Object.assign(error, { input }, base === undefined ? {} : { base });
}
