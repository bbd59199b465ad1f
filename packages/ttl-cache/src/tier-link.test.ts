import { fakeClock, gate } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache, type CacheEvent, type Tier, type TtlCacheOptions } from './index.ts';
import { createMemoryTier } from './memory-tier.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

/** A tier in memory that can be away, and that notes the calls it gets. */
function makeTier(now: () => number) {
  const inner = createMemoryTier<string>({ now });
  const calls: string[] = [];
  const state = { away: false, hold: undefined as Promise<void> | undefined };
  const through = async <Answer>(call: string, work: () => Promise<Answer>): Promise<Answer> => {
    calls.push(call);
    if (state.away) throw new Error('away');
    const answer = work();
    await state.hold;
    return answer;
  };
  const tier: Tier<string> = {
    get: (key, request) => through(`get ${key}`, () => inner.get(key, request)),
    set: (key, entry) => through(`set ${key}`, () => inner.set(key, entry)),
    delete: (keys) => through(`delete ${keys.join(',')}`, () => inner.delete(keys)),
    clear: () => through('clear', () => inner.clear()),
  };
  return { inner, tier, calls, state };
}

function make(options: Partial<TtlCacheOptions<string>> = {}) {
  const clock = fakeClock();
  const { inner, tier, calls, state } = makeTier(clock.now);
  const events: CacheEvent<string>[] = [];
  const process = () =>
    createTtlCache<string>({ ttlMs: 1_000, now: clock.now, tier, onEvent: (event) => events.push(event), ...options });
  return { clock, inner, calls, state, events, process };
}

