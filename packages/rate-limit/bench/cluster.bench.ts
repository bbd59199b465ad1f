/** Checks over a Redis Cluster of three against a bare INCR a check: 64 under way, one process, 10,000 keys. */
import { compare, report } from '@corral-internal/bench-kit';
import { startRedisCluster } from '@corral-internal/test-kit/servers';
import { Cluster } from 'ioredis';
import { createRateLimiter } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';
import { run } from './load.ts';

const CHECKS = 4_000;
const keys = Array.from({ length: 10_000 }, (_, index) => `session-${String(index).padStart(8, '0')}`);
let serial = 0;
const anyKey = () => keys[(serial = (serial + 7_919) % keys.length)]!;

const cluster = await startRedisCluster();
const client = new Cluster(cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port })));
const store = createRedisStore(client, { prefix: 'corral' });
const limiter = createRateLimiter({ rules: { limit: 1_000, windowMs: 60_000 }, store, timeoutMs: 5_000, workers: 4 });
await limiter.ready();

const comparison = await compare({
  name: 'a cluster of three, 10,000 keys',
  baseline: 'INCR',
  operations: CHECKS,
  rounds: Number(process.env['ROUNDS'] ?? 9),
  contenders: {
    INCR: () => run(64, CHECKS, () => client.incr(anyKey())),
    corral: () => run(64, CHECKS, () => limiter.consume(anyKey())),
  },
});
const ratio = 1 / comparison.results.find(({ name }) => name === 'corral')!.ratio;
const { local } = limiter.stats();
report(import.meta.url, [comparison], {
  file: 'CLUSTER.md',
  versions: { ioredis: '6.0.0' },
  figures: [
    { name: 'checks/s against one INCR a check', value: `${ratio.toFixed(2)}x`, bound: '>= 0.8', ok: ratio >= 0.8 },
    { name: 'checks that Redis did not answer (CROSSSLOT or other errors)', value: local, bound: '0', ok: local === 0 },
  ],
});
await limiter.close();
await store.close();
client.disconnect();
await cluster.close();
