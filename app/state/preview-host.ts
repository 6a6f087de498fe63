// What the host of the app wrote into the page: where previews live, and which package registry answers.

export function previewHost(): string {
  const content = contentOf('verklet-preview-host');
  return content === '' ? `preview.${location.host}` : content;
}

/** Nothing: the host of the app stands in front of one. */
export function registryOption(): { registryUrl?: string } {
  const content = contentOf('verklet-registry');
  return content === '' ? {} : { registryUrl: content };
}

function contentOf(name: string): string {
  return document.querySelector<HTMLMetaElement>(`meta[name="${name}"]`)?.content ?? '';
}
