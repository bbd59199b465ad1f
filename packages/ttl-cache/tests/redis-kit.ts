import { Redis, type RedisOptions } from 'ioredis';
import { createRedisTier, type RedisTier, type RedisTierOptions } from '../src/redis.ts';
import type { TierHit, TierLease, TierRequest } from '../src/tier.ts';

let made = 0;
/** A prefix that no other test uses, also on a Redis that is shared with others. */
export const freshPrefix = (): string => `corral-test:${process.pid}:${Date.now().toString(36)}:${++made}:`;

/** Ends at the end of the test what it opened, in reverse order. */
export class Opened {
  readonly #closers: (() => unknown)[] = [];

  client(port: number, options: RedisOptions & { replyMapping?: 'legacy' } = {}): Redis {
    const client = new Redis(port, '127.0.0.1', options);
    // The faults are the test's own.
    client.on('error', () => {});
    this.defer(() => client.disconnect());
    return client;
  }

  tier<Value = string>(client: Redis, options: Partial<RedisTierOptions<Value>> = {}): RedisTier<Value> {
    const tier = createRedisTier<Value>(client, { prefix: freshPrefix(), timeoutMs: 5_000, ...options });
    this.defer(() => tier.close());
    return tier;
  }

  defer(close: () => unknown): void {
    this.#closers.push(close);
  }

  async end(): Promise<void> {
    for (const close of this.#closers.splice(0).toReversed()) await close();
  }
}

export const request = (changes: Partial<TierRequest> = {}): TierRequest => ({
  signal: new AbortController().signal,
  minTtlMs: 0,
  ...changes,
});

/** The lease that a `get` must answer with. */
export async function leaseOf<Value>(answer: Promise<TierHit<Value> | TierLease<Value>>): Promise<TierLease<Value>> {
  const got = await answer;
  if (got.kind !== 'lease') throw new Error(`expected a lease, got ${JSON.stringify(got)}`);
  return got;
}
