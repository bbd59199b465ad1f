import { fakeClock, gate } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache } from './index.ts';

describe('abort', () => {
  const make = () => createTtlCache<string>({ ttlMs: 10, now: fakeClock().now });

  it.each(['first', 'second'])('ends the wait of one caller alone, at once, with the reason: the %s', async (who) => {
    const cache = make();
    const loading = gate<string>();
    const leaving = new AbortController();
    const { signal } = leaving;
    const load = () => loading.promise;
    const first = cache.getOrLoad('a', load, who === 'first' ? { signal } : undefined);
    const second = cache.getOrLoad('a', load, who === 'second' ? { signal } : undefined);
    const reason = new Error('gone');
    leaving.abort(reason);
    await expect(who === 'first' ? first : second).rejects.toBe(reason);
    loading.open('x');
    expect(await (who === 'first' ? second : first)).toBe('x');
    expect(cache.stats()).toMatchObject({ loads: 1, joined: 1 });
  });

  it('lets a load that everybody left finish and fill the cache, its own signal untouched', async () => {
    const cache = make();
    const loading = gate<string>();
    const leaving = new AbortController();
    let signal: AbortSignal | undefined;
    const load = (context: { signal: AbortSignal }) => {
      signal = context.signal;
      return loading.promise;
    };
    const callers = [1, 2].map(() => cache.getOrLoad('a', load, { signal: leaving.signal }));
    leaving.abort();
    for (const caller of callers) await expect(caller).rejects.toThrow('aborted');
    expect(signal?.aborted).toBe(false);
    loading.open('x');
    await new Promise((resolve) => setImmediate(resolve));
    expect(cache.get('a')).toBe('x');
  });

  it('starts nothing for a caller that is aborted already, and counts nothing', async () => {
    const cache = make();
    const load = () => expect.unreachable();
    const signal = AbortSignal.abort(new Error('gone'));
    await expect(cache.getOrLoad('a', load, { signal })).rejects.toThrow('gone');
    await expect(cache.refresh('a', load, { signal })).rejects.toThrow('gone');
    expect(cache.stats()).toMatchObject({ loads: 0, misses: 0 });
  });

  it('leaves no listener on a signal that lives long', async () => {
    const cache = make();
    const { signal } = new AbortController();
    let listeners = 0;
    const add = signal.addEventListener.bind(signal);
    const remove = signal.removeEventListener.bind(signal);
    signal.addEventListener = (...parameters: Parameters<typeof add>) => {
      listeners++;
      add(...parameters);
    };
    signal.removeEventListener = (...parameters: Parameters<typeof remove>) => {
      listeners--;
      remove(...parameters);
    };
    await cache.getOrLoad('a', async () => 'x', { signal });
    await cache.getOrLoad('a', async () => 'x', { signal });
    expect(listeners).toBe(0);
  });
});
