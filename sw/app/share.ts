// Takes what other apps share: files are left in a cache for the page, which then opens them. App-shell service worker.

const CACHE = 'verklet-shared';
/** More is not a share but an upload. */
const MAX_FILES = 1000;

/** Answers the POST of the share target with the address that picks the files up. */
export async function takeShare(request: Request): Promise<Response> {
  const form = await request.formData();
  await caches.delete(CACHE);
  const cache = await caches.open(CACHE);
  const files = form.getAll('files').filter((value) => value instanceof File);
  for (const file of files.slice(0, MAX_FILES)) await cache.put(`/shared/${encodeURIComponent(file.name)}`, new Response(file));
  const text = ['title', 'text', 'url']
    .map((name) => form.get(name))
    .filter((value): value is string => typeof value === 'string' && value !== '');
  if (files.length === 0 && text.length > 0) await cache.put('/shared/shared.txt', new Response(text.join('\n')));
  return Response.redirect('/?shared', 303);
}
