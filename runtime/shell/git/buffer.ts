// isomorphic-git expects Node's Buffer on the global object; a tools worker has none.
import { Buffer } from 'buffer';

export function provideBuffer(): void {
  Object.assign(globalThis, { Buffer });
}
