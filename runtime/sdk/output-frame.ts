// A frame that shows HTML of a program: a page of the workspace's origin around a sandbox of no origin at all. Page side.
import type { OutputLook } from './api.ts';

/** An output that wants more scrolls inside its frame. */
const MAX_HEIGHT_PX = 4000;
const FIRST_HEIGHT_PX = 24;

export function createOutputFrame(origin: string, html: string, look: OutputLook): HTMLIFrameElement {
  const frame = document.createElement('iframe');
  frame.src = `${origin}/__verklet/output.html`;
  frame.title = 'Output';
  // Its own origin is the workspace's, so that it opens without a network; the content is one sandbox further in.
  frame.setAttribute('sandbox', 'allow-scripts allow-same-origin');
  frame.style.height = `${FIRST_HEIGHT_PX}px`;
  frame.addEventListener('load', () => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = ({ data }: MessageEvent<unknown>) => {
      if (typeof data === 'number' && data >= 0) frame.style.height = `${Math.min(MAX_HEIGHT_PX, Math.ceil(data))}px`;
    };
    frame.contentWindow?.postMessage({ type: 'show-output', html, look }, origin, [port2]);
  });
  return frame;
}
