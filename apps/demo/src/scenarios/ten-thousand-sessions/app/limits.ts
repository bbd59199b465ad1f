import { createRateLimiter, type RateLimiter, type Rule } from '@corral/rate-limit';
import { createRedisStore } from '@corral/rate-limit/redis';
import type { Redis } from 'ioredis';

/** What a token of the client SDK may do. Time 20:1: a minute is 3 s. */
export const tokenRule: Rule = { name: 'sdk-token', limit: 120, windowMs: 3_000 };

export interface TokenLimit {
  limiter: RateLimiter;
  close(): Promise<void>;
}

/** Before: each process counts for itself. */
export function limitPerProcess(limit = tokenRule.limit): TokenLimit {
  const limiter = createRateLimiter({ rules: { ...tokenRule, limit } });
  return { limiter, close: () => limiter.close() };
}

/** After: all workers count together in Redis. Without it each has its share of the limit, at once and without waiting. */
export function limitOverWorkers(redis: Redis | undefined, workers: number): TokenLimit {
  if (redis === undefined) return limitPerProcess(Math.max(1, Math.floor(tokenRule.limit / workers)));
  const store = createRedisStore(redis, { prefix: 'sdk' });
  const limiter = createRateLimiter({ rules: tokenRule, store, workers });
  return {
    limiter,
    close: async () => {
      await limiter.close();
      await store.close();
    },
  };
}

/** What one writes first over Redis: a counter that expires, with the client's own settings. It waits while Redis is away. */
export async function naiveLimit(redis: Redis, token: string): Promise<boolean> {
  const count = await redis.incr(`naive:${token}`);
  if (count === 1) await redis.pexpire(`naive:${token}`, tokenRule.windowMs);
  return count <= tokenRule.limit;
}
