// Addresses as text and numbers. Runs in Node.
import { describe, expect, it } from 'vitest';
import { formatIpv6, parseIpv4, parseIpv6 } from './ip-address.ts';

describe('parseIpv4', () => {
  it('takes dotted decimals only', () => {
    expect(parseIpv4('127.0.0.1')).toEqual([127, 0, 0, 1]);
    for (const text of ['256.0.0.1', '1.2.3', '01.2.3.4', 'a.b.c.d', '::1']) expect(parseIpv4(text)).toBeNull();
  });
});

describe('parseIpv6', () => {
  it('expands what the double colon leaves out', () => {
    expect(parseIpv6('::1')).toEqual([0, 0, 0, 0, 0, 0, 0, 1]);
    expect(parseIpv6('fe80::1%eth0')).toEqual([0xfe80, 0, 0, 0, 0, 0, 0, 1]);
    expect(parseIpv6('::ffff:1.2.3.4')).toEqual([0, 0, 0, 0, 0, 0xffff, 0x0102, 0x0304]);
  });

  it('refuses what is no address', () => {
    for (const text of ['1:2:3', '1::2::3', '1:2:3:4:5:6:7:8:9', 'g::1', '1.2.3.4', '']) expect(parseIpv6(text)).toBeNull();
  });
});

describe('formatIpv6', () => {
  it.each(['::', '::1', '1::', 'fe80::1:0:0:1', '1:2:3:4:5:6:7:8', '::ffff:127.0.0.1'])('writes %s in its shortest form', (text) => {
    expect(formatIpv6(parseIpv6(text) ?? [])).toBe(text);
  });
});
