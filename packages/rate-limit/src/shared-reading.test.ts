import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createRateLimiter as createOnPlatformClock } from './index.ts';

const WINDOW_MS = 1_000;

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
  vi.resetModules();
});

/** A limiter for which the platform's clock moves a little before each check, and never by itself. */
async function heldClock() {
  let nowMs = 5_000;
  let readings = 0;
  vi.spyOn(performance, 'now').mockImplementation(() => {
    readings++;
    return nowMs;
  });
  vi.resetModules();
  const { createRateLimiter } = await import('./index.ts'); // takes the clock that it finds for the platform's
  return { createRateLimiter, now: () => nowMs, advance: (ms: number) => (nowMs += ms), readings: () => readings };
}

describe('checks that share a reading of the clock', () => {
  it('reads the clock once for many checks that come thick and fast', async () => {
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    const limiter = createRateLimiter({ rules: { limit: 5, windowMs: WINDOW_MS } });
    for (let check = 0; check < 1_000; check++) {
      clock.advance(0.000_5);
      await limiter.consume('a');
    }
    expect(clock.readings()).toBeLessThan(200);
  });

  it('reads it for each check that comes after a pause', async () => {
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    const limiter = createRateLimiter({ rules: { limit: 5, windowMs: WINDOW_MS } });
    for (let check = 0; check < 1_000; check++) {
      clock.advance(0.01);
      await limiter.consume('a');
    }
    expect(clock.readings()).toBeGreaterThanOrEqual(1_000);
  });

  it('knows the time again in the next turn', async () => {
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    const limiter = createRateLimiter({ rules: { limit: 50, windowMs: WINDOW_MS } });
    for (let check = 0; check < 60; check++) await limiter.consume('a');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(WINDOW_MS);
    expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 49 });
  });

  it('dates what it counted after the work that came between two checks', async () => {
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    const limiter = createRateLimiter({ rules: { limit: 20, windowMs: 100 } });
    for (let check = 0; check < 10; check++) await limiter.consume('a');
    clock.advance(50);
    for (let check = 0; check < 5; check++) await limiter.consume('a');
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(50.5);
    // The five still count, and with them what shared their reading: late rather than early.
    expect((await limiter.consume('a')).remaining).toBeLessThanOrEqual(20 - 5 - 1);
    clock.advance(50);
    expect((await limiter.consume('a')).remaining).toBe(18);
  });

  it('never admits more than the limit in any window, however the time goes on between checks and turns', async () => {
    const close = fc.record({ ms: fc.double({ min: 0, max: 0.004, noNaN: true }), turn: fc.constant(false) });
    const pause = fc.record({ ms: fc.double({ min: 0, max: 15, noNaN: true }), turn: fc.boolean() });
    const steps = fc.array(fc.oneof({ weight: 20, arbitrary: close }, { weight: 1, arbitrary: pause }), {
      minLength: 200,
      maxLength: 500,
    });
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    await fc.assert(
      fc.asyncProperty(steps, fc.integer({ min: 1, max: 100 }), async (moves, limit) => {
        const windowMs = 20;
        const limiter = createRateLimiter({ rules: { limit, windowMs } });
        const admitted: number[] = [];
        for (const { ms, turn } of moves) {
          if (turn) await new Promise((resolve) => setImmediate(resolve));
          clock.advance(ms);
          if ((await limiter.consume('a')).allowed) admitted.push(clock.now());
        }
        for (let index = limit; index < admitted.length; index++) {
          expect(admitted[index]! - admitted[index - limit]!).toBeGreaterThanOrEqual(windowMs - 1e-9);
        }
      }),
      { numRuns: 100 },
    );
  });
});

it('knows the time of fake timers, which a test moves within a turn', async () => {
  vi.useFakeTimers();
  const limiter = createOnPlatformClock({ rules: { limit: 50, windowMs: WINDOW_MS } });
  for (let check = 0; check < 60; check++) await limiter.consume('a');
  vi.advanceTimersByTime(WINDOW_MS);

  expect(await limiter.consume('a')).toMatchObject({ allowed: true, remaining: 49 });
});

describe('denials that are equal', () => {
  it('are one frozen object, each of them counted', async () => {
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    const limiter = createRateLimiter({ rules: { limit: 1, windowMs: WINDOW_MS } });
    for (let check = 0; check < 11; check++) await limiter.consume('a');

    const [one, other] = [await limiter.consume('a'), await limiter.consume('a')];
    expect(other).toBe(one);
    expect(Object.isFrozen(one)).toBe(true);
    expect(limiter.stats()).toMatchObject({ allowed: 1, denied: 12, local: 13 });

    clock.advance(1.5);
    expect(await limiter.consume('b')).toMatchObject({ allowed: true });
    expect(await limiter.consume('a')).toMatchObject({ allowed: false, retryAfterMs: WINDOW_MS - 1 });
  });

  it('end with a reset, a refund or other rules', async () => {
    const clock = await heldClock();
    const { createRateLimiter } = clock;
    const limiter = createRateLimiter({ rules: { limit: 1, windowMs: WINDOW_MS } });
    const denyOften = async () => {
      for (let check = 0; check < 5; check++) await limiter.consume('a');
      expect((await limiter.consume('a')).allowed).toBe(false);
    };
    await denyOften();
    await limiter.refund('a');
    expect((await limiter.consume('a')).allowed).toBe(true);
    await denyOften();
    await limiter.reset('a');
    expect((await limiter.consume('a')).allowed).toBe(true);
    await denyOften();
    limiter.update({ limit: 2, windowMs: WINDOW_MS });
    expect((await limiter.consume('a')).allowed).toBe(true);
    expect(clock.now()).toBe(5_000);
  });

  it('are told one by one to who listens', async () => {
    const { createRateLimiter } = await heldClock();
    const events: object[] = [];
    const limiter = createRateLimiter({
      rules: { limit: 1, windowMs: WINDOW_MS },
      onEvent: (event) => events.push(event),
    });
    for (let check = 0; check < 6; check++) await limiter.consume('a');
    expect(events).toHaveLength(5);
  });
});
