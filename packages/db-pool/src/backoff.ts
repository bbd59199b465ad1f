export interface Backoff {
  /** Lower end of the first delay, in milliseconds. */
  minMs: number;
  /** No delay is longer. It is also how late a returning server is noticed, at worst. */
  maxMs: number;
}

/**
 * How long to wait before connection attempt number `failures + 1`. Doubles from `minMs` to `maxMs`; the upper half is
 * random, so that the processes of a fleet do not come back in step and none of them waits for nothing.
 */
export function connectDelayMs(failures: number, { minMs, maxMs }: Backoff, random: () => number): number {
  const ceiling = Math.min(maxMs, minMs * 2 ** Math.min(failures, 30));
  return ceiling / 2 + (random() * ceiling) / 2;
}

/** Full jitter: anywhere between 0 and an exponential ceiling. For transactions that collided with each other. */
export function retryDelayMs(attempt: number, baseMs: number, maxMs: number, random: () => number): number {
  return random() * Math.min(maxMs, baseMs * 2 ** Math.min(attempt, 30));
}

/** Slow start: how many connections may be opened at once after one more success. One prober, then 2, 4, 8, ... */
export function widen(limit: number, ceiling: number): number {
  return limit * 2 >= ceiling ? Infinity : limit * 2;
}
