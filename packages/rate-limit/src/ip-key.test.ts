import { describe, expect, it } from 'vitest';
import { ipKey } from './index.ts';

describe('ipKey', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['::ffff:192.0.2.7', '192.0.2.7'],
    ['::FFFF:c000:207', '192.0.2.7'],
    ['0:0:0:0:0:ffff:192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:DB8:1:2::', '2001:db8:1:2::/64'],
    ['2001:0db8:0001:0002:ffff::1%eth0', '2001:db8:1:2::/64'],
    ['::1', '0:0:0:0::/64'],
    ['unknown', 'unknown'],
    ['1:2:3', '1:2:3'],
    [':::', ':::'],
    ['1::2::3', '1::2::3'],
    ['::192.0.2.999', '::192.0.2.999'],
    ['', ''],
  ])('%s becomes %s', (ip, key) => {
    expect(ipKey(ip)).toBe(key);
  });

  it('cuts at any prefix', () => {
    expect(ipKey('2001:db8:1:2ff:3:4:5:6', 56)).toBe('2001:db8:1:200::/56');
    expect(ipKey('2001:db8:1:2:3:4:5:6', 48)).toBe('2001:db8:1::/48');
    expect(ipKey('2001:db8::6', 128)).toBe('2001:db8:0:0:0:0:0:6/128');
    expect(() => ipKey('::1', 0)).toThrow('v6Prefix: expected an integer from 1 to 128, got 0');
  });

  it('passes a megabyte of colons through in no time worth naming', () => {
    const hostile = ':'.repeat(1_000_000);
    expect(ipKey(hostile)).toBe(hostile);
  });
});
