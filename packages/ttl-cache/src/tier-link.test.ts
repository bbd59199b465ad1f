import { gate } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';
import { make, makeTier, tick } from './tier.kit.ts';

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
