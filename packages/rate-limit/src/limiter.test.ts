import { fakeClock } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createRateLimiter } from './index.ts';
import { limiterContract } from './limiter.contract.ts';

limiterContract('in process', () => {
  const clock = fakeClock();
  return {
    create: async (options) => createRateLimiter({ ...options, now: clock.now }),
    advance: (ms) => clock.advance(ms),
  };
});

describe('in process', () => {
  it('says where a decision came from, and is shared with nobody', async () => {
    const limiter = createRateLimiter({ rules: { limit: 1, windowMs: 1_000 } });
    await limiter.ready();

    expect((await limiter.consume('a')).source).toBe('local');
    expect(limiter.state).toBe('shared');
  });

  it('refuses a new key while all places are in use, and never forgets a live one', async () => {
    const clock = fakeClock();
    const events: object[] = [];
    const limiter = createRateLimiter({
      rules: { limit: 1, windowMs: 1_000 },
      maxKeys: 100,
      now: clock.now,
      onEvent: (event) => events.push(event),
    });
    for (let index = 0; index < 100; index++) await limiter.consume(`old-${index}`);

    expect(await limiter.consume('new')).toMatchObject({ allowed: false, retryAfterMs: 1_000 });
    expect(await limiter.consume('old-7')).toMatchObject({ allowed: false });
    expect(events).toContainEqual({ type: 'keys-full', maxKeys: 100 });
    expect(limiter.stats()).toMatchObject({ keys: 100, refusedKeys: 1 });

    clock.advance(1_000);
    expect(await limiter.consume('new')).toMatchObject({ allowed: true });
  });

  it('holds no more keys than are live, however many came by', async () => {
    const clock = fakeClock();
    const limiter = createRateLimiter({ rules: { limit: 1, windowMs: 100 }, now: clock.now });
    for (let index = 0; index < 20_000; index++) {
      await limiter.consume(`key-${index}`);
      clock.advance(1);
    }
    expect(limiter.stats().keys).toBeLessThan(300);
  });

  it('keeps counts under a rule that stays when another comes', async () => {
    const limiter = createRateLimiter({ rules: { name: 'a', limit: 2, windowMs: 60_000 }, now: () => 0 });
    await limiter.consume('k');

    limiter.update([
      { name: 'b', limit: 10, windowMs: 60_000 },
      { name: 'a', limit: 2, windowMs: 60_000 },
    ]);

    expect(await limiter.consume('k')).toMatchObject({ allowed: true, rule: 'a', remaining: 0 });
  });

  it('does not let a clock that steps back give units away', async () => {
    let nowMs = 10_000;
    const limiter = createRateLimiter({ rules: { limit: 2, windowMs: 1_000 }, now: () => nowMs });
    await limiter.consume('a');
    nowMs = 9_500;
    await limiter.consume('a');
    nowMs = 10_600;
    expect((await limiter.consume('a')).allowed).toBe(false);
  });

  it('survives a listener that throws', async () => {
    const limiter = createRateLimiter({
      rules: { limit: 1, windowMs: 1_000 },
      onEvent() {
        throw new Error('listener');
      },
    });
    await limiter.consume('a');
    expect((await limiter.consume('a')).allowed).toBe(false);
  });

  it('closes more than once, also by `await using`', async () => {
    await using limiter = createRateLimiter({ rules: { limit: 1, windowMs: 1_000 } });
    await limiter.close();
    await limiter.close();
    expect(limiter.stats().keys).toBe(0);
  });

  it('freezes stats and keeps counting', async () => {
    const limiter = createRateLimiter({ rules: { limit: 1, windowMs: 1_000 } });
    const before = limiter.stats();
    await limiter.consume('a');
    expect(Object.isFrozen(before)).toBe(true);
    expect(before.allowed).toBe(0);
    expect(limiter.stats().allowed).toBe(1);
  });
});

it('says when the excess has left, not when the oldest unit has, after a limit was raised for one check', async () => {
  const clock = fakeClock();
  const limiter = createRateLimiter({ rules: { limit: 1, windowMs: 60_000 }, now: clock.now });
  await limiter.consume('a');
  clock.advance(1);
  await limiter.consume('a', { limits: { default: 2 } });

  const decision = await limiter.consume('a');

  expect(decision).toMatchObject({ allowed: false, retryAfterMs: 60_000, resetMs: 60_000 });
  await limiter.close();
});
