import type { RateLimiter, RateLimiterOptions } from './limiter.ts';

/** A limiter under a clock that the test holds. `create` waits until it is ready and closes it after the test. */
export interface Subject {
  create(options: Omit<RateLimiterOptions, 'now'>): Promise<RateLimiter>;
  advance(ms: number): void;
}

export const MINUTE = 60_000;

/** How many of `times` checks in a row pass. */
export const admitted = async (limiter: RateLimiter, key: string, times: number, cost = 1): Promise<number> => {
  let count = 0;
  for (let index = 0; index < times; index++) if ((await limiter.consume(key, { cost })).allowed) count++;
  return count;
};
