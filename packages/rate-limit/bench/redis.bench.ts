/**
 * Checks over Redis against a bare INCR a check and the peers: one process, interleaved slices, 64 under way as in the research
 * that set the bounds, unless it says otherwise. On cores that are kept awake; the figures that change much when they may halt
 * are there twice.
 */
import { readFileSync } from 'node:fs';
import { type Comparison, report } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { Redis } from 'ioredis';
import { RateLimiterRedis } from 'rate-limiter-flexible';
import { createRateLimiter } from '../src/index.ts';
import { createRedisStore } from '../src/redis.ts';
import { keepAwake } from './awake.ts';
import { ownCpuMs, run } from './load.ts';
import { compareSlices } from './slices.ts';

const WIDTH = 64;
const CROWD = 256;
const CHECKS = 3_000;
const ROUNDS = Number(process.env['ROUNDS'] ?? 60);
const keys = Array.from({ length: 10_000 }, (_, index) => `session-${String(index).padStart(8, '0')}`);
const MINUTE = 60_000;

const server = await startRedis();
const redis = new Redis(server.url);
const store = createRedisStore(redis, { prefix: 'corral' });
const limiterOf = (name: string, limit: number) =>
  createRateLimiter({ rules: { name, limit, windowMs: MINUTE }, store, timeoutMs: 5_000, workers: 4 });
const wide = limiterOf('wide', 1_000);
const hot = limiterOf('hot', 4_096);
const shut = limiterOf('shut', 1);
const rlf = new RateLimiterRedis({ storeClient: redis, points: 1_000, duration: 60, keyPrefix: 'rlf' });
const rlfHot = new RateLimiterRedis({ storeClient: redis, points: 1e9, duration: 60, keyPrefix: 'rlfhot' });
const rlfShut = new RateLimiterRedis({
  storeClient: redis,
  points: 1,
  duration: 60,
  keyPrefix: 'rlfshut',
  inMemoryBlockOnConsumed: 1,
});
await Promise.all([wide.ready(), hot.ready(), shut.ready()]);
await shut.consume('hot');
await rlfShut.consume('hot');

