import { Redis } from 'ioredis';
import { Redis as Redis5 } from 'ioredis-5';
import { afterEach, describe, expect, inject, it } from 'vitest';
import { createRateLimiter, type RateLimiter, type RateLimiterOptions } from '../src/index.ts';
import { limiterContract } from '../src/limiter.contract.ts';
import { createRedisStore, type RedisStoreOptions } from '../src/redis.ts';

let closers: (() => unknown)[] = [];
let serial = 0;

afterEach(async () => {
  for (const close of closers.toReversed()) await close();
  closers = [];
});

const freshPrefix = (): string => `t${process.pid}-${Date.now()}-${serial++}`;

async function create(
  options: RateLimiterOptions,
  storeOptions: RedisStoreOptions = {},
  client: Redis | Redis5 = new Redis(inject('redisUrl')),
): Promise<RateLimiter> {
  const store = createRedisStore(client, { prefix: freshPrefix(), ...storeOptions });
  const limiter = createRateLimiter({ timeoutMs: 5_000, ...options, store });
  closers.push(
    () => client.disconnect(),
    () => store.close(),
    () => limiter.close(),
  );
  await limiter.ready();
  return limiter;
}

/** Redis under a clock of the test; it moves within a century in which the log's 13 digits suffice. */
const heldClock = () => {
  let nowMs = 1_700_000_000_000;
  return { now: () => nowMs, advance: (ms: number) => (nowMs += ms) };
};

limiterContract('ioredis 6', () => {
  const clock = heldClock();
  return {
    create: (options) => create({ ...options, now: clock.now }, { clock: clock.now }),
    advance: (ms) => void clock.advance(ms),
  };
});

limiterContract('ioredis 5', () => {
  const clock = heldClock();
  return {
    create: (options) => create({ ...options, now: clock.now }, { clock: clock.now }, new Redis5(inject('redisUrl'))),
    advance: (ms) => void clock.advance(ms),
  };
});

describe('redis store', () => {
  it('answers from Redis', async () => {
    const limiter = await create({ rules: { limit: 1, windowMs: 60_000 } });
    expect(limiter.state).toBe('shared');
    expect(await limiter.consume('a')).toMatchObject({ allowed: true, source: 'redis' });
    expect(await limiter.consume('a')).toMatchObject({ allowed: false, source: 'redis' });
    expect(await limiter.consume('a')).toMatchObject({ allowed: false, source: 'cache' });
  });
});
