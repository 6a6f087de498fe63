// Jobs about prime numbers. Runs in the process worker.
import type { Realm } from '../../realm.ts';
import { nodeError } from '../buffer/node-error.ts';
import { bytesOf } from './bytes.ts';
import type { Operation } from './job-class.ts';
import { jobError } from './openssl/errors.ts';
import { bignumBytes, openssl, scoped } from './openssl/library.ts';

export function primeJobs(realm: Realm): Record<string, Operation> {
  const copy = (value: unknown): Uint8Array | undefined => (value === undefined ? undefined : new Uint8Array(bytesOf(realm, value)));
  return {
    RandomPrimeJob: (bits: number, isSafe: boolean, add: unknown, remainder: unknown) => {
      const [step, rest] = [copy(add), copy(remainder)];
      checkSteps(bits, step, rest);
      return () =>
        scoped((scope) => {
          const api = openssl();
          const prime = scope.own(api.BN_new(), (at) => api.BN_clear_free(at));
          const [stepAt, restAt] = [step, rest].map((bytes) => (bytes === undefined ? 0 : scope.bignum(bytes)));
          if (api.BN_generate_prime_ex(prime, bits, isSafe ? 1 : 0, stepAt ?? 0, restAt ?? 0, 0) !== 1) throw jobError();
          return bignumBytes(scope, prime, Math.ceil(bits / 8)).buffer;
        });
    },
    CheckPrimeJob: (candidate: unknown, _checks: number) => {
      const bytes = copy(candidate) ?? new Uint8Array();
      return () =>
        scoped((scope) => {
          const result = openssl().BN_check_prime(scope.bignum(bytes), 0, 0);
          if (result < 0) throw jobError();
          return result === 1;
        });
    },
  };
}

/** A remainder outside its step can be met by no number: OpenSSL would look for ever. */
function checkSteps(bits: number, step: Uint8Array | undefined, rest: Uint8Array | undefined): void {
  if (step === undefined) return;
  scoped((scope) => {
    const api = openssl();
    const stepAt = scope.bignum(step);
    if (api.BN_num_bits(stepAt) > bits) throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', 'invalid options.add');
    if (rest !== undefined && api.BN_cmp(stepAt, scope.bignum(rest)) <= 0)
      throw nodeError(RangeError, 'ERR_OUT_OF_RANGE', 'invalid options.rem');
  });
}
