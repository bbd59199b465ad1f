import { once } from 'node:events';
import { Redis } from 'ioredis';
import { RateLimiterMemory, RateLimiterRedis, RateLimiterRes, RLWrapperTimeouts } from 'rate-limiter-flexible';
import type { WorkerSettings } from './protocol.ts';

/**
 * The peer of the benches, set up for outages as its documentation says: no offline queue, an insurance limiter in memory with
 * this process's part of the limit, a deadline for each check.
 */
export async function createPeer({ url, prefix, rule, workers, timeoutMs }: WorkerSettings) {
  const storeClient = new Redis(url, {
    enableOfflineQueue: false,
    retryStrategy: () => 200,
    maxRetriesPerRequest: 1,
  });
  storeClient.on('error', () => {});
  await once(storeClient, 'ready');
  const duration = rule.windowMs / 1_000;
  const insurance = new RateLimiterMemory({
    points: Math.max(1, Math.floor(rule.limit / (workers === 'auto' ? 1 : workers))),
    duration,
  });
  const limiter = new RLWrapperTimeouts({
    limiter: new RateLimiterRedis({
      storeClient,
      points: rule.limit,
      duration,
      keyPrefix: `${prefix}-peer`,
      rejectIfRedisNotReady: true,
      insuranceLimiter: insurance,
    }),
    timeoutMs,
  });
  return {
    /** Denials are rejections there; so are errors. */
    consume: async (key: string): Promise<{ allowed: boolean; source: 'redis' }> => {
      try {
        await limiter.consume(key);
        return { allowed: true, source: 'redis' };
      } catch (error) {
        if (error instanceof RateLimiterRes) return { allowed: false, source: 'redis' };
        throw error;
      }
    },
    close: () => storeClient.disconnect(),
  };
}
