import { fakeClock } from '@corral-internal/test-kit';
import { describe, expect, it } from 'vitest';
import { createTtlCache, LoadRecursionError } from './index.ts';

describe('a loader that asks for its own key', () => {
  const make = () => createTtlCache<string>({ ttlMs: 10, staleIfErrorMs: 10, now: fakeClock().now });

  it('rejects at once instead of waiting for itself', async () => {
    const cache = make();
    const load = async (): Promise<string> => {
      await Promise.resolve();
      return `${await cache.getOrLoad('a', load)}!`;
    };
    const outcome = cache.getOrLoad('a', load);
    await expect(outcome).rejects.toThrow(LoadRecursionError);
    await expect(outcome).rejects.toMatchObject({ code: 'ERR_LOAD_RECURSION', key: 'a' });
    expect(cache.stats().inFlight).toBe(0);
    expect(await cache.getOrLoad('a', () => 'x')).toBe('x');
  });

  it('rejects through another key, and through refresh', async () => {
    const cache = make();
    const a = (): Promise<string | undefined> => cache.getOrLoad('b', b);
    const b = (): Promise<string | undefined> => cache.refresh('a', a);
    await expect(cache.getOrLoad('a', a)).rejects.toThrow(LoadRecursionError);
  });

  it('rejects also where an old value would cover a failure', async () => {
    const clock = fakeClock();
    const cache = createTtlCache<string>({ ttlMs: 10, staleIfErrorMs: 10, now: clock.now });
    cache.set('a', 'old');
    clock.advance(10);
    let inner: unknown;
    await cache.getOrLoad('a', async () => {
      inner = await cache.getOrLoad('a', () => 'never').catch((error: unknown) => error);
      return 'new';
    });
    expect(inner).toBeInstanceOf(LoadRecursionError);
  });

  // The crowd of the turn in which a load starts is not asked who it is; the loader goes on when that turn is over.
  it.each([
    ['tick', 'callback'],
    ['tick', 'promise'],
    ['promise', 'callback'],
    ['promise', 'promise'],
  ])('rejects in the next %s after a start within a %s', async (next, within) => {
    const cache = make();
    const putOff = (step: () => void) => (next === 'tick' ? process.nextTick(step) : queueMicrotask(step));
    const load = () =>
      new Promise<string | undefined>((resolve) => putOff(() => resolve(cache.getOrLoad('a', () => 'never'))));
    const started = new Promise<unknown>((resolve) => {
      const start = () => resolve(Promise.allSettled([cache.getOrLoad('a', load), cache.getOrLoad('a', load)]));
      if (within === 'callback') setImmediate(start);
      else void Promise.resolve().then(start);
    });
    const rejected = { status: 'rejected', reason: expect.any(LoadRecursionError) as unknown };
    expect(await started).toEqual([rejected, rejected]);
    expect(cache.stats()).toMatchObject({ loads: 1, joined: 1 });
  });

  it.each(['tick', 'promise'])(
    'rejects in the next %s also when it was not the first to start in its turn',
    async (next) => {
      const cache = make();
      const putOff = (step: () => void) => (next === 'tick' ? process.nextTick(step) : queueMicrotask(step));
      const load = () =>
        new Promise<string | undefined>((resolve) => putOff(() => resolve(cache.getOrLoad('a', () => 'never'))));
      const another = cache.getOrLoad('b', () => 'b');
      await expect(cache.getOrLoad('a', load)).rejects.toThrow(LoadRecursionError);
      expect(await another).toBe('b');
    },
  );

  it('may read its key while it is fresh', async () => {
    const cache = make();
    cache.set('a', 'x');
    expect(await cache.refresh('a', async () => `${await cache.getOrLoad('a', () => 'never')}y`)).toBe('xy');
  });

  it('may ask for other keys, and for the same key of another cache', async () => {
    const [cache, other] = [make(), make()];
    const load = async () => `${await cache.getOrLoad('b', () => 'b')}${await other.getOrLoad('a', () => 'a')}`;
    expect(await cache.getOrLoad('a', load)).toBe('ba');
  });

  it('may ask again once the load has ended', async () => {
    const cache = make();
    let later: Promise<string | undefined> | undefined;
    let go = () => {};
    const ended = new Promise<void>((resolve) => (go = resolve));
    await cache.getOrLoad('a', () => {
      later = ended.then(() => cache.refresh('a', () => 'again'));
      return 'x';
    });
    go();
    expect(await later).toBe('again');
  });

  it('may invalidate its key and load it anew', async () => {
    const cache = make();
    const value = await cache.getOrLoad('a', async () => {
      cache.delete('a');
      return cache.getOrLoad('a', () => 'inner');
    });
    expect(value).toBe('inner');
    expect(cache.get('a')).toBe('inner');
  });
});
