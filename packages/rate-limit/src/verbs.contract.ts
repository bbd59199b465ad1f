import { describe, expect, it } from 'vitest';
import { admitted, MINUTE, type Subject } from './subject.contract.ts';

/** What every limiter can do beside `consume`. */
export function verbsContract(name: string, setUp: () => Subject): void {
  describe(`${name}: the other verbs`, () => {
    it('peeks without charging', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE } });
      expect(await limiter.peek('a')).toMatchObject({ allowed: true, remaining: 2, resetMs: 0, retryAfterMs: 0 });
      await limiter.consume('a');
      await limiter.consume('a');
      expect(await limiter.peek('a')).toMatchObject({
        allowed: false,
        remaining: 0,
        resetMs: MINUTE,
        retryAfterMs: MINUTE,
      });
      expect(await limiter.peek('a')).toMatchObject({ allowed: false });
    });

    it.each(['sliding', 'gcra', 'fixed'] as const)('%s refunds never more than was charged', async (algorithm) => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { name: `refund-${algorithm}`, limit: 3, windowMs: MINUTE, algorithm } });
      await admitted(limiter, 'a', 2);
      advance(1);
      await limiter.consume('a');
      expect((await limiter.consume('a')).allowed).toBe(false);

      await limiter.refund('a');
      expect(await admitted(limiter, 'a', 3)).toBe(1);

      await limiter.refund('a', 100);
      expect(await admitted(limiter, 'a', 10)).toBe(3);
      await limiter.refund('nobody', 2);
      expect(await admitted(limiter, 'nobody', 10)).toBe(3);
    });

    it('keeps the older unit when the newer one is refunded', async () => {
      const { create, advance } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE } });
      await limiter.consume('a');
      advance(30_000);
      await limiter.consume('a');

      await limiter.refund('a');

      expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 0, resetMs: 30_000 });
    });

    it('resets a key', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE } });
      await admitted(limiter, 'a', 3);

      await limiter.reset('a');

      expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 1 });
    });

    it.each(['sliding', 'gcra', 'fixed'] as const)(
      '%s blocks a key for a while, whatever was used',
      async (algorithm) => {
        const { create, advance } = setUp();
        const limiter = await create({ rules: { name: `block-${algorithm}`, limit: 3, windowMs: MINUTE, algorithm } });
        await limiter.consume('a');
        await limiter.block('a', 2 * MINUTE);
        await limiter.block('b', MINUTE / 2);

        expect(await limiter.consume('a')).toMatchObject({
          allowed: false,
          remaining: 0,
          retryAfterMs: 2 * MINUTE,
        });
        expect(await limiter.peek('b')).toMatchObject({ allowed: false, retryAfterMs: MINUTE / 2 });
        advance(MINUTE / 2);
        expect(await admitted(limiter, 'b', 5)).toBe(3);
        advance(MINUTE * 1.5);
        expect(await admitted(limiter, 'a', 5)).toBe(3);
      },
    );

    it('lifts a block', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 3, windowMs: MINUTE } });
      await limiter.consume('a');
      await limiter.block('a', MINUTE);
      expect((await limiter.consume('a')).allowed).toBe(false);

      await limiter.block('a', 0);

      expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 1 });
    });

    it('follows a limit that is raised and lowered at run time', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 3, windowMs: MINUTE } });
      expect(await admitted(limiter, 'a', 5)).toBe(3);

      limiter.update({ limit: 5, windowMs: MINUTE });
      expect(limiter.rules).toMatchObject([{ name: 'default', limit: 5 }]);
      expect(await admitted(limiter, 'a', 5)).toBe(2);

      limiter.update({ limit: 2, windowMs: MINUTE });
      expect(await limiter.consume('a')).toMatchObject({ allowed: false, limit: 2, remaining: 0 });
    });

    it('keeps the log across the bound between exact and sliced counting', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 4_000, windowMs: MINUTE } });
      await limiter.consume('a', { cost: 4_000 });

      limiter.update({ limit: 5_000, windowMs: MINUTE });

      expect(await limiter.consume('a', { cost: 1_000 })).toMatchObject({ allowed: true, remaining: 0 });
      expect((await limiter.consume('a')).allowed).toBe(false);
    });

    it('takes other limits for one check', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 2, windowMs: MINUTE } });
      expect(await limiter.consume('a', { limits: { default: 5 } })).toMatchObject({
        allowed: true,
        limit: 5,
        remaining: 4,
      });
      await limiter.consume('a');
      expect((await limiter.consume('a')).allowed).toBe(false);
      expect((await limiter.consume('a', { limits: { default: 5 } })).allowed).toBe(true);
    });

    it('only watches in shadow mode', async () => {
      const { create } = setUp();
      const events: object[] = [];
      const limiter = await create({
        rules: { limit: 1, windowMs: MINUTE },
        shadow: true,
        onEvent: (event) => events.push(event),
      });

      expect(await admitted(limiter, 'a', 3)).toBe(3);

      expect((await limiter.consume('a')).retryAfterMs).toBe(0);
      expect(limiter.stats()).toMatchObject({ allowed: 4, denied: 0, shadowed: 3 });
      expect(events.filter((event) => 'shadow' in event && event.shadow === true)).toHaveLength(3);
    });

    it('rejects bad input with an error that names it', async () => {
      const { create } = setUp();
      const limiter = await create({ rules: { limit: 1, windowMs: MINUTE } });
      await expect(limiter.consume('a', { cost: 0 })).rejects.toThrow(
        'cost: expected an integer from 1 to 1000000000000, got 0',
      );
      await expect(limiter.consume('a', { cost: 1.5 })).rejects.toThrow(RangeError);
      await expect(limiter.consume(7 as unknown as string)).rejects.toThrow('key: expected a string, got 7');
      await expect(limiter.consume('a', { limits: { nosuch: 1 } })).rejects.toThrow('nosuch');
      await expect(limiter.block('a', -1)).rejects.toThrow(RangeError);
      expect(await limiter.consume('a', { cost: undefined, limits: undefined })).toMatchObject({ allowed: true });
    });
  });
}
