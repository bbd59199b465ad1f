import { fakeClock, gate } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache, type CacheEvent, type TtlCacheOptions } from './index.ts';

const tick = () => new Promise((resolve) => setImmediate(resolve));

function make(options: Partial<TtlCacheOptions<string>>) {
  const clock = fakeClock();
  const events: CacheEvent<string>[] = [];
  const cache = createTtlCache<string>({
    ttlMs: 10,
    now: clock.now,
    onEvent: (event) => events.push(event),
    ...options,
  });
  cache.set('a', 'old');
  return { clock, cache, events };
}

const failing = () => Promise.reject(new Error('down'));

describe('stale-while-revalidate', () => {
  it('answers at once with the old value while one reload runs', async () => {
    const { cache, clock } = make({ staleWhileRevalidateMs: 20 });
    clock.advance(10);
    const reloading = gate<string>();
    let loads = 0;
    const load = () => {
      loads++;
      return reloading.promise;
    };
    const callers = Array.from({ length: 100 }, () => cache.getOrLoad('a', load));
    expect(new Set(await Promise.all(callers))).toEqual(new Set(['old']));
    expect(loads).toBe(1);
    expect(cache.stats()).toMatchObject({ staleHits: 100, misses: 0, joined: 0, inFlight: 1 });
    reloading.open('new');
    await tick();
    expect(cache.get('a')).toBe('new');
  });

  it('is not put off by the failure of a load whose key was set meanwhile', async () => {
    const { cache, clock } = make({ staleWhileRevalidateMs: 20, retryMs: 1_000 });
    const loading = gate<string>();
    const refreshed = Promise.allSettled([cache.refresh('a', () => loading.promise)]);
    cache.set('a', 'newer');
    loading.fail(new Error('down'));
    await refreshed;
    clock.advance(10);
    expect(await cache.getOrLoad('a', () => 'newest')).toBe('newer');
    await tick();
    expect(cache.get('a')).toBe('newest');
  });

  it('counts the window from expiry, without its end', async () => {
    const { cache, clock } = make({ staleWhileRevalidateMs: 20 });
    clock.advance(29);
    expect(cache.lookup('a').state).toBe('stale');
    clock.advance(1);
    expect(cache.lookup('a').state).toBe('miss');
    expect(await cache.getOrLoad('a', () => 'new')).toBe('new');
  });

  it('serves nothing stale to get and has, but holds it', () => {
    const { cache, clock } = make({ staleWhileRevalidateMs: 20 });
    clock.advance(10);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.has('a')).toBe(false);
    expect(cache.size).toBe(1);
    expect(Array.from(cache.keys())).toEqual(['a']);
    clock.advance(20);
    expect(cache.get('a')).toBeUndefined();
    expect(cache.size).toBe(0);
  });

  it('tells of a failed reload by event, and waits before the next', async () => {
    const { cache, clock, events } = make({ staleWhileRevalidateMs: 100_000, retryMs: 5 });
    clock.advance(10);
    expect(await cache.getOrLoad('a', failing)).toBe('old');
    await tick();
    expect(events.at(-1)).toMatchObject({ type: 'loadFailed', key: 'a', covered: true, error: new Error('down') });
    let loads = 0;
    const load = () => {
      loads++;
      return 'new';
    };
    clock.advance(4);
    expect(await cache.getOrLoad('a', load)).toBe('old');
    expect(loads).toBe(0);
    clock.advance(1);
    expect(await cache.getOrLoad('a', load)).toBe('old');
    expect(loads).toBe(1);
    await tick();
    expect(cache.get('a')).toBe('new');
  });

  it('does not remember absences beyond their time', async () => {
    const { cache, clock } = make({ staleWhileRevalidateMs: 100, negativeTtlMs: 10 });
    await cache.getOrLoad('none', () => undefined);
    clock.advance(10);
    expect(await cache.getOrLoad('none', () => 'there')).toBe('there');
  });
});

describe('stale-if-error', () => {
  it('answers with the old value when the reload fails, and reports the error', async () => {
    const { cache, clock, events } = make({ staleIfErrorMs: 20 });
    clock.advance(10);
    expect(await Promise.all([cache.getOrLoad('a', failing), cache.getOrLoad('a', failing)])).toEqual(['old', 'old']);
    expect(events.filter(({ type }) => type === 'loadFailed')).toHaveLength(1);
    expect(cache.stats()).toMatchObject({ staleHits: 2, misses: 0, joined: 0, loads: 1, loadErrors: 1 });
  });

  it('waits for the reload, and answers with what it brings', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 20 });
    clock.advance(10);
    expect(await Promise.all([cache.getOrLoad('a', async () => 'new'), cache.getOrLoad('a', failing)])).toEqual([
      'new',
      'new',
    ]);
    expect(cache.stats()).toMatchObject({ staleHits: 0, misses: 2, joined: 1 });
  });

  it('rejects after the window', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 20 });
    clock.advance(30);
    await expect(cache.getOrLoad('a', failing)).rejects.toThrow('down');
  });

  it('rejects when the window ends during the reload', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 20 });
    clock.advance(10);
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    clock.advance(20);
    loading.fail(new Error('down'));
    await expect(waiting).rejects.toThrow('down');
  });

  it('rejects when the old value is invalidated during the reload', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 20 });
    clock.advance(10);
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    cache.delete('a');
    loading.fail(new Error('down'));
    await expect(waiting).rejects.toThrow('down');
  });

  it('answers with what has been set meanwhile', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 20 });
    clock.advance(10);
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    cache.set('a', 'set');
    loading.fail(new Error('down'));
    expect(await waiting).toBe('set');
    expect(cache.stats()).toMatchObject({ hits: 1, misses: 0, staleHits: 0 });
  });

  it('gives the caller who aborts its reason, not the old value', async () => {
    const { cache, clock } = make({ staleIfErrorMs: 20 });
    clock.advance(10);
    const leaving = new AbortController();
    const waiting = cache.getOrLoad('a', () => gate<string>().promise, { signal: leaving.signal });
    leaving.abort(new Error('gone'));
    await expect(waiting).rejects.toThrow('gone');
    expect(cache.stats()).toMatchObject({ misses: 1, staleHits: 0 });
  });

  it('does not cover the first load', async () => {
    const { cache } = make({ staleIfErrorMs: 20 });
    await expect(cache.getOrLoad('b', failing)).rejects.toThrow('down');
  });
});
