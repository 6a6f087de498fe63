// The `udp_wrap` binding. Datagrams do not exist in the tab yet: binding or sending says so with a coded error. Process worker.
import { VerkletError } from '#protocol';
import type { BindingFactory, Realm } from '../realm.ts';
import { EBADF } from './stream-base/errno.ts';
import { HandleWrap } from './stream-base/handle-wrap.ts';

class UdpHandle extends HandleWrap {
  get fd(): number {
    return EBADF;
  }
}

const REFUSED = ['open', 'bind', 'bind6', 'connect', 'connect6', 'send', 'send6', 'recvStart'] as const;

for (const name of REFUSED) {
  Object.defineProperty(UdpHandle.prototype, name, {
    value(this: { readonly realm: Realm }) {
      this.realm.host.reportUnsupported(`udp_wrap.UDP#${name}`);
      throw new VerkletError('ERR_UNSUPPORTED', { what: 'UDP (dgram)' });
    },
    writable: true,
    configurable: true,
  });
}

export const udp: BindingFactory = (realm, binding) => {
  binding['UDP'] = class extends UdpHandle {
    static override readonly name = 'UDP';
    constructor() {
      super(realm);
    }
  };
};
