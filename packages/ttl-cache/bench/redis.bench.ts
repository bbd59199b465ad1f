import { compare, report, type Comparison } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { BentoCache, bentostore } from 'bentocache';
import { redisDriver } from 'bentocache/drivers/redis';
import { Redis } from 'ioredis';
import { createTtlCache } from '../src/index.ts';
import { createRedisTier } from '../src/redis.ts';

const server = await startRedis();
const redis = new Redis(server.port, '127.0.0.1');
const bentoRedis = new Redis(server.port, '127.0.0.1');
const value = { id: 42, name: 'Ada Lovelace', roles: ['admin', 'author'], active: true };
const ttlMs = 60_000;
const concurrency = 50;
const rounds = 20;

/** As many requests at a time as a busy process has under way. */
async function busy(call: (index: number) => Promise<unknown>): Promise<void> {
  for (let round = 0; round < rounds; round++) {
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < concurrency; index++) calls.push(call(round * concurrency + index));
    await Promise.all(calls);
  }
}

const tier = createRedisTier<typeof value>(redis, { prefix: 'bench:', lease: {}, timeoutMs: 5_000 });
const cache = createTtlCache<typeof value>({ ttlMs, tier, maxEntries: 1 });
const bento = new BentoCache({
  default: 'redis',
  stores: { redis: bentostore().useL2Layer(redisDriver({ connection: bentoRedis })) },
});
await redis.set('plain', JSON.stringify(value), 'PX', ttlMs);
await tier.set('held', { value, ttlMs });
await bento.set({ key: 'held', value, ttl: ttlMs });
const signal = new AbortController().signal;

const hits = await compare({
  name: `a value that is in Redis, ${concurrency} at a time`,
  baseline: 'GET and JSON.parse',
  operations: rounds * concurrency,
  rounds: 25,
  contenders: {
    'GET and JSON.parse': () => busy(async () => JSON.parse((await redis.get('plain'))!) as unknown),
    'tier.get': () => busy(() => tier.get('held', { signal, minTtlMs: 0 })),
    'bentocache 1.6.1, Redis layer alone': () => busy(() => bento.get({ key: 'held' })),
  },
});

let turn = 0;
const cold = await compare({
  name: `keys that nobody has, ${concurrency} at a time: ask, load, write`,
  baseline: 'GET, then SET PX',
  operations: rounds * concurrency,
  rounds: 25,
  before: () => {
    turn++;
  },
  contenders: {
    'GET, then SET PX': () =>
      busy(async (index) => {
        const key = `cold:${turn}:${index}`;
        if ((await redis.get(key)) === null) await redis.set(key, JSON.stringify(value), 'PX', ttlMs);
      }),
    'getOrLoad, one load over all processes': () =>
      busy((index) => cache.getOrLoad(`cold:${turn}:${index}`, () => value)),
    'bentocache 1.6.1 getOrSet, one load in each process': () =>
      busy((index) => bento.getOrSet({ key: `cold:${turn}:${index}`, ttl: ttlMs, factory: () => value })),
  },
});

/** Scripts that Redis is asked to run: each is one round trip. */
async function tripsOf(call: () => Promise<unknown>): Promise<number> {
  const count = async () => {
    const info = await redis.info('commandstats');
    return [...info.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
  };
  const before = await count();
  await call();
  return (await count()) - before;
}
const hitTrips = await tripsOf(() => tier.get('held', { signal, minTtlMs: 0 }));
const coldTrips = await tripsOf(() => cache.getOrLoad('cold once', () => value));
const hitRatio = ratioOf(hits, 'tier.get');

report(import.meta.url, [hits, cold], {
  file: 'RESULTS-redis.md',
  figures: [
    { name: 'round trips of a hit', value: hitTrips, bound: '1', ok: hitTrips === 1 },
    { name: 'round trips of a cold key: ask, write', value: coldTrips, bound: '2', ok: coldTrips === 2 },
    { name: 'a hit, times a bare GET', value: hitRatio.toFixed(2), bound: '<= 2', ok: hitRatio <= 2 },
  ],
});

cache.close();
await tier.close();
await bento.disconnectAll();
redis.disconnect();
bentoRedis.disconnect();
await server.close();

function ratioOf({ results }: Comparison, name: string): number {
  return results.find((result) => result.name === name)?.ratio ?? Number.NaN;
}
