import { fakeClock, gate } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';

describe('no stale fill', () => {
  const make = () => createTtlCache<string>({ ttlMs: 10, now: fakeClock().now });

  const invalidations = {
    delete: (cache: ReturnType<typeof make>) => cache.delete('a'),
    clear: (cache: ReturnType<typeof make>) => cache.clear(),
    'local.delete': (cache: ReturnType<typeof make>) => cache.local.delete('a'),
    'local.clear': (cache: ReturnType<typeof make>) => cache.local.clear(),
  };

  describe.each(Object.entries(invalidations))('%s during a load', (_, invalidate) => {
    it('lets those who joined before have the old value, does not store it, and loads anew for the next', async () => {
      const cache = make();
      const [old, fresh] = [gate<string>(), gate<string>()];
      const before = [cache.getOrLoad('a', () => old.promise), cache.getOrLoad('a', () => old.promise)];
      invalidate(cache);
      const after = cache.getOrLoad('a', () => fresh.promise);
      old.open('old');
      expect(await Promise.all(before)).toEqual(['old', 'old']);
      expect(cache.get('a')).toBeUndefined();
      fresh.open('fresh');
      expect(await after).toBe('fresh');
      expect(cache.get('a')).toBe('fresh');
      expect(cache.stats()).toMatchObject({ loads: 2, discarded: 1, joined: 1, inFlight: 0 });
    });

    it('keeps the new value when the old load ends last, and goes on sharing the new load', async () => {
      const cache = make();
      const [old, fresh] = [gate<string>(), gate<string>()];
      const before = cache.getOrLoad('a', () => old.promise);
      invalidate(cache);
      const after = cache.getOrLoad('a', () => fresh.promise);
      old.open('old');
      await before;
      // The end of the old load has not taken the new one off its key.
      const joining = cache.getOrLoad('a', () => expect.unreachable());
      fresh.open('fresh');
      expect(await Promise.all([after, joining])).toEqual(['fresh', 'fresh']);
      expect(cache.get('a')).toBe('fresh');
    });

    it('goes on guarding the new load after the old one has ended', async () => {
      const cache = make();
      const [old, second] = [gate<string>(), gate<string>()];
      const before = cache.getOrLoad('a', () => old.promise);
      invalidate(cache);
      const after = cache.getOrLoad('a', () => second.promise);
      old.open('old');
      await before;
      await new Promise((resolve) => setImmediate(resolve));
      invalidate(cache);
      second.open('old by now, too');
      expect(await after).toBe('old by now, too');
      expect(cache.get('a')).toBeUndefined();
      expect(cache.stats().discarded).toBe(2);
    });

    it('keeps the new value when the new load ends first', async () => {
      const cache = make();
      const [old, fresh] = [gate<string>(), gate<string>()];
      const before = cache.getOrLoad('a', () => old.promise);
      invalidate(cache);
      const after = cache.getOrLoad('a', () => fresh.promise);
      fresh.open('fresh');
      await after;
      old.open('old');
      expect(await before).toBe('old');
      expect(cache.get('a')).toBe('fresh');
    });

    it('does not let the failure of the old load hurt the new one', async () => {
      const cache = make();
      const [old, fresh] = [gate<string>(), gate<string>()];
      const before = cache.getOrLoad('a', () => old.promise);
      invalidate(cache);
      const after = cache.getOrLoad('a', () => fresh.promise);
      old.fail(new Error('down'));
      await expect(before).rejects.toThrow('down');
      fresh.open('fresh');
      expect(await after).toBe('fresh');
    });

    it('voids a reload in the background', async () => {
      const clock = fakeClock();
      const cache = createTtlCache<string>({ ttlMs: 10, staleWhileRevalidateMs: 100, now: clock.now });
      cache.set('a', 'old');
      clock.advance(10);
      const reloading = gate<string>();
      expect(await cache.getOrLoad('a', () => reloading.promise)).toBe('old');
      invalidate(cache);
      reloading.open('older than the invalidation');
      await new Promise((resolve) => setImmediate(resolve));
      expect(cache.lookup('a').state).toBe('miss');
    });

    it('voids a refresh', async () => {
      const cache = make();
      cache.set('a', 'x');
      const loading = gate<string>();
      const refreshing = cache.refresh('a', () => loading.promise);
      invalidate(cache);
      loading.open('old');
      expect(await refreshing).toBe('old');
      expect(cache.get('a')).toBeUndefined();
    });
  });

  it.each([undefined, new AbortController().signal])(
    'lets a delete from within the loader void that load',
    async (signal) => {
      const cache = make();
      const load = () => {
        cache.delete('a');
        return 'x';
      };
      const loading = cache.getOrLoad('a', load, { signal });
      expect(await loading).toBe('x');
      expect(cache.get('a')).toBeUndefined();
    },
  );

  it('does not let a caller join a load that ended before the invalidation, in the same tick', async () => {
    const seen: unknown[] = [];
    const cache = createTtlCache<string>({
      ttlMs: 10,
      now: fakeClock().now,
      onEvict() {
        // Called when the load has stored its value, and its callers have not gone on yet.
        cache.delete('a');
        void cache.getOrLoad('a', () => 'after the delete').then((value) => seen.push(value));
      },
    });
    cache.set('a', 'first');
    await cache.refresh('a', async () => 'second');
    await new Promise((resolve) => setImmediate(resolve));
    expect(seen).toContain('after the delete');
    expect(seen).not.toContain('second');
  });

  it('leaves loads of other keys alone', async () => {
    const cache = make();
    const loading = gate<string>();
    const b = cache.getOrLoad('b', () => loading.promise);
    cache.delete('a');
    loading.open('x');
    await b;
    expect(cache.get('b')).toBe('x');
  });

  it('lets a set during a load win', async () => {
    const cache = make();
    const loading = gate<string>();
    const loaded = cache.getOrLoad('a', () => loading.promise);
    cache.set('a', 'set');
    loading.open('loaded');
    expect(await loaded).toBe('loaded');
    expect(cache.get('a')).toBe('set');
    expect(cache.stats().discarded).toBe(1);
  });

  it('keeps a set when the load then fails, or finds nothing', async () => {
    const cache = make();
    const [failing, empty] = [gate<string>(), gate<string | undefined>()];
    const a = cache.getOrLoad('a', () => failing.promise);
    const b = cache.getOrLoad('b', () => empty.promise);
    cache.set('a', 'set');
    cache.set('b', 'set');
    failing.fail(new Error('down'));
    empty.open(undefined);
    await expect(a).rejects.toThrow('down');
    expect(await b).toBeUndefined();
    expect([cache.get('a'), cache.get('b')]).toEqual(['set', 'set']);
  });

  it('does not store a value whose key is evicted during its reload any differently', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, maxEntries: 1, now: fakeClock().now });
    cache.set('a', 'x');
    const loading = gate<string>();
    const refreshing = cache.refresh('a', () => loading.promise);
    cache.set('b', 'x');
    loading.open('y');
    expect(await refreshing).toBe('y');
    expect(cache.get('a')).toBe('y');
    expect(cache.size).toBe(1);
  });

  it('tells whether a delete removed something, and counts it', () => {
    const clock = fakeClock();
    const cache = createTtlCache<string>({ ttlMs: 10, now: clock.now });
    cache.set('a', 'x');
    cache.set('b', 'x');
    cache.set('c', 'x');
    expect(cache.delete('a')).toBe(true);
    expect(cache.delete('a')).toBe(false);
    cache.clear();
    expect(cache.stats().invalidated).toBe(3);
    expect(cache.size).toBe(0);
    cache.set('d', 'x');
    clock.advance(10);
    expect(cache.delete('d')).toBe(false);
    expect(cache.stats()).toMatchObject({ invalidated: 3, expired: 1 });
  });

  it('has nothing to settle without a tier', async () => {
    const cache = make();
    cache.delete('a');
    expect(await cache.settled()).toBeUndefined();
  });
});
