// The page around one HTML output: takes it from an allowed parent, shows it in a sandbox without an origin, tells its height.
// Runs on the workspace origin. The sandbox inherits this page's policy: no network, no frames, no forms.
import { allowedParents } from './allowed-parents.ts';

interface ShowOutput {
  readonly type: 'show-output';
  readonly html: string;
  readonly look: { readonly colorScheme?: string; readonly color?: string; readonly line?: string };
}

const parents = allowedParents(document);
/** What a colour may be written with: nothing that ends a declaration. */
const CSS_VALUE = /^[\w#%.,() /-]{1,64}$/;

let content: HTMLIFrameElement | null = null;
let sizes: MessagePort | null = null;

addEventListener('message', (event: MessageEvent<unknown>) => {
  if (event.source === parent && parents.has(event.origin) && isShowOutput(event.data)) return show(event.data, event.ports[0] ?? null);
  // From the output itself: it is hostile, and a number is all it can say.
  if (content !== null && event.source === content.contentWindow && typeof event.data === 'number') sizes?.postMessage(event.data);
});

function show({ html, look }: ShowOutput, port: MessagePort | null): void {
  sizes = port;
  // Frames of different schemes are not transparent to each other.
  document.documentElement.style.colorScheme = look.colorScheme === 'dark' ? 'dark' : 'light';
  content?.remove();
  content = document.createElement('iframe');
  content.setAttribute('sandbox', 'allow-scripts');
  content.title = 'Output';
  content.srcdoc = page(html, look);
  document.body.append(content);
}

function page(html: string, { colorScheme, color, line }: ShowOutput['look']): string {
  const safe = (value: string | undefined, otherwise: string): string => (value !== undefined && CSS_VALUE.test(value) ? value : otherwise);
  return `<!doctype html><meta charset="utf-8"><title>Output</title><style>
:root { color-scheme: ${colorScheme === 'dark' ? 'dark' : 'light'}; }
html { background: transparent; }
body { margin: 0; padding: 2px; color: ${safe(color, 'CanvasText')}; font: 14px/1.5 system-ui, sans-serif; overflow-x: auto; }
table { border-collapse: collapse; font-size: 13px; }
th, td { padding: 4px 10px; border: 1px solid ${safe(line, 'GrayText')}; text-align: right; }
th { font-weight: 600; }
pre { margin: 0; }
</style><script>(${reportSize.toString()})()</script>${html}`;
}

/** Runs inside the output. */
function reportSize(): void {
  const report = (): void => {
    const { body } = document;
    parent.postMessage(
      Math.max(body.scrollHeight, body.getBoundingClientRect().height) + (body.scrollWidth > body.clientWidth ? 16 : 0),
      '*',
    );
  };
  addEventListener('DOMContentLoaded', () => {
    new ResizeObserver(report).observe(document.body);
    report();
  });
  addEventListener('load', report);
}

function isShowOutput(data: unknown): data is ShowOutput {
  const message = data as Partial<ShowOutput> | null;
  return message?.type === 'show-output' && typeof message.html === 'string' && typeof message.look === 'object' && message.look !== null;
}
