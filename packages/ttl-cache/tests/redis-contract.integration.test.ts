import { setTimeout as delay } from 'node:timers/promises';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { startRedisCluster, type RedisCluster } from '@corral-internal/test-kit/servers';
import { createRedisTier, type RedisClient, type RedisTierOptions } from '../src/redis.ts';
import { tierContract } from '../src/tier-contract.ts';
import { freshPrefix, leaseOf, request } from './redis-kit.ts';

let cluster: RedisCluster;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.close());

type Connection = RedisClient & { disconnect(): void };
const single = Number(new URL(inject('redisUrl')).port);
const nodes = () => cluster.nodes.map(({ port }) => ({ port, host: '127.0.0.1' }));
const connections: Record<string, () => Connection> = {
  'ioredis 6, one server': () => new Redis(single),
  'ioredis 5, one server': () => new Redis5(single),
  'ioredis 6, a cluster of three': () => new Cluster(nodes()),
  'ioredis 5, a cluster of three': () => new Cluster5(nodes()),
};

describe.each(Object.entries(connections))('%s', (_, connect) => {
  describe.each([{ lease: { ttlMs: 5_000 } }, {}])('a tier with %o', (options: Partial<RedisTierOptions<unknown>>) => {
    const make = async () => {
      const clients = [connect(), connect()] as const;
      const prefix = freshPrefix();
      const [tier, other] = clients.map((client) =>
        createRedisTier<unknown>(client, { prefix, timeoutMs: 10_000, ...options }),
      );
      return {
        tier: tier!,
        other: other!,
        elapse: (ms: number) => delay(ms),
        close: async () => {
          await Promise.all([tier!.close(), other!.close()]);
          for (const client of clients) client.disconnect();
        },
      };
    };
    const cases = tierContract(make, { leases: options.lease !== undefined });
    // oxlint-disable-next-line vitest/expect-expect -- the case throws
    it.each(cases)('$name', ({ run }) => run());
  });
});

describe('on a cluster of three', () => {
  it('spreads the keys of a prefix over the nodes, and clears them all', async () => {
    const client = new Cluster(nodes());
    const prefix = freshPrefix();
    const tier = createRedisTier<string>(client, { prefix, timeoutMs: 10_000 });
    const keys = Array.from({ length: 300 }, (_, index) => `user:${index}`);
    await Promise.all(keys.map((key) => tier.set(key, { value: key, ttlMs: 60_000 })));

    const held = await Promise.all(client.nodes('master').map((node) => node.keys(`${prefix}*:v:*`)));
    for (const part of held) expect(part.length).toBeGreaterThan(30);
    await tier.delete(keys.slice(0, 100));
    for (const key of keys.slice(0, 100)) await (await leaseOf(tier.get(key, request()))).release();
    await tier.clear();
    for (const key of keys.slice(100)) await (await leaseOf(tier.get(key, request()))).release();

    await tier.close();
    client.disconnect();
  });

  it('loses only the keys of a dead node', async () => {
    const client = new Cluster(nodes(), { clusterRetryStrategy: () => 100 });
    client.on('error', () => {});
    const tier = createRedisTier<string>(client, { prefix: freshPrefix(), timeoutMs: 500 });
    const keys = Array.from({ length: 64 }, (_, index) => `user:${index}`);
    await Promise.all(keys.map((key) => tier.set(key, { value: key, ttlMs: 60_000 })));

    cluster.nodes[0]!.pause();
    const answers = await Promise.allSettled(keys.map((key) => tier.get(key, request())));
    cluster.nodes[0]!.resume();

    const kinds = answers.map((answer) => (answer.status === 'fulfilled' ? answer.value.kind : 'failed'));
    expect(new Set(kinds)).toEqual(new Set(['hit', 'failed']));
    await tier.close();
    client.disconnect();
  });
});
