import { gate } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache, type Tier } from './index.ts';
import { make, makeTier } from './tier.kit.ts';

describe('a tier that is away', () => {
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

  it('leaves no timer behind once the tier has answered', async () => {
    const cache = make({ reapIntervalMs: Infinity }).process();
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells the error of the loader, also where giving the lease back throws', async () => {
    const { tier } = makeTier(() => 0);
    const release = () => {
      throw new Error('away');
    };
    const broken: Tier<string> = {
      ...tier,
      get: async () => ({ kind: 'lease', fill: () => expect.unreachable(), release }),
    };
    const cache = createTtlCache<string>({ ttlMs: 10, tier: broken });
    await expect(cache.getOrLoad('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down');
    expect(cache.stats()).toMatchObject({ tierErrors: 1, loadErrors: 1 });
  });

  it('keeps in memory what it could not write there', async () => {
    const { tier } = makeTier(() => 0);
    const broken: Tier<string> = {
      ...tier,
      get: async () => ({ kind: 'lease', fill: () => Promise.reject(new Error('away')), release: async () => {} }),
    };
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

  it('does not replay what a later set, still on its way, has overtaken', async () => {
    const { process, state, inner, calls } = make();
    const cache = process();
    state.away = true;
    cache.delete('a');
    await vi.advanceTimersByTimeAsync(0);
    state.away = false;
    const held = gate();
    state.hold = held.promise;
    cache.set('a', 'new');
    await vi.advanceTimersByTimeAsync(10_000);
    expect(calls).toEqual(['delete a', 'set a']);
    held.open();
    await cache.settled();
    expect(await inner.get('a', { signal: new AbortController().signal, minTtlMs: 0 })).toMatchObject({ value: 'new' });
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
