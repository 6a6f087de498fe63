// Sends connections that leave the workspace through the browser: wraps `tls.connect` and `net.connect` of Node's library, which
// http, https and fetch all use. Runs in the process worker.
import type { LibraryFunction } from '../library.ts';
import type { BindingObject, Realm } from '../realm.ts';
import { connectThroughBrowser } from './browser-socket.ts';

const LOCAL_NAME = /^(?:.+\.)?localhost\.?$/i;
const ADDRESS = /^(?:[\d.]+|\[?[\da-f:]*:[\da-f:.]*\]?)$/i;

type Connect = (...args: unknown[]) => BindingObject;

interface ConnectOptions {
  readonly host?: string;
  readonly servername?: string;
  readonly port?: number | string;
  readonly path?: string | null;
  readonly socket?: unknown;
  readonly lookup?: unknown;
}

/** `id` is `net` or `tls`; other modules are left as they are. */
export function withOutbound(realm: Realm, id: string, compiled: LibraryFunction): LibraryFunction {
  if (id !== 'net' && id !== 'tls') return compiled;
  return (exports, require, module, ...rest) => {
    const result = compiled(exports, require, module, ...rest);
    const library = (module as { exports: Record<string, Connect> }).exports;
    for (const name of id === 'net' ? ['connect', 'createConnection'] : ['connect']) {
      const original = library[name];
      if (original !== undefined) library[name] = wrap(realm, original, name, id === 'tls');
    }
    return result;
  };
}

function wrap(realm: Realm, original: Connect, name: string, isSecure: boolean): Connect {
  const wrapped = {
    [name](this: unknown, ...args: unknown[]): BindingObject {
      const options = optionsOf(args);
      if (!leavesWorkspace(realm, options, isSecure)) return Reflect.apply(original, this, args);
      const socket = connectThroughBrowser(realm, { host: options.host ?? '', port: Number(options.port), isSecure });
      const listener = args.at(-1);
      if (typeof listener === 'function') socket['once'](isSecure ? 'secureConnect' : 'connect', listener);
      return socket;
    },
  }[name];
  if (wrapped === undefined) return original;
  return Object.defineProperty(wrapped, 'length', { value: original.length, configurable: true });
}

/** `(options)`, `(port, host)`, `(port, host, options)`, `(port, options)`. */
function optionsOf(args: readonly unknown[]): ConnectOptions {
  const [first, second, third] = args;
  if (typeof first === 'object' && first !== null) return first;
  const options = [second, third].find((one) => typeof one === 'object' && one !== null) as ConnectOptions | undefined;
  return { ...options, port: first as number, ...(typeof second === 'string' ? { host: second } : {}) };
}

/** Only names can: numeric addresses are the workspace's own, or answer as they do without a network. */
function leavesWorkspace(realm: Realm, { host, port, path, socket, lookup }: ConnectOptions, isSecure: boolean): boolean {
  if (socket !== undefined && socket !== null) return false;
  // A program that finds addresses itself means those; but TLS is the browser's alone.
  if (!isSecure && typeof lookup === 'function' && lookup !== realm.requireBuiltin('dns')['lookup']) return false;
  if (typeof path === 'string' && port === undefined) return false;
  return typeof host === 'string' && host.includes('.') && !LOCAL_NAME.test(host) && !ADDRESS.test(host) && Number(port) > 0;
}
