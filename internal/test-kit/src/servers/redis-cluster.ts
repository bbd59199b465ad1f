import { Redis } from 'ioredis';
import { until } from '../until.ts';
import { startRedis, type RedisServer } from './redis.ts';

export interface RedisCluster {
  readonly nodes: RedisServer[];
  close(): Promise<void>;
}

const slotRanges = [
  [0, 5_460],
  [5_461, 10_922],
  [10_923, 16_383],
] as const;

/** Starts a Redis Cluster of three masters without replicas; it ends with this process. */
export async function startRedisCluster(): Promise<RedisCluster> {
  const args = ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--cluster-node-timeout', '2000'];
  // The cluster's bus listens on port + 10_000.
  const nodes = await Promise.all(slotRanges.map(() => startRedis({ args, portBelow: 55_536 })));
  const clients = nodes.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  try {
    for (const [index, client] of clients.entries()) {
      const [first, last] = slotRanges[index]!;
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(first), String(last));
      await client.call('CLUSTER', 'MEET', '127.0.0.1', String(nodes[0]!.port));
    }
    for (const client of clients) {
      await until(async () => /cluster_state:ok[\s\S]*cluster_known_nodes:3/.test(await client.cluster('INFO')), {
        timeoutMs: 30_000,
        label: 'the cluster of three is whole',
      });
    }
  } finally {
    for (const client of clients) client.disconnect();
  }
  return {
    nodes,
    close: async () => {
      await Promise.all(nodes.map((node) => node.close()));
    },
  };
}
