// Where previews live: the server wrote it into the page.

export function previewHost(): string {
  const content = document.querySelector<HTMLMetaElement>('meta[name="verklet-preview-host"]')?.content ?? '';
  return content === '' ? `preview.${location.host}` : content;
}
