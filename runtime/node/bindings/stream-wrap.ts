// The `stream_wrap` binding: the state array that all streams report through. Runs in the process worker.
import type { BindingFactory } from '../realm.ts';
import { StreamHandle } from './stream-base/stream-handle.ts';

export const streamWrap: BindingFactory = (realm, binding) => {
  (binding['streamBaseState'] as Int32Array).fill(0);
  binding['LibuvStreamWrap'] = class extends StreamHandle {
    static override readonly name = 'LibuvStreamWrap';
    constructor() {
      super(realm);
    }
  };
};
