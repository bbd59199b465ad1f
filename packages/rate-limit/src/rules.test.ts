import { describe, expect, it } from 'vitest';
import { createRateLimiter, type Rule } from './index.ts';

const create = (rules: unknown, rest: object = {}) => createRateLimiter({ rules: rules as Rule, ...rest });

describe('rules', () => {
  it('names one rule `default` and several by their place', () => {
    expect(create({ limit: 1, windowMs: 1 }).rules).toEqual([
      { name: 'default', limit: 1, windowMs: 1, algorithm: 'sliding', burst: 1 },
    ]);
    expect(
      create([
        { limit: 1, windowMs: 1 },
        { name: 'x', limit: 2, windowMs: 1 },
      ]).rules.map(({ name }) => name),
    ).toEqual(['rule-1', 'x']);
  });

  it('keeps defaults where an option is undefined', () => {
    expect(
      create({ limit: 5, windowMs: 1, name: undefined, algorithm: undefined, burst: undefined }, { maxKeys: undefined })
        .rules,
    ).toMatchObject([{ name: 'default', algorithm: 'sliding' }]);
  });

  it.each([
    [[], 'rules: expected at least one rule'],
    [undefined, 'rules: expected objects, got undefined'],
    [{ limit: 0, windowMs: 1 }, 'rules[0].limit: expected an integer from 1 to 1000000000000, got 0'],
    [{ limit: 1.5, windowMs: 1 }, 'rules[0].limit'],
    [{ limit: '5', windowMs: 1 }, 'rules[0].limit: expected a number, got "5"'],
    [{ limit: 1, windowMs: Infinity }, 'rules[0].windowMs: expected an integer from 1 to 100000000000, got Infinity'],
    [{ limit: 1 }, 'rules[0].windowMs: expected a number, got undefined'],
    [{ limit: 1, windowMs: 1, algorithm: 'leaky' }, 'rules[0].algorithm: expected sliding, gcra, fixed, got "leaky"'],
    [{ limit: 1, windowMs: 1, burst: 3 }, 'rules[0].burst: only gcra has a burst'],
    [
      { limit: 1, windowMs: 1, name: 'a"b' },
      String.raw`rules[0].name: expected 1 to 64 of A-Z a-z 0-9 _ . -, got "a\"b"`,
    ],
    [
      [
        { limit: 1, windowMs: 1, name: 'x' },
        { limit: 1, windowMs: 1, name: 'x' },
      ],
      'rules: expected different names, got x, x',
    ],
  ])('refuses %j', (rules, message) => {
    expect(() => create(rules)).toThrow(message);
  });

  it('refuses a bad bound on keys', () => {
    expect(() => create({ limit: 1, windowMs: 1 }, { maxKeys: 0 })).toThrow(
      'maxKeys: expected an integer from 1 to 16777216, got 0',
    );
  });
});
