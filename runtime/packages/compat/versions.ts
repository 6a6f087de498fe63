// Chooses the version of a stand-in. Pure; any worker.
import compare from 'semver/functions/compare.js';
import maxSatisfying from 'semver/ranges/max-satisfying.js';
import prerelease from 'semver/functions/prerelease.js';

/**
 * `same`: the host's version, else none. `nearest`: the newest that is not newer than the host, else the oldest. `latest`: the
 * newest. Anything else is a range.
 */
export function chooseVersion(available: readonly string[], wanted: string, hostVersion: string): string | null {
  if (available.includes(hostVersion) && (wanted === 'same' || wanted === 'nearest')) return hostVersion;
  if (wanted === 'same') return null;
  if (wanted !== 'nearest' && wanted !== 'latest') return maxSatisfying([...available], wanted);
  const sorted = available.filter((version) => prerelease(version) === null).toSorted(compare);
  if (wanted === 'latest') return sorted.at(-1) ?? null;
  return sorted.findLast((version) => compare(version, hostVersion) <= 0) ?? sorted[0] ?? null;
}
