import { startRedisCluster, type RedisCluster } from '@corral-internal/test-kit/servers';
import { until } from '@corral-internal/test-kit';
import { Cluster, Redis } from 'ioredis';
import { Cluster as Cluster5 } from 'ioredis-5';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';

let cluster: RedisCluster;
const closers: (() => unknown)[] = [];

beforeAll(async () => {
  cluster = await startRedisCluster();
});
afterAll(async () => {
  for (const close of closers.toReversed()) await close();
  await cluster.close();
});

const nodes = () => cluster.nodes.map(({ port }) => ({ host: '127.0.0.1', port }));

async function create(
  prefix: string,
  options: Partial<RateLimiterOptions> = {},
  client: Cluster | Cluster5 = new Cluster(nodes()),
): Promise<RateLimiter> {
  const store = createRedisStore(client, { prefix });
  const limiter = createRateLimiter({ rules: { limit: 5, windowMs: 60_000 }, timeoutMs: 10_000, ...options, store });
  closers.push(
    () => client.disconnect(),
    () => store.close(),
    () => limiter.close(),
  );
  await limiter.ready();
  return limiter;
}

describe('a cluster of three', () => {
  it.each([
    ['ioredis 6', () => new Cluster(nodes())],
    ['ioredis 5', () => new Cluster5(nodes())],
  ])('counts every key exactly, several rules at once, over all nodes (%s)', async (name, connect) => {
    const rules = [
      { name: 'minute', limit: 5, windowMs: 60_000 },
      { name: 'hour', limit: 100, windowMs: 3_600_000, algorithm: 'gcra' as const },
    ];
    const limiter = await create(`c-${name.replace(' ', '')}`, { rules }, connect());
    const other = await create(`c-${name.replace(' ', '')}`, { rules }, connect());

    const decisions = await Promise.all(
      Array.from({ length: 2_000 }, (_, index) => (index % 2 === 0 ? limiter : other).consume(`key-${index % 200}`)),
    );

    expect(decisions.filter(({ allowed }) => allowed)).toHaveLength(200 * 5);
    expect(decisions.every(({ source }) => source === 'redis' || source === 'cache')).toBe(true);
    expect(limiter.state).toBe('shared');
  });

  it('keeps all keys of a caller in one slot, spreads callers over the nodes, and lets no key live for ever', async () => {
    const limiter = await create('spread', {
      rules: [
        { name: 'a', limit: 5, windowMs: 60_000 },
        { name: 'b', limit: 5, windowMs: 60_000 },
      ],
    });
    await Promise.all(Array.from({ length: 300 }, (_, index) => limiter.consume(`key-${index}`)));

    const perNode = await Promise.all(
      cluster.nodes.map(async ({ url }) => {
        const node = new Redis(url);
        const keys = await node.keys('spread:*');
        const ttls = await Promise.all(keys.map((key) => node.pttl(key)));
        node.disconnect();
        expect(ttls.filter((ttl) => ttl === -1)).toEqual([]);
        return keys.filter((key) => key.includes('key-')).length;
      }),
    );

    expect(Math.min(...perNode)).toBeGreaterThan(50);
    expect(perNode.reduce((sum, count) => sum + count, 0)).toBe(600);
  });

  it('refunds, resets and blocks where the key lives', async () => {
    const limiter = await create('verbs');
    for (let time = 0; time < 6; time++) await limiter.consume('a');
    await limiter.refund('a', 2);
    expect(await limiter.peek('a')).toMatchObject({ remaining: 2 });
    await limiter.reset('a');
    expect(await limiter.peek('a')).toMatchObject({ remaining: 5 });
    await limiter.block('a', 60_000);
    expect(await limiter.consume('a')).toMatchObject({ allowed: false });
  });

  it('loses a node: its keys are answered here, those of the others by the others', async () => {
    const limiter = await create('loss', { rules: { limit: 1_000, windowMs: 60_000 }, workers: 1, timeoutMs: 200 });
    const answered = async () =>
      new Set(
        (await Promise.all(Array.from({ length: 200 }, (_, index) => limiter.consume(`key-${index}`)))).map(
          ({ source }) => source,
        ),
      );
    expect(await answered()).toEqual(new Set(['redis']));

    await cluster.nodes[2]!.kill();
    await until(async () => (await answered()).has('local'), { label: 'keys of the dead node are answered here' });
    expect(await answered()).toEqual(new Set(['local', 'redis']));
    expect(limiter.state).toBe('degraded');
  });
});