/** CPU time of the server's main thread, milliseconds. */
const serverCpuMs = (): number => Number(readFileSync(`/proc/${server.pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;

let serial = 0;
const anyKey = () => keys[(serial = (serial + 7_919) % keys.length)]!;
/** One key takes all checks; another one follows before the exact log of 4,096 units is full. */
let hits = 0;
const hotKey = () => `hot-${Math.floor(hits++ / 4_000)}`;
const cpu: Record<string, { node: number; redis: number; checks: number }> = {};
/** One round of a contender, with the CPU time that it took on either side. */
const contender =
  (name: string, width: number, check: () => Promise<unknown>) =>
  async (checks: number): Promise<void> => {
    const [node, redis] = [ownCpuMs(), serverCpuMs()];
    await run(width, checks, check);
    const spent = (cpu[name] ??= { node: 0, redis: 0, checks: 0 });
    spent.node += ownCpuMs() - node;
    spent.redis += serverCpuMs() - redis;
    spent.checks += checks;
  };
const rlfCheck = (limiter: RateLimiterRedis, key: () => string) => () =>
  limiter.consume(key()).catch((denial: unknown) => denial);

const comparisons: Comparison[] = [];
const measure = async (
  name: string,
  contenders: Record<string, () => Promise<unknown>>,
  width = WIDTH,
): Promise<Record<string, number>> => {
  const comparison = await compareSlices({
    name,
    baseline: 'INCR',
    operations: CHECKS,
    rounds: ROUNDS,
    contenders: Object.fromEntries(
      Object.entries(contenders).map(([id, check]) => [id, contender(`${name}: ${id}`, width, check)]),
    ),
  });
  comparisons.push(comparison);
  return Object.fromEntries(comparison.results.map((result) => [result.name, 1 / result.ratio]));
};
const manyContenders = {
  INCR: () => redis.incr(anyKey()),
  corral: () => wide.consume(anyKey()),
  'rate-limiter-flexible': rlfCheck(rlf, anyKey),
};
/**
 * What one call for all checks of a turn can give at best: a script that does nothing, once for all that wait, and no limiter. The
 * rest of the time is the way to Redis and back, which nobody shares with other checks while all of them wait for it.
 */
const empty = (await redis.script('LOAD', 'return 1')) as string;
let underWay: Promise<unknown> | undefined;
const emptyCall = async (): Promise<unknown> => {
  const answer = await redis.evalsha(empty, 0);
  underWay = undefined;
  return answer;
};
const hotContenders = {
  INCR: () => redis.incr(hotKey()),
  'an empty script for all that wait': () => (underWay ??= emptyCall()),
  corral: () => hot.consume(hotKey()),
  'rate-limiter-flexible': rlfCheck(rlfHot, hotKey),
};
const halting = {
  spread: await measure('10,000 keys, cores may halt', manyContenders),
  allowed: await measure('one hot key, allowed, cores may halt', hotContenders),
};
const letHalt = keepAwake();
const spread = await measure('10,000 keys', manyContenders);
const allowed = await measure('one hot key, allowed', hotContenders);
const crowd = await measure(`one hot key, allowed, ${CROWD} under way`, hotContenders, CROWD);
const rejected = await measure('one hot key, rejected', {
  INCR: () => redis.incr('hot'),
  corral: () => shut.consume('hot'),
  'rate-limiter-flexible': rlfCheck(rlfShut, () => 'hot'),
});
letHalt();

const perCheck = (name: string, side: 'node' | 'redis'): number => (cpu[name]![side] / cpu[name]!.checks) * 1000;
const nodeRatio = perCheck('10,000 keys: corral', 'node') / perCheck('10,000 keys: rate-limiter-flexible', 'node');
const redisRatio = perCheck('10,000 keys: corral', 'redis') / perCheck('10,000 keys: rate-limiter-flexible', 'redis');
for (const name of Object.keys(cpu))
  console.log(
    `${name}: node ${perCheck(name, 'node').toFixed(2)} us, redis ${perCheck(name, 'redis').toFixed(2)} us a check`,
  );

// What this process answers itself would look like a fine figure.
const local = wide.stats().local + hot.stats().local + shut.stats().local;
const times = (value: number): string => `${value.toFixed(2)}x`;
report(import.meta.url, comparisons, {
  file: 'REDIS.md',
  versions: { ioredis: '6.0.0', 'rate-limiter-flexible': '11.4.0' },
  figures: [
    {
      name: '10,000 keys: checks/s against one INCR a check',
      value: times(spread['corral']!),
      bound: '>= 1.0',
      ok: spread['corral']! >= 1,
    },
    {
      name: 'hot key, allowed: checks/s against INCR',
      value: times(allowed['corral']!),
      bound: '>= 5',
      ok: allowed['corral']! >= 5,
    },
    {
      name: 'the same for an empty script and no limiter: the most that one call a turn can give',
      value: times(allowed['an empty script for all that wait']!),
      bound: '',
      ok: true,
    },
    {
      name: 'cores may halt, 10,000 keys: checks/s against INCR',
      value: times(halting.spread['corral']!),
      bound: '',
      ok: true,
    },
    {
      name: 'cores may halt, hot key, allowed: checks/s against INCR; an empty script',
      value: `${times(halting.allowed['corral']!)}; ${times(halting.allowed['an empty script for all that wait']!)}`,
      bound: '',
      ok: true,
    },
    {
      name: `hot key, allowed, ${CROWD} under way: checks/s against INCR`,
      value: times(crowd['corral']!),
      bound: '>= 5',
      ok: crowd['corral']! >= 5,
    },
    {
      name: 'hot key, rejected: checks/s against INCR',
      value: times(rejected['corral']!),
      bound: '>= 20',
      ok: rejected['corral']! >= 20,
    },
    {
      name: 'CPU of Node a check against rate-limiter-flexible',
      value: times(nodeRatio),
      bound: '<= 0.4',
      ok: nodeRatio <= 0.4,
    },
    {
      name: 'CPU of Redis a check against rate-limiter-flexible',
      value: times(redisRatio),
      bound: '<= 0.8',
      ok: redisRatio <= 0.8,
    },
    { name: 'checks that Redis did not answer', value: local, bound: '0', ok: local === 0 },
  ],
});
for (const limiter of [wide, hot, shut]) await limiter.close();
await store.close();
redis.disconnect();
await server.close();
