import { describe, expect, it } from 'vitest';
import { equalStrong, equalWeak, formatEtag, isEntityTag, weaken } from './entity-tag.ts';

describe('formatEtag', () => {
  it('quotes a bare value', () => {
    expect(formatEtag('v1')).toBe('"v1"');
    expect(formatEtag('v1', true)).toBe('W/"v1"');
    expect(formatEtag('')).toBe('""');
  });

  it('passes what is an entity-tag already', () => {
    expect(formatEtag('"v1"')).toBe('"v1"');
    expect(formatEtag('W/"v1"')).toBe('W/"v1"');
    expect(formatEtag('"v1"', true)).toBe('W/"v1"');
  });

  it('takes W/ without quotes for a part of the value', () => {
    expect(formatEtag('W/v1')).toBe('"W/v1"');
  });

  it.each(['a b', 'a"b', '"a', 'a\u0000', 'a\u007f', 'é', '€', '"é"', 'a\tb', 'W/"a" '])(
    'refuses %j, which no entity-tag may hold',
    (value) => {
      expect(() => formatEtag(value)).toThrow(TypeError);
      expect(() => formatEtag(value)).toThrow(/^value: expected visible ASCII/);
    },
  );
});

describe('weaken', () => {
  it('gives the weak form, once', () => {
    expect(weaken('"a"')).toBe('W/"a"');
    expect(weaken('W/"a"')).toBe('W/"a"');
  });

  it('refuses what is no entity-tag', () => {
    expect(() => weaken('a')).toThrow('tag: expected an entity-tag, got "a"');
  });
});

describe('comparison', () => {
  // The table of RFC 9110 §8.8.3.2.
  it.each([
    { a: 'W/"1"', b: 'W/"1"', strong: false, weak: true },
    { a: 'W/"1"', b: 'W/"2"', strong: false, weak: false },
    { a: 'W/"1"', b: '"1"', strong: false, weak: true },
    { a: '"1"', b: '"1"', strong: true, weak: true },
    { a: 'w/"1"', b: '"1"', strong: false, weak: false },
    { a: 'abc', b: 'abc', strong: false, weak: false },
    { a: '"a b"', b: '"a b"', strong: false, weak: false },
  ])('of $a and $b is strong: $strong, weak: $weak', ({ a, b, strong, weak }) => {
    expect(equalStrong(a, b)).toBe(strong);
    expect(equalWeak(a, b)).toBe(weak);
    expect(equalWeak(b, a)).toBe(weak);
  });
});

describe('isEntityTag', () => {
  it.each(['"a"', 'W/"a"', '""', 'W/""', '"a,b"', '"\\"', '"é"', '"*"', '"W/"'])('accepts %s', (tag) => {
    expect(isEntityTag(tag)).toBe(true);
  });

  it.each([
    '',
    'a',
    '"',
    'W/',
    'W/"',
    '"a',
    'a"',
    '"a""',
    '"a" ',
    ' "a"',
    '"a b"',
    '"\u007f"',
    '"€"',
    'w/"a"',
    undefined,
    1,
  ])('refuses %j', (tag) => {
    expect(isEntityTag(tag)).toBe(false);
  });
});