describe('a cache with a tier', () => {
  it('takes from the tier what another process has loaded', async () => {
    const { process } = make();
    const [one, two] = [process(), process()];
    expect(await one.getOrLoad('a', () => 'x')).toBe('x');
    expect(await two.getOrLoad('a', () => expect.unreachable())).toBe('x');
    expect(two.stats()).toMatchObject({ misses: 1, loads: 0, tierHits: 1, inFlight: 0 });
    expect(two.get('a')).toBe('x');
  });

  it('holds a value from the tier no longer than the tier does', async () => {
    const { process, clock } = make();
    const [one, two] = [process(), process()];
    await one.getOrLoad('a', () => 'x');
    clock.advance(900);
    await two.getOrLoad('a', () => expect.unreachable());
    clock.advance(100);
    expect(two.get('a')).toBeUndefined();
  });

  it('loads once over all processes, however many callers each has', async () => {
    const { process } = make();
    let loads = 0;
    const loading = gate<string>();
    const load = () => {
      loads++;
      return loading.promise;
    };
    const callers = [process(), process(), process()].flatMap((cache) =>
      Array.from({ length: 200 }, () => cache.getOrLoad('a', load)),
    );
    await tick();
    loading.open('x');
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['x']));
    expect(loads).toBe(1);
  });

  it('shares remembered absences', async () => {
    const { process } = make({ negativeTtlMs: 100 });
    const [one, two] = [process(), process()];
    await one.getOrLoad('a', () => undefined);
    expect(await two.getOrLoad('a', () => expect.unreachable())).toBeUndefined();
    expect(two.lookup('a').state).toBe('negative');
  });

  it('lets the next one load when a load fails or finds nothing', async () => {
    const { process } = make();
    const [one, two] = [process(), process()];
    const [failing, empty] = [gate<string>(), gate<string | undefined>()];
    const first = one.getOrLoad('a', () => failing.promise);
    const second = two.getOrLoad('a', () => 'x');
    const third = one.getOrLoad('b', () => empty.promise);
    const fourth = two.getOrLoad('b', () => 'y');
    await tick();
    failing.fail(new Error('down'));
    empty.open(undefined);
    await expect(first).rejects.toThrow('down');
    expect(await third).toBeUndefined();
    expect(await Promise.all([second, fourth])).toEqual(['x', 'y']);
  });

  it('writes what is set, and removes what is deleted and cleared', async () => {
    const { process } = make();
    const [one, two] = [process(), process()];
    one.set('a', 'x');
    await one.settled();
    expect(await two.getOrLoad('a', () => expect.unreachable())).toBe('x');
    one.delete('a');
    await one.settled();
    two.local.delete('a');
    expect(await two.getOrLoad('a', () => 'y')).toBe('y');
    one.clear();
    await one.settled();
    two.local.clear();
    expect(await two.getOrLoad('a', () => 'z')).toBe('z');
  });

  it('removes from the tier what is set without a life', async () => {
    const { process } = make();
    const [one, two] = [process(), process()];
    one.set('a', 'x');
    one.set('a', 'y', { ttlMs: 0 });
    await one.settled();
    expect(await two.getOrLoad('a', () => 'z')).toBe('z');
  });

  it('takes only keys that other processes know', async () => {
    const { tier } = makeTier(() => 0);
    const cache = createTtlCache<string, unknown>({ ttlMs: 10, tier });
    expect(() => cache.set({}, 'x')).toThrow('key: with a tier, expected a string or a number, got a object');
    expect(() => cache.delete(null)).toThrow('got null');
    await expect(cache.getOrLoad({}, () => 'x')).rejects.toThrow(TypeError);
    cache.set(1, 'x');
    expect(cache.get(1)).toBe('x');
  });

  it('passes `local` invalidations to no tier', async () => {
    const { process, calls } = make();
    const cache = process();
    cache.local.delete('a');
    cache.local.clear();
    await cache.settled();
    expect(calls).toEqual([]);
  });

  describe('invalidation', () => {
    it('does not store, here or there, what was loaded before another process invalidated', async () => {
      const { process, events } = make();
      const [one, two] = [process(), process()];
      const loading = gate<string>();
      const loaded = one.getOrLoad('a', () => loading.promise);
      await tick();
      two.delete('a');
      await two.settled();
      loading.open('old');
      expect(await loaded).toBe('old');
      expect(one.get('a')).toBeUndefined();
      expect(one.stats().discarded).toBe(1);
      expect(events).toContainEqual({ type: 'discarded', key: 'a', reason: 'refused' });
      expect(await two.getOrLoad('a', () => 'new')).toBe('new');
    });

    it('drops the old value that it holds when a write is refused', async () => {
      const { process } = make();
      const [one, two] = [process(), process()];
      one.set('a', 'old');
      await one.settled();
      const loading = gate<string>();
      const refreshing = one.refresh('a', () => loading.promise);
      await tick();
      two.delete('a');
      await two.settled();
      loading.open('also old');
      await refreshing;
      expect(one.get('a')).toBeUndefined();
    });

    it('does not store what the tier answered before a delete here', async () => {
      const { process, state } = make();
      const [one, two] = [process(), process()];
      one.set('a', 'old');
      await one.settled();
      const held = gate();
      state.hold = held.promise;
      const waiting = two.getOrLoad('a', () => expect.unreachable());
      two.delete('a');
      held.open();
      expect(await waiting).toBe('old');
      expect(two.get('a')).toBeUndefined();
    });

    it('releases the lease of a load that is outdated here, so that another may load', async () => {
      const { process } = make();
      const [one, two] = [process(), process()];
      const loading = gate<string>();
      const loaded = one.getOrLoad('a', () => loading.promise);
      await tick();
      one.local.delete('a');
      const other = two.getOrLoad('a', () => 'fresh');
      await tick();
      loading.open('old');
      expect(await loaded).toBe('old');
      expect(await other).toBe('fresh');
      expect(one.get('a')).toBeUndefined();
    });

    it('reads around the tier until it has answered a delete, for that key alone', async () => {
      const { process, state, calls } = make();
      const cache = process();
      const held = gate();
      state.hold = held.promise;
      cache.delete('a');
      expect(await cache.getOrLoad('a', () => 'fresh')).toBe('fresh');
      expect(calls).toEqual(['delete a']);
      void cache.getOrLoad('b', () => 'x');
      expect(calls).toEqual(['delete a', 'get b']);
      held.open();
      await cache.settled();
      cache.local.delete('a');
      await cache.getOrLoad('a', () => 'y');
      expect(calls.at(-1)).toBe('get a');
    });

    it('reads around the tier for every key until it has answered a clear', async () => {
      const { process, state, calls } = make();
      const cache = process();
      const held = gate();
      state.hold = held.promise;
      cache.clear();
      expect(await cache.getOrLoad('a', () => 'fresh')).toBe('fresh');
      expect(calls).toEqual(['clear']);
      held.open();
      await cache.settled();
    });
  });

  describe('that is away', () => {
    beforeEach(() => {
      vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    });
    afterEach(() => {
      vi.useRealTimers();
    });

    it('goes on without it, and tells', async () => {
      const { process, state, events } = make();
      const cache = process();
      state.away = true;
      expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
      expect(cache.get('a')).toBe('x');
      expect(events[0]).toEqual({ type: 'tierError', operation: 'get', error: new Error('away') });
      expect(cache.stats()).toMatchObject({ loads: 1, tierErrors: 1, loadErrors: 0 });
    });

    it('keeps in memory what it could not write there', async () => {
      const { process } = make();
      const { tier } = makeTier(() => 0);
      const broken: Tier<string> = {
        ...tier,
        get: async () => ({ kind: 'lease', fill: () => Promise.reject(new Error('away')), release: async () => {} }),
      };
      void process;
      const cache = createTtlCache<string>({ ttlMs: 10, tier: broken });
      expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
      expect(cache.get('a')).toBe('x');
      expect(cache.stats()).toMatchObject({ tierErrors: 1, discarded: 0 });
    });

    it('keeps invalidations, reads around it for these, and replays them on its return', async () => {
      const { process, state, inner, events } = make();
      const cache = process();
      cache.set('a', 'old');
      await cache.settled();
      state.away = true;
      cache.delete('a');
      let settled = false;
      const settling = cache.settled().then(() => (settled = true));
      await vi.advanceTimersByTimeAsync(10_000);
      expect(settled).toBe(false);
      expect(await cache.getOrLoad('a', () => 'fresh')).toBe('fresh');
      state.away = false;
      await vi.advanceTimersByTimeAsync(5_000);
      await settling;
      const answer = await inner.get('a', { signal: new AbortController().signal, minTtlMs: 0 });
      expect(answer.kind).toBe('lease');
      expect(events.at(-1)).toEqual({ type: 'tierCaughtUp', keys: 1, cleared: false });
    });

    it('replays a failed set as a delete', async () => {
      const { process, state, inner } = make();
      const cache = process();
      cache.set('a', 'old');
      await cache.settled();
      state.away = true;
      cache.set('a', 'new');
      await vi.advanceTimersByTimeAsync(0);
      state.away = false;
      await vi.advanceTimersByTimeAsync(100);
      await cache.settled();
      expect((await inner.get('a', { signal: new AbortController().signal, minTtlMs: 0 })).kind).toBe('lease');
      expect(cache.get('a')).toBe('new');
    });

    it('does not let a replay undo a later set', async () => {
      const { process, state, inner } = make();
      const cache = process();
      state.away = true;
      cache.delete('a');
      await vi.advanceTimersByTimeAsync(0);
      state.away = false;
      cache.set('a', 'new');
      await vi.advanceTimersByTimeAsync(1_000);
      await cache.settled();
      expect(await inner.get('a', { signal: new AbortController().signal, minTtlMs: 0 })).toMatchObject({
        value: 'new',
      });
    });

    it('replays with pauses that grow, many keys at a time', async () => {
      const { process, state, calls } = make();
      const cache = process();
      state.away = true;
      for (let key = 0; key < 1_500; key++) cache.delete(`key:${key}`);
      await vi.advanceTimersByTimeAsync(0);
      calls.length = 0;
      await vi.advanceTimersByTimeAsync(60_000);
      expect(calls.length).toBeGreaterThan(5);
      expect(calls.length).toBeLessThan(25);
      state.away = false;
      calls.length = 0;
      await vi.advanceTimersByTimeAsync(5_000);
      await cache.settled();
      expect(calls).toHaveLength(2);
    });

    it('turns more than it keeps into one clear', async () => {
      const { process, state, calls } = make();
      const cache = process();
      state.away = true;
      for (let key = 0; key <= 10_000; key++) cache.delete(`key:${key}`);
      await vi.advanceTimersByTimeAsync(0);
      state.away = false;
      calls.length = 0;
      expect(await cache.getOrLoad('any', () => 'x')).toBe('x');
      await vi.advanceTimersByTimeAsync(5_000);
      await cache.settled();
      expect(calls).toEqual(['clear']);
    });

    it('lets a clear stand for all deletes before it', async () => {
      const { process, state, calls } = make();
      const cache = process();
      state.away = true;
      cache.delete('a');
      cache.clear();
      cache.delete('b');
      await vi.advanceTimersByTimeAsync(0);
      state.away = false;
      calls.length = 0;
      await vi.advanceTimersByTimeAsync(5_000);
      await cache.settled();
      expect(calls).toEqual(['clear', 'delete b']);
    });

    it('gives up on a tier that never answers, after loadTimeoutMs', async () => {
      const { tier } = makeTier(() => 0);
      const hanging: Tier<string> = { ...tier, get: () => new Promise(() => {}) };
      const cache = createTtlCache<string>({ ttlMs: 10, tier: hanging, loadTimeoutMs: 100 });
      const waiting = cache.getOrLoad('a', () => 'x');
      await vi.advanceTimersByTimeAsync(100);
      expect(await waiting).toBe('x');
    });

    it('gives up on a write that never ends, after loadTimeoutMs', async () => {
      const { tier } = makeTier(() => 0);
      const hanging: Tier<string> = {
        ...tier,
        get: async () => ({ kind: 'lease', fill: () => new Promise(() => {}), release: async () => {} }),
      };
      const cache = createTtlCache<string>({ ttlMs: 10, tier: hanging, loadTimeoutMs: 100 });
      const waiting = cache.getOrLoad('a', () => 'x');
      await vi.advanceTimersByTimeAsync(100);
      expect(await waiting).toBe('x');
      expect(cache.stats().inFlight).toBe(0);
    });

    it('tells who waits for it that the cache was closed', async () => {
      const { process, state } = make();
      const cache = process();
      state.away = true;
      cache.delete('a');
      const settling = cache.settled();
      cache.close();
      await expect(settling).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED', pending: 1 });
      await expect(cache.settled()).rejects.toMatchObject({ code: 'ERR_CACHE_CLOSED' });
      expect(vi.getTimerCount()).toBe(0);
      state.away = false;
      expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
    });
  });

  describe('ahead of expiry', () => {
    it('takes a newer value from the tier, and loads if the tier has none', async () => {
      const { process, clock } = make({ refreshAheadMs: 300 });
      const [one, two] = [process(), process()];
      one.set('a', 'first');
      await one.settled();
      await two.getOrLoad('a', () => expect.unreachable());
      clock.advance(800);
      expect(await one.getOrLoad('a', () => 'second')).toBe('first');
      await tick();
      expect(await two.getOrLoad('a', () => expect.unreachable())).toBe('first');
      await tick();
      expect([one.get('a'), two.get('a')]).toEqual(['second', 'second']);
    });

    it('loads for a refresh whatever the tier holds', async () => {
      const { process } = make();
      const [one, two] = [process(), process()];
      one.set('a', 'first');
      await one.settled();
      expect(await two.refresh('a', () => 'second')).toBe('second');
    });
  });
});
