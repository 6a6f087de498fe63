// Native packages that nothing stands in for: said at installation, before anything is written. Any worker.
import { VerkletError } from '#protocol';
import type { ProcessHost } from '../../process/host.ts';
import { ruleFor } from './table.ts';

export interface WantedPackage {
  readonly name: string;
  readonly version: string;
  /** Whether the project can do without it. */
  readonly isOptional: boolean;
}

export interface NativeNotice {
  readonly package: string;
  readonly because: string;
}

/** Packages whose commands need a server, though the rest of them works. */
export function nativeCommands(packages: readonly WantedPackage[]): NativeNotice[] {
  return noticesOf(packages, 'command');
}

/**
 * An error `ERR_NATIVE_ADDON` for the first package that cannot run in the tab; `null` where there is none. With a server session
 * at hand the kernel moves the whole command there instead, and this never returns.
 */
export async function refuseNative(host: Pick<ProcessHost, 'call'>, packages: readonly WantedPackage[]): Promise<VerkletError | null> {
  const [first] = noticesOf(
    packages.filter(({ isOptional }) => !isOptional),
    'promote',
  );
  if (first === undefined) return null;
  await host.call({ type: 'promote', signal: { code: 'native-addon', subject: first.package, because: first.because } });
  return new VerkletError('ERR_NATIVE_ADDON', { name: first.package, reason: first.because });
}

function noticesOf(packages: readonly WantedPackage[], action: 'command' | 'promote'): NativeNotice[] {
  return packages.flatMap(({ name, version }) => {
    const rule = ruleFor(name, version);
    return rule?.action === action ? [{ package: `${name}@${version}`, because: rule.because }] : [];
  });
}
