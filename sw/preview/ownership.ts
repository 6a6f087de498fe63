// Which requests of a port origin belong to the user's server. Runs in the preview service worker.
import { RESERVED_PREFIX } from '../../preview-origin/shared/messages.ts';

type Asked = Pick<Request, 'url' | 'cache' | 'mode'>;

/** Why the browser handles a request itself; null when the kernel answers it. */
export function reasonNotOurs(request: Asked, ownOrigin: string): string | null {
  const url = new URL(request.url);
  if (url.origin !== ownOrigin) return 'another origin';
  if (url.pathname.startsWith(RESERVED_PREFIX)) return 'a page or asset of the preview host';
  // Devtools asks for sources this way; answering with anything but a cache hit is an error by the Fetch standard.
  if (request.cache === 'only-if-cached' && request.mode !== 'same-origin') return 'only the HTTP cache may answer';
  return null;
}
