import { until } from '@corral-internal/test-kit';
import { startRedisCluster } from '@corral-internal/test-kit/servers';
import { createTestDatabase } from '@corral-internal/test-kit/test-database';
import { Cluster as Cluster6, Redis as Redis6 } from 'ioredis';
import { Cluster as Cluster5, Redis as Redis5 } from 'ioredis-5';
import { afterAll, beforeAll, expect, inject, it } from 'vitest';
import { slotOf } from '../src/redis-slots.ts';
import { postgresTransport } from '../src/postgres.ts';
import { redisTransport } from '../src/redis.ts';
import { transportContract } from '../src/transport.contract.ts';

const poll = (condition: () => boolean): Promise<void> => until(condition);

transportContract(
  'postgres',
  async () => {
    const database = await createTestDatabase();
    return { make: () => postgresTransport({ listen: database.url }), cleanUp: database.drop };
  },
  poll,
);

const modes = ['pubsub', 'sharded', 'stream'] as const;
type Nodes = { host: string; port: number }[];
const drivers = [
  {
    driver: 'ioredis 6',
    single: (url: string, keyPrefix: string) => new Redis6(url, { keyPrefix }),
    cluster: (nodes: Nodes) => new Cluster6(nodes),
  },
  {
    driver: 'ioredis 5',
    single: (url: string, keyPrefix: string) => new Redis5(url, { keyPrefix }),
    cluster: (nodes: Nodes) => new Cluster5(nodes),
  },
];

for (const { driver, single } of drivers) {
  for (const mode of modes) {
    transportContract(
      `redis ${mode}, ${driver}`,
      async () => {
        const client = single(inject('redisUrl'), `${crypto.randomUUID()}:`);
        await client.flushall();
        const cleanUp = async (): Promise<void> => {
          expect(client.status).toBe('ready');
          client.disconnect();
        };
        return { make: () => redisTransport({ client, mode }), replays: mode === 'stream', cleanUp };
      },
      poll,
    );
  }
}

let cluster: Awaited<ReturnType<typeof startRedisCluster>>;
beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(() => cluster.close());

for (const { driver, cluster: open } of drivers) {
  for (const mode of modes) {
    transportContract(
      `redis cluster ${mode}, ${driver}`,
      async () => {
        const client = open(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
        client.on('error', () => {});
        if (client.status !== 'ready') await new Promise((resolve) => client.once('ready', () => resolve(undefined)));
        await Promise.all(client.nodes('master').map((node) => node.flushall()));
        const cleanUp = async (): Promise<void> => {
          expect(client.status).toBe('ready');
          client.disconnect();
        };
        return {
          make: () => redisTransport({ client, mode }),
          replays: mode === 'stream',
          passesOnLate: mode === 'pubsub',
          cleanUp,
        };
      },
      poll,
    );
  }
}

it('slots are computed as Redis computes them', async () => {
  const client = new Redis6(cluster.nodes[0]!.url);
  for (const key of ['chat:config_change', 'a', '{corral}:x', '{}:y', 'x{y', 'é😀', 'foo{{bar}}zap']) {
    expect([key, slotOf(key)]).toEqual([key, await client.cluster('KEYSLOT', key)]);
  }
  client.disconnect();
});
