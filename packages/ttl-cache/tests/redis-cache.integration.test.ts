import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startProxy } from '@corral-internal/faults';
import { until } from '@corral-internal/test-kit';
import { startRedis, type RedisServer } from '@corral-internal/test-kit/servers';
import { createTtlCache } from '../src/index.ts';
import type { RedisTierOptions } from '../src/redis.ts';
import { freshPrefix, Opened } from './redis-kit.ts';

const opened = new Opened();
let server: RedisServer;
beforeEach(async () => {
  server = await startRedis();
  opened.defer(() => server.close());
});
afterEach(() => opened.end());

const timeoutMs = 200;

/** A process of its own, as far as memory goes: a cache, its tier and its connection. */
function replica(prefix: string, options: Partial<RedisTierOptions<string>> = {}, port = server.port) {
  const client = opened.client(port, { maxRetriesPerRequest: null, retryStrategy: () => 50 });
  const tier = opened.tier(client, { prefix, timeoutMs, lease: { ttlMs: 5_000 }, ...options });
  const cache = createTtlCache<string>({ ttlMs: 60_000, tier });
  opened.defer(() => cache.close());
  const read = (value: string) => cache.getOrLoad('a', () => value);
  return { tier, cache, read };
}

describe('caches of two processes over one Redis', () => {
  it('load once between them', async () => {
    const prefix = freshPrefix();
    const [one, two] = [replica(prefix, { timeoutMs: 5_000 }), replica(prefix, { timeoutMs: 5_000 })];
    const load = vi.fn<() => string>(() => 'v');

    const answers = await Promise.all([one.cache.getOrLoad('a', load), two.cache.getOrLoad('a', load)]);

    expect(answers).toEqual(['v', 'v']);
    expect(load).toHaveBeenCalledTimes(1);
  });

  it('see an invalidation in the tier at once', async () => {
    const prefix = freshPrefix();
    const [one, two] = [replica(prefix, { timeoutMs: 5_000 }), replica(prefix, { timeoutMs: 5_000 })];
    await one.read('old');

    one.cache.delete('a');
    await one.cache.settled();

    expect(await two.read('new')).toBe('new');
    expect(await one.read('not asked')).toBe('new');
  });
});

describe.each(['SIGKILL', 'SIGSTOP'] as const)('%s of Redis', (signal) => {
  const stop = () => (signal === 'SIGKILL' ? server.kill() : server.pause());
  const goOn = () => (signal === 'SIGKILL' ? server.start() : server.resume());

  it('is a miss within the time-out for every caller, and never an error', async () => {
    const { cache, tier } = replica(freshPrefix());
    await cache.getOrLoad('warm', () => 'v');

    await stop();
    for (let turn = 0; turn < 100; turn++) {
      const start = performance.now();
      expect(await cache.getOrLoad(`key ${turn}`, () => `${turn}`)).toBe(`${turn}`);
      // The bound for the question, the bound for the write behind it, and a busy machine's share.
      expect(performance.now() - start).toBeLessThan(2 * timeoutMs + 2_000);
    }

    expect(tier.stats().skipped).toBeGreaterThan(50);
    await goOn();
  });

  it('loses no invalidation: it is made good when Redis is back', async () => {
    const prefix = freshPrefix();
    const [one, two] = [replica(prefix), replica(prefix)];
    await until(() => one.read('old').then(() => one.tier.stats().filled === 1));

    await stop();
    one.cache.delete('a');
    expect(await one.read('new')).toBe('new');
    await goOn();
    await one.cache.settled();

    await until(async () => (await two.cache.getOrLoad('probe', () => 'v')) === 'v' && two.tier.stats().leases > 0);
    expect(await two.read('new as well')).not.toBe('old');
  });
});

describe('a slow Redis', () => {
  it('holds the loader up for no longer than the time-out', async () => {
    const proxy = await startProxy({ port: server.port });
    opened.defer(() => proxy.close());
    const { cache } = replica(freshPrefix(), {}, proxy.port);
    await cache.getOrLoad('warm', () => 'v');

    proxy.delayMs = 5_000;
    const start = performance.now();
    const startedMs = await new Promise<number>((resolve) => {
      void cache.getOrLoad('a', () => {
        resolve(performance.now() - start);
        return 'v';
      });
    });

    expect(startedMs).toBeLessThan(timeoutMs + 2_000);
  });
});
