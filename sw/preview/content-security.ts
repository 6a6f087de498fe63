// Adapts the Content-Security-Policy of a user's page: the injected script must run, and the app must be able to frame it.
// Nothing else is loosened. Runs in the preview service worker.

interface PolicyOptions {
  readonly nonce: string | null;
  readonly isSecure: boolean;
}

/** Rewrites a header that may hold several policies; empty when nothing is left of it. */
export function previewPolicy(header: string, options: PolicyOptions): string {
  return header
    .split(',')
    .map((policy) => rewrite(policy, options))
    .filter((policy) => policy !== '')
    .join(', ');
}

function rewrite(policy: string, { nonce, isSecure }: PolicyOptions): string {
  const directives = new Map<string, string[]>();
  for (const part of policy.split(';')) {
    const [name = '', ...values] = part.trim().split(/\s+/);
    // The first of a name counts (CSP 3, section 2.2.1).
    if (name !== '' && !directives.has(name.toLowerCase())) directives.set(name.toLowerCase(), values);
  }
  directives.delete('frame-ancestors');
  if (!isSecure) directives.delete('upgrade-insecure-requests');
  if (nonce !== null) allowNonce(directives, nonce);
  return [...directives].map(([name, values]) => [name, ...values].join(' ')).join('; ');
}

function allowNonce(directives: Map<string, string[]>, nonce: string): void {
  const effective = directives.get('script-src-elem') ?? directives.get('script-src') ?? directives.get('default-src');
  if (effective === undefined || allowsInline(effective)) return;
  const others = effective.filter((value) => value.toLowerCase() !== "'none'");
  directives.set('script-src-elem', [...others, `'nonce-${nonce}'`]);
}

/** `'unsafe-inline'` counts only where there is no nonce, hash or strict-dynamic; adding a nonce there would switch it off. */
function allowsInline(values: readonly string[]): boolean {
  const lower = values.map((value) => value.toLowerCase());
  return lower.includes("'unsafe-inline'") && !lower.some((value) => /^'(?:nonce-|sha(?:256|384|512)-|strict-dynamic')/.test(value));
}
