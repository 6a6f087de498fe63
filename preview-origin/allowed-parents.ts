// Which origins may embed the runtime frame: the list the server put into the page. Runs in the runtime frame.

/** Origins from `<meta name="verklet-parents">`, separated by spaces. */
export function allowedParents(page: Document): ReadonlySet<string> {
  const content = page.querySelector<HTMLMetaElement>('meta[name="verklet-parents"]')?.content ?? '';
  return new Set(content.split(/\s+/).filter(Boolean));
}
