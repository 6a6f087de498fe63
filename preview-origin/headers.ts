// The one header table: used by the server, the static export and both service workers. Runs everywhere; imports nothing.

export type HeaderSet = Readonly<Record<string, string>>;

/** The app owns no user code and loads nothing from elsewhere, so `require-corp` costs nothing and every engine knows it. */
export function appHeaders(previewSources: readonly string[]): HeaderSet {
  return {
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'Content-Security-Policy': [
      "default-src 'self'",
      "script-src 'self' 'wasm-unsafe-eval'",
      // CodeMirror and xterm place their rules in style elements.
      "style-src 'self' 'unsafe-inline'",
      "img-src 'self' data: blob:",
      "font-src 'self' data:",
      "worker-src 'self' blob:",
      `frame-src 'self' ${previewSources.join(' ')}`,
      "connect-src 'self'",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'self'",
      "frame-ancestors 'self'",
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Origin-Agent-Cluster': '?1',
  };
}

/** The runtime frame and its workers. Document-Isolation-Policy isolates it even inside a page that has no headers. */
export function frameHeaders(allowedParents: readonly string[]): HeaderSet {
  return {
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Document-Isolation-Policy': 'isolate-and-require-corp',
    'Content-Security-Policy': `frame-ancestors ${allowedParents.join(' ')}`,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Origin-Agent-Cluster': '?1',
  };
}

/**
 * The page around an HTML output. Its policy is the output's, too: scripts and styles that the output brings itself, pictures
 * and fonts in it, and nothing from anywhere else.
 */
export function outputHeaders(allowedParents: readonly string[]): HeaderSet {
  return {
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Content-Security-Policy': [
      "default-src 'none'",
      "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
      "style-src 'unsafe-inline'",
      'img-src data: blob:',
      'media-src data: blob:',
      'font-src data:',
      "connect-src 'none'",
      "frame-src 'none'",
      "worker-src 'none'",
      "object-src 'none'",
      "base-uri 'none'",
      "form-action 'none'",
      `frame-ancestors ${allowedParents.join(' ')}`,
    ].join('; '),
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
    'Origin-Agent-Cluster': '?1',
  };
}

/** The bridge: framed by the runtime frame of its workspace, which sits in an allowed parent. */
export function bridgeHeaders(ancestors: readonly string[]): HeaderSet {
  return {
    'Cross-Origin-Embedder-Policy': 'require-corp',
    'Cross-Origin-Resource-Policy': 'cross-origin',
    'Content-Security-Policy': `frame-ancestors ${ancestors.join(' ')}`,
    'Referrer-Policy': 'no-referrer',
    'X-Content-Type-Options': 'nosniff',
  };
}

/** Scripts, wasm and workers below `/__verklet/`. */
export const assetHeaders: HeaderSet = {
  'Cross-Origin-Embedder-Policy': 'require-corp',
  'Cross-Origin-Resource-Policy': 'cross-origin',
  'X-Content-Type-Options': 'nosniff',
};

/** What every relayed preview response carries, so that an isolated app may frame it. */
export const previewHeaders: HeaderSet = {
  'Cross-Origin-Embedder-Policy': 'credentialless',
  'Cross-Origin-Resource-Policy': 'cross-origin',
};

/** What a user's server may not decide: each would cut the preview off from the page that shows it. */
export const droppedPreviewHeaders: readonly string[] = [
  'cross-origin-opener-policy',
  'cross-origin-embedder-policy',
  'cross-origin-resource-policy',
  'document-isolation-policy',
  'x-frame-options',
];

/** The preview service worker controls its whole origin from a script below `/__verklet/`. */
export const serviceWorkerHeaders: HeaderSet = {
  ...assetHeaders,
  'Service-Worker-Allowed': '/',
  'Cache-Control': 'no-cache',
};

const PREVIEW_LABEL = /^(?:(\d{1,5})--)?([a-z2-7]{8,40})$/;

export interface PreviewName {
  readonly workspace: string;
  /** Absent on the workspace origin itself. */
  readonly port: number | null;
}

/** Splits `<port>--<ws>.<previewHost>` or `<ws>.<previewHost>`; null for any other host. */
export function parsePreviewHost(host: string, previewHost: string): PreviewName | null {
  if (!host.endsWith(`.${previewHost}`)) return null;
  const match = PREVIEW_LABEL.exec(host.slice(0, -previewHost.length - 1));
  if (!match) return null;
  const port = match[1] === undefined ? null : Number(match[1]);
  if (port !== null && (port < 1 || port > 65535)) return null;
  return { workspace: match[2] ?? '', port };
}
