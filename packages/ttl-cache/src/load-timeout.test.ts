import { fakeClock, gate } from '@corral-internal/test-kit';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createTtlCache, LoadTimeoutError, type CacheEvent } from './index.ts';

describe('load time-out', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  it('rejects all who wait, aborts the loader, and frees the key', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, loadTimeoutMs: 100 });
    let signal: AbortSignal | undefined;
    const hanging = (context: { signal: AbortSignal }) => {
      signal = context.signal;
      return new Promise<string>(() => {});
    };
    const callers = [cache.getOrLoad('a', hanging), cache.getOrLoad('a', hanging)];
    const outcomes = Promise.allSettled(callers);
    await vi.advanceTimersByTimeAsync(99);
    expect(signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({
        reason: { name: 'LoadTimeoutError', code: 'ERR_LOAD_TIMEOUT', timeoutMs: 100, key: 'a' },
      });
    }
    expect(signal?.reason).toBeInstanceOf(LoadTimeoutError);
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
    expect(cache.stats()).toMatchObject({ loads: 2, loadErrors: 1, inFlight: 0 });
  });

  it('is 30 seconds by default', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10 });
    const outcome = Promise.allSettled([cache.getOrLoad('a', () => new Promise<string>(() => {}))]);
    await vi.advanceTimersByTimeAsync(29_999);
    expect(cache.stats().inFlight).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject([{ reason: { code: 'ERR_LOAD_TIMEOUT' } }]);
  });

  it('drops a late result', async () => {
    const events: CacheEvent[] = [];
    const cache = createTtlCache<string>({
      ttlMs: 10,
      loadTimeoutMs: 100,
      now: fakeClock().now,
      onEvent: (event) => events.push(event),
    });
    const late = gate<string>();
    const outcome = Promise.allSettled([cache.getOrLoad('a', () => late.promise)]);
    await vi.advanceTimersByTimeAsync(100);
    await outcome;
    expect(await cache.getOrLoad('a', () => 'new')).toBe('new');
    late.open('late');
    await vi.advanceTimersByTimeAsync(0);
    expect(cache.get('a')).toBe('new');
    expect(cache.stats().discarded).toBe(1);
    expect(events.at(-1)).toEqual({ type: 'discarded', key: 'a', reason: 'late' });
  });

  it('ignores a late failure', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, loadTimeoutMs: 100, now: fakeClock().now });
    const late = gate<string>();
    const outcome = Promise.allSettled([cache.getOrLoad('a', () => late.promise)]);
    await vi.advanceTimersByTimeAsync(100);
    await outcome;
    late.fail(new Error('late'));
    await vi.advanceTimersByTimeAsync(0);
    expect(cache.stats()).toMatchObject({ loadErrors: 1, discarded: 0 });
  });

  it('frees the slot of a hung reload in the background, while the old value answers', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<string>({
      ttlMs: 10,
      staleWhileRevalidateMs: 1e6,
      retryMs: 0,
      loadTimeoutMs: 100,
      now: clock.now,
    });
    cache.set('a', 'old');
    clock.advance(10);
    expect(await cache.getOrLoad('a', () => new Promise<string>(() => {}))).toBe('old');
    await vi.advanceTimersByTimeAsync(100);
    expect(cache.stats().inFlight).toBe(0);
    expect(await cache.getOrLoad('a', () => 'new')).toBe('old');
    await vi.advanceTimersByTimeAsync(0);
    expect(cache.get('a')).toBe('new');
  });

  it('is covered by a value within staleIfErrorMs', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<string>({ ttlMs: 10, staleIfErrorMs: 1e6, loadTimeoutMs: 100, now: clock.now });
    cache.set('a', 'old');
    clock.advance(10);
    const waiting = cache.getOrLoad('a', () => new Promise<string>(() => {}));
    await vi.advanceTimersByTimeAsync(100);
    expect(await waiting).toBe('old');
  });

  it('can be longer than a timer can, and leaves none behind', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, loadTimeoutMs: 2 ** 31 + 100, reapIntervalMs: 0 });
    const outcome = Promise.allSettled([cache.getOrLoad('a', () => new Promise<string>(() => {}))]);
    await vi.advanceTimersByTimeAsync(2 ** 31 + 99);
    expect(cache.stats().inFlight).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    expect(await outcome).toMatchObject([{ status: 'rejected' }]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind, however the loader ends', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, reapIntervalMs: 0 });
    const failed = new Error('down');
    const thrown = () => {
      throw failed;
    };
    await cache.getOrLoad('a', () => 'x');
    await expect(cache.getOrLoad('b', thrown)).rejects.toBe(failed);
    await expect(cache.getOrLoad('b', () => Promise.reject(failed))).rejects.toBe(failed);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('sets no timer with Infinity', async () => {
    const cache = createTtlCache<string>({ ttlMs: 10, loadTimeoutMs: Infinity, reapIntervalMs: 0 });
    const loading = gate<string>();
    const waiting = cache.getOrLoad('a', () => loading.promise);
    expect(vi.getTimerCount()).toBe(0);
    loading.open('x');
    expect(await waiting).toBe('x');
  });
});
