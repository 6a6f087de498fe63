// The injected scripts as text: built from preview-origin/injected by this folder's vite.config.ts. Runs in the preview service worker.
import { pageScript, workerScript } from 'virtual:injected';
import type { InjectedConfig } from '../../preview-origin/shared/messages.ts';

/** One inline script element; `currentScript.remove()` is its last act, so a page's own DOM is as it wrote it. */
export function pageMarkup(config: InjectedConfig, nonce: string): string {
  const source = `((VERKLET_CONFIG)=>{${pageScript}})(${inlineJson(config)});document.currentScript.remove()`;
  return `<script nonce="${nonce}">${inlineSafe(source)}</script>`;
}

/** For the first line of a worker script. */
export function workerSource(): string {
  return `(()=>{${workerScript.trim()}})();`;
}

export function createNonce(): string {
  return btoa(String.fromCharCode(...crypto.getRandomValues(new Uint8Array(16))));
}

/** JSON that is also a JavaScript literal in ASCII, whatever the page's encoding. */
function inlineJson(value: unknown): string {
  return JSON.stringify(value).replace(/[^\x20-\x7e]|</g, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}

/** Nothing in an inline script may end it or start a comment (HTML standard, section 4.12.1.3). */
function inlineSafe(source: string): string {
  return source.replace(/<(?=\/script|!--|script)/gi, String.raw`\x3c`);
}
