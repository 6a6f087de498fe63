// Markdown of notebooks: written by whoever made the file, so what it becomes is sanitised before the page has it.
import DOMPurify from 'dompurify';
import { marked } from 'marked';
import { useMemo } from 'preact/hooks';
import type { Json } from '../../state/notebook/notebook-file.ts';

const purifier = DOMPurify(window);
purifier.addHook('afterSanitizeAttributes', (element) => {
  if (element.tagName === 'IMG' && !element.hasAttribute('alt')) element.setAttribute('alt', '');
  if (element.tagName !== 'A') return;
  element.setAttribute('target', '_blank');
  element.setAttribute('rel', 'noopener noreferrer');
});

/** No scripts, styles, forms, frames or names that could be taken for the page's own. */
const ALLOWED = {
  USE_PROFILES: { html: true },
  FORBID_TAGS: ['style', 'form', 'input', 'button', 'textarea', 'select', 'dialog', 'iframe', 'object', 'embed', 'video', 'audio'],
  FORBID_ATTR: ['style', 'class', 'tabindex', 'autofocus', 'contenteditable', 'popover', 'accesskey'],
  SANITIZE_NAMED_PROPS: true,
  ALLOW_DATA_ATTR: false,
};

export function Markdown({ text, attachments }: { text: string; attachments: { readonly [name: string]: Json } | null }) {
  const html = useMemo(
    () => purifier.sanitize(marked.parse(withAttachments(text, attachments), { async: false, gfm: true }), ALLOWED),
    [text, attachments],
  );
  // oxlint-disable-next-line react/no-danger -- sanitised above; the page's policy runs no inline script either
  return <div class="markdown" dangerouslySetInnerHTML={{ __html: html }} />;
}

/** `attachment:name` stands for a picture that is stored in the cell. */
function withAttachments(text: string, attachments: { readonly [name: string]: Json } | null): string {
  if (attachments === null) return text;
  return text.replaceAll(/attachment:([^)\s"'>]+)/g, (whole, name: string) => {
    const bundle = attachments[decodeURIComponent(name)];
    const [mime, data] = Object.entries((bundle ?? {}) as Record<string, Json>)[0] ?? [];
    return typeof data === 'string' && /^image\/(?:png|jpeg|gif|webp)$/.test(mime ?? '') ? `data:${mime};base64,${data}` : whole;
  });
}
