// One output: the richest form that can be shown. Pictures are image elements, which run nothing; HTML goes into a frame of
// another origin; everything else is text.
import Anser from 'anser';
import { useEffect, useRef } from 'preact/hooks';
import type { Runtime } from '@verklet/sdk';
import type { Json, Output } from '../../state/notebook/notebook-file.ts';
import { isDark } from '../../state/settings.ts';
import { Markdown } from './markdown.tsx';

/** Best first, as notebooks choose. */
const ORDER = [
  'text/html',
  'image/svg+xml',
  'image/png',
  'image/jpeg',
  'image/gif',
  'image/webp',
  'text/markdown',
  'application/json',
  'text/latex',
  'text/plain',
] as const;

export function OutputView({ runtime, output }: { runtime: Runtime; output: Output }) {
  switch (output.type) {
    case 'stream':
      return <AnsiText text={output.text} kind={output.name} />;
    case 'error':
      return (
        <AnsiText text={output.traceback.length > 0 ? output.traceback.join('\n') : `${output.name}: ${output.message}`} kind="error" />
      );
    case 'display':
    case 'result':
      return <Bundle runtime={runtime} data={output.data} metadata={output.metadata} />;
    default:
      return output satisfies never;
  }
}

interface BundleProps {
  readonly runtime: Runtime;
  readonly data: { readonly [mime: string]: Json };
  readonly metadata: { readonly [mime: string]: Json };
}

function Bundle({ runtime, data, metadata }: BundleProps) {
  const mime = ORDER.find((one) => data[one] !== undefined);
  if (mime === undefined) return <p class="output-note">This output has no form that can be shown: {Object.keys(data).join(', ')}.</p>;
  const value = data[mime];
  if (mime === 'application/json') return <AnsiText text={JSON.stringify(value, null, 2)} kind="plain" />;
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  if (mime === 'text/html') return <HtmlOutput runtime={runtime} html={text} />;
  if (mime === 'text/markdown') return <Markdown text={text} attachments={null} />;
  if (mime.startsWith('image/')) return <Picture mime={mime} value={text} about={metadata[mime] ?? metadata} plain={data['text/plain']} />;
  return <AnsiText text={text} kind="plain" />;
}

function Picture({ mime, value, about, plain }: { mime: string; value: string; about: Json; plain: Json | undefined }) {
  const size = about as { width?: unknown; height?: unknown; alt?: unknown } | null;
  const source =
    mime === 'image/svg+xml' ? `${mime};charset=utf-8,${encodeURIComponent(value)}` : `${mime};base64,${value.replaceAll(/\s/g, '')}`;
  return (
    <img
      class="output-picture"
      src={`data:${source}`}
      alt={typeof size?.alt === 'string' ? size.alt : typeof plain === 'string' ? plain : 'Picture'}
      {...(typeof size?.width === 'number' ? { width: size.width } : {})}
      {...(typeof size?.height === 'number' ? { height: size.height } : {})}
    />
  );
}

function HtmlOutput({ runtime, html }: { runtime: Runtime; html: string }) {
  const holder = useRef<HTMLDivElement>(null);
  const dark = isDark.value;
  useEffect(() => {
    const style = getComputedStyle(document.documentElement);
    const look = {
      colorScheme: dark ? 'dark' : 'light',
      color: style.getPropertyValue('--text').trim(),
      line: style.getPropertyValue('--line').trim(),
    } as const;
    holder.current?.replaceChildren(runtime.createOutputFrame(html, look));
  }, [html, dark]);
  return <div ref={holder} class="output-html" />;
}

/** Text with the colours that terminals know. */
function AnsiText({ text, kind }: { text: string; kind: 'stdout' | 'stderr' | 'error' | 'plain' }) {
  const parts = Anser.ansiToJson(text, { use_classes: true, remove_empty: true });
  return (
    <pre class={`output-text ${kind}`}>
      {parts.map((part, index) =>
        part.fg || part.bg || part.decorations.length > 0 ? (
          <span key={index} class={[part.fg, part.bg && `${part.bg}-bg`, ...part.decorations].filter(Boolean).join(' ')}>
            {part.content}
          </span>
        ) : (
          part.content
        ),
      )}
    </pre>
  );
}
