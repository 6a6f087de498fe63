// Remembers target and handler of every Proxy, which `util.inspect` and `util.types.isProxy` need and a browser does not tell.

type ProxyParts = readonly [target: object | null, handler: object | null];

const parts = new WeakMap<object, ProxyParts>();

export function proxyParts(value: object): ProxyParts | undefined {
  return parts.get(value);
}

export function isProxy(value: unknown): boolean {
  return ((typeof value === 'object' && value !== null) || typeof value === 'function') && parts.has(value);
}

/** Replaces `scope.Proxy` by one that remembers. */
export function trackProxies(scope: typeof globalThis): void {
  const Native = scope.Proxy;
  const Tracked = new Native(Native, {
    construct(native, args: [object, ProxyHandler<object>], newTarget: Function) {
      const proxy = Reflect.construct(native, args, newTarget === Tracked ? native : newTarget) as object;
      parts.set(proxy, [args[0], args[1]]);
      return proxy;
    },
    get(native, key, receiver) {
      return key === 'revocable' ? revocable : Reflect.get(native, key, receiver);
    },
  });
  const revocable = (target: object, handler: ProxyHandler<object>): { proxy: object; revoke: () => void } => {
    const made = Native.revocable(target, handler);
    parts.set(made.proxy, [target, handler]);
    const revoke = (): void => {
      parts.set(made.proxy, [null, null]);
      made.revoke();
    };
    return { proxy: made.proxy, revoke };
  };
  scope.Proxy = Tracked;
}
