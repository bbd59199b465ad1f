import { startRedis } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { createRateLimiter } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { run, ownCpuMs } from './load.ts';
const server = await startRedis();
const redis = new Redis(server.url);
const store = createRedisStore(redis, { prefix: 'corral' });
const wide = createRateLimiter({
  rules: { name: 'wide', limit: 1000, windowMs: 60000 },
  store,
  timeoutMs: 5000,
  workers: 4,
});
await wide.ready();
const keys = Array.from({ length: 10_000 }, (_, index) => `session-${String(index).padStart(8, '0')}`);
let serial = 0;
const anyKey = () => keys[(serial = (serial + 7_919) % keys.length)]!;
const rlf = new RateLimiterRedis({ storeClient: redis, points: 1_000, duration: 60, keyPrefix: 'rlf' });
const usec = async () => {
  const t = await redis.info('commandstats');
  return Number(/cmdstat_evalsha:calls=\d+,usec=(\d+)/.exec(t)?.[1] ?? 0);
};
const best: any = {};
for (let round = 0; round < 24; round++) {
  for (const [name, f] of [
    ['corral', () => wide.consume(anyKey())],
    ['rlf', () => rlf.consume(anyKey())],
  ] as const) {
    const u0 = await usec(),
      c0 = ownCpuMs(),
      k0 = wide.stats().calls;
    await run(64, 5000, f as any);
    const u = ((await usec()) - u0) / 5000,
      c = (ownCpuMs() - c0) / 5;
    best[name] ??= { redis: [], node: [], batch: [] };
    best[name].redis.push(u);
    best[name].node.push(c);
    best[name].batch.push(5000 / (wide.stats().calls - k0));
  }
}
for (const n in best) {
  const q = (a: number[]) => [...a].sort((x, y) => x - y);
  console.log(
    n,
    'redis exec us min/med',
    q(best[n].redis)[0]!.toFixed(2),
    q(best[n].redis)[12]!.toFixed(2),
    'node',
    q(best[n].node)[0]!.toFixed(2),
    q(best[n].node)[12]!.toFixed(2),
    'batch',
    q(best[n].batch)[12]!.toFixed(1),
  );
}
await wide.close();
await store.close();
redis.disconnect();
await server.close();
