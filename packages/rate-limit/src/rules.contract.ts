import { describe, expect, it } from 'vitest';
import { admitted, MINUTE, type Subject } from './subject.contract.ts';

/** How every limiter counts, wherever it keeps its counts. */
export function rulesContract(name: string, setUp: () => Subject): void {
  describe(`${name}: sliding`, () => {
    it('admits the limit, then says exactly when the next unit is free', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE } });

      expect(await limiter.consume('a')).toMatchObject({
        allowed: true,
        limit: 2,
        remaining: 1,
        resetMs: MINUTE,
        retryAfterMs: 0,
        rule: 'default',
      });
      advance(10_000);
      expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 0, resetMs: 50_000 });
      expect(await limiter.consume('a')).toMatchObject({
        allowed: false,
        remaining: 0,
        resetMs: 50_000,
        retryAfterMs: 50_000,
      });
      advance(49_999);
      expect(await limiter.consume('a')).toMatchObject({ allowed: false, retryAfterMs: 1 });
      advance(1);
      expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 0, resetMs: 10_000 });
    });

    it('admits no more than the limit in a window that spans two clock windows', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 10, windowMs: MINUTE } });
      advance(MINUTE - 1);
      expect(await admitted(limiter, 'a', 20)).toBe(10);

      advance(2);

      expect(await admitted(limiter, 'a', 20)).toBe(0);
    });

    it('keeps keys apart, also those that look alike', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 1, windowMs: MINUTE } });
      const keys = [
        'a',
        'A',
        'a:b',
        'a b',
        '{a}',
        '',
        'ключ',
        '\u0000',
        'x'.repeat(5_000),
        `${'x'.repeat(5_000)}y`,
        '__proto__',
      ];

      const counts = await Promise.all(keys.map((key) => admitted(limiter, key, 2)));

      expect(counts).toEqual(keys.map(() => 1));
    });

    it('charges a weighted check in full or not at all', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 10, windowMs: MINUTE } });
      expect(await limiter.consume('a', { cost: 4 })).toMatchObject({ allowed: true, remaining: 6 });
      advance(1_000);
      expect(await limiter.consume('a', { cost: 4 })).toMatchObject({ allowed: true, remaining: 2 });
      advance(1_000);

      expect(await limiter.consume('a', { cost: 7 })).toMatchObject({
        allowed: false,
        remaining: 2,
        resetMs: 58_000,
        retryAfterMs: 59_000,
      });

      expect(await limiter.consume('a', { cost: 2 })).toMatchObject({ allowed: true, remaining: 0 });
    });

    it('denies for ever a cost above the limit, and charges nothing', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 3, windowMs: MINUTE } });

      expect(await limiter.consume('a', { cost: 4 })).toMatchObject({
        allowed: false,
        retryAfterMs: Infinity,
        remaining: 3,
      });

      expect(await admitted(limiter, 'a', 5)).toBe(3);
    });

    it('does not charge rejected checks', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE } });
      await admitted(limiter, 'a', 2);
      advance(MINUTE - 1);
      expect(await admitted(limiter, 'a', 50)).toBe(0);

      advance(1);

      expect(await admitted(limiter, 'a', 5)).toBe(2);
    });

    it('counts rejected checks on request, so that whoever does not stop stays out', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE }, penalizeRejected: true });
      await admitted(limiter, 'a', 2);
      advance(MINUTE / 2);
      expect(await admitted(limiter, 'a', 5)).toBe(0);
      advance(MINUTE / 2 + 1);
      expect(await admitted(limiter, 'a', 1)).toBe(0);

      advance(MINUTE + 1);

      expect(await admitted(limiter, 'a', 5)).toBe(2);
    });

    it('counts large limits in slices: never early, at most a 64th of the window late', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 10_000, windowMs: 64_000 } });
      for (let second = 0; second < 64; second++) {
        expect((await limiter.consume('a', { cost: second === 0 ? 10_000 - 63 : 1 })).allowed).toBe(true);
        advance(999);
      }
      expect(await limiter.consume('a')).toMatchObject({ allowed: false });

      advance(64_000 - 64 * 999 + 1_000);

      expect((await limiter.consume('a', { cost: 5_000 })).allowed).toBe(true);
    });
  });

  describe(`${name}: gcra and fixed`, () => {
    it('gcra spreads units evenly after the burst', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 60, windowMs: MINUTE, algorithm: 'gcra', burst: 3 } });
      expect(await admitted(limiter, 'a', 10)).toBe(3);
      expect(await limiter.consume('a')).toMatchObject({ allowed: false, retryAfterMs: 1_000, resetMs: 1_000 });
      advance(1_000);
      expect(await admitted(limiter, 'a', 10)).toBe(1);
      advance(2_500);
      expect(await admitted(limiter, 'a', 10)).toBe(2);
      expect((await limiter.consume('a', { cost: 4 })).retryAfterMs).toBe(Infinity);
    });

    it('gcra admits its whole limit where fractions of a millisecond add up', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 7, windowMs: MINUTE, algorithm: 'gcra' } });
      expect(await admitted(limiter, 'a', 20)).toBe(7);
    });

    it('fixed starts its window with the first hit', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 3, windowMs: MINUTE, algorithm: 'fixed' } });
      advance(12_345);
      expect(await admitted(limiter, 'a', 5)).toBe(3);
      advance(59_999);
      expect(await limiter.consume('a')).toMatchObject({ allowed: false, retryAfterMs: 1, resetMs: 1 });
      advance(1);
      expect(await admitted(limiter, 'a', 5)).toBe(3);
    });
  });

  describe(`${name}: several rules`, () => {
    it('charges all rules or none, and names the one that denies', async () => {
      const { create, advance } = setUp();
      const limiter = await create({
        rules: [
          { limit: 2, windowMs: 1_000 * 60 },
          { limit: 3, windowMs: 60 * MINUTE },
        ],
      });
      expect(await admitted(limiter, 'a', 5)).toBe(2);
      expect(await limiter.consume('a')).toMatchObject({ allowed: false, rule: 'rule-1', limit: 2, remaining: 0 });

      advance(MINUTE);

      expect(await limiter.consume('a')).toMatchObject({ allowed: true, rule: 'rule-2', remaining: 0 });
      expect(await limiter.consume('a')).toMatchObject({
        allowed: false,
        rule: 'rule-2',
        limit: 3,
        retryAfterMs: 59 * MINUTE,
      });
    });

    it('mixes algorithms', async () => {
      const { create } = setUp();
      const limiter = await create({
        rules: [
          { name: 'smooth', limit: 60, windowMs: MINUTE, algorithm: 'gcra', burst: 5 },
          { name: 'day', limit: 4, windowMs: 60 * MINUTE, algorithm: 'fixed' },
          { name: 'exact', limit: 100, windowMs: MINUTE },
        ],
      });
      expect(await admitted(limiter, 'a', 10)).toBe(4);
      expect(await limiter.consume('a')).toMatchObject({ allowed: false, rule: 'day' });
      expect(await limiter.peek('b')).toMatchObject({ allowed: true, remaining: 4, resetMs: 0 });
    });
  });
}
