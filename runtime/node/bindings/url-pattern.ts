// The `url_pattern` binding: the platform's URLPattern where it has one. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { unsupported } from './buffer/node-error.ts';

const NativePattern = (globalThis as { URLPattern?: new (...args: unknown[]) => object }).URLPattern;

export const urlPattern: BindingFactory = (realm, binding) => {
  binding['URLPattern'] =
    NativePattern ??
    function URLPattern() {
      throw unsupported(realm, 'URLPattern');
    };
};
