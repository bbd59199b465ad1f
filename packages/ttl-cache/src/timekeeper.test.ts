import { afterEach, beforeEach, describe, expect, it, vi, type MockInstance } from 'vitest';
import { createTtlCache, type TtlCache } from './index.ts';

/** The clock of the runtime, coarse under load. Fake timers move `performance.now()` along with them. */
describe('without a clock of its own, a cache', () => {
  beforeEach(() => {
    vi.useFakeTimers();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const busy = (ttlMs: number) => {
    const cache = createTtlCache<number, number>({ ttlMs });
    for (let key = 0; key < 1_000; key++) cache.set(key, key);
    return cache;
  };

  it('expires on time when it is not busy', () => {
    const cache = createTtlCache<number>({ ttlMs: 50 });
    cache.set('a', 1);
    vi.advanceTimersByTime(49);
    expect(cache.get('a')).toBe(1);
    vi.advanceTimersByTime(1);
    expect(cache.get('a')).toBeUndefined();
  });

  it.each([20, 1_000, 5_000, 100_000])('expires on time under load, with a TTL of %d ms', (ttlMs) => {
    const cache = busy(ttlMs);
    vi.advanceTimersByTime(ttlMs - 1);
    for (let key = 0; key < 1_000; key++) expect(cache.get(key)).toBe(key);
    vi.advanceTimersByTime(1);
    for (let key = 0; key < 1_000; key++) expect(cache.get(key)).toBeUndefined();
    cache.close();
  });

  it('stops its quick timer when nobody uses it', () => {
    const cache = busy(100_000);
    vi.advanceTimersByTime(24);
    // Only the sweep is left: the next timer is minutes away.
    vi.advanceTimersToNextTimer();
    expect(performance.now()).toBeGreaterThan(200_000);
    cache.close();
  });

  it.each(['get', 'set'] as const)('does without readings of the clock as long as it is used: %s', (use) => {
    const cache = busy(100_000);
    cache.get(1);
    const now = vi.spyOn(performance, 'now');
    for (let step = 0; step < 20; step++) {
      vi.advanceTimersByTime(5);
      now.mockClear();
      cache[use](1, 1);
      expect(now).not.toHaveBeenCalled();
    }
    now.mockRestore();
    cache.close();
  });

  it('sees a jump of the clock that no timer announced, for lives under a second', () => {
    const now = vi.spyOn(performance, 'now');
    let nowMs = 0;
    now.mockImplementation(() => nowMs);
    const cache = busy(900);
    nowMs = 900;
    for (let key = 0; key < 1_000; key++) expect(cache.get(key)).toBeUndefined();
    now.mockRestore();
    cache.close();
  });

  describe.each([
    { ttlMs: 5_000, blockedMs: 1_000, looks: 250 },
    { ttlMs: 20_000, blockedMs: 2_000, looks: 500 },
    { ttlMs: 100_000, blockedMs: 4_000, looks: 1_000 },
  ])('with a TTL of $ttlMs ms, in an event loop that is blocked', ({ ttlMs, blockedMs, looks }) => {
    let nowMs = 0;
    let now: MockInstance;
    let cache: TtlCache<number, number>;
    beforeEach(() => {
      nowMs = 0;
      now = vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
      cache = busy(ttlMs);
    });
    afterEach(() => {
      now.mockRestore();
      cache.close();
    });
    const readAll = () => {
      for (let key = 0; key < 1_000; key++) expect(cache.get(key)).toBe(key);
    };

    it(`for ${blockedMs} ms, serves nothing late`, () => {
      nowMs = ttlMs - blockedMs;
      readAll();
      readAll();
      nowMs = ttlMs;
      for (let key = 0; key < 1_000; key++) expect(cache.get(key)).toBeUndefined();
    });

    it(`for longer, serves no more than ${looks} first reads past their time`, () => {
      nowMs = 2 * ttlMs;
      let late = 0;
      for (let key = 0; key < 1_000; key++) if (cache.get(key) !== undefined) late++;
      expect(late).toBeLessThanOrEqual(looks);
    });

    it(`nor more than ${looks} reads of entries that were read before`, () => {
      readAll();
      nowMs = 2 * ttlMs;
      let late = 0;
      for (let look = 0; look < 2_000; look++) if (cache.get(look % 1_000) !== undefined) late++;
      expect(late).toBeLessThanOrEqual(looks);
    });

    it(`nor more than ${looks} of \`getOrLoad\``, async () => {
      for (let key = 0; key < 1_000; key++) expect(await cache.getOrLoad(key, () => -1)).toBe(key);
      nowMs = 2 * ttlMs;
      let late = 0;
      for (let look = 0; look < 2_000; look++) if ((await cache.getOrLoad(7, () => -1)) === 7) late++;
      expect(late).toBeLessThanOrEqual(looks);
    });

    it(`dates no more than ${looks} writes back`, () => {
      nowMs = ttlMs / 10;
      for (let key = 0; key < looks; key++) cache.set(key, key);
      cache.set(1, 1);
      expect(cache.lookup(1).ageMs).toBe(0);
      nowMs = ttlMs / 5;
      for (let key = 1_000; key <= 1_000 + looks; key++) cache.set(key, key);
      expect(cache.lookup(1_000 + looks).ageMs).toBe(0);
    });
  });

  it('dates a write from its own time after a pause', () => {
    const cache = busy(5_000);
    vi.advanceTimersByTime(1_000);
    cache.set(1, -1);
    vi.advanceTimersByTime(4_999);
    expect(cache.get(1)).toBe(-1);
    vi.advanceTimersByTime(1);
    expect(cache.get(1)).toBeUndefined();
    cache.close();
  });

  it('does not keep the process alive', () => {
    vi.useRealTimers();
    const timers = vi.spyOn(globalThis, 'setTimeout');
    const cache = busy(100_000);
    for (const { value } of timers.mock.results) expect((value as NodeJS.Timeout).hasRef()).toBe(false);
    expect(timers).toHaveBeenCalled();
    timers.mockRestore();
    cache.close();
  });
});
