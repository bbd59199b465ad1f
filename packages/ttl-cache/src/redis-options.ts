import type { Codec } from './redis-envelope.ts';
import type { RedisTierEvent } from './redis-stats.ts';

export interface RedisTierOptions<Value> {
  /** Begins every key in Redis. Caches with different values need different prefixes. 1 to 200 characters. */
  prefix: string;
  /** How values become bytes and back. Default: JSON. A value that does not decode is a miss. */
  codec?: Codec<Value> | undefined;
  /** The most that a call spends on Redis before its loader starts, and that a write may take, in milliseconds. Default 250. */
  timeoutMs?: number | undefined;
  /**
   * Loads of all processes coalesce: one holds the lease of a key and loads, the others wait for its value. `ttlMs` (default 10_000,
   * at least 100) is how long after the death of a holder another takes over; a living holder renews.
   */
  lease?: { ttlMs?: number | undefined } | undefined;
  /** Called synchronously; what it throws is dropped. */
  onEvent?: ((event: RedisTierEvent) => void) | undefined;
}

export interface RedisTierSettings<Value> {
  readonly prefix: string;
  readonly codec: Codec<Value>;
  readonly timeoutMs: number;
  /** Undefined: every asker gets a lease at once. */
  readonly leaseMs: number | undefined;
  readonly onEvent: ((event: RedisTierEvent) => void) | undefined;
}

export function checkRedisOptions<Value>(options: RedisTierOptions<Value>): RedisTierSettings<Value> {
  const { prefix, codec = json as Codec<Value>, timeoutMs = 250, lease, onEvent } = options;
  if (typeof prefix !== 'string') throw new TypeError(`prefix: expected a string, got ${typeof prefix}`);
  if (prefix.length < 1 || prefix.length > 200) {
    throw new RangeError(`prefix: expected 1 to 200 characters, got ${prefix.length}`);
  }
  // Redis Cluster reads the first {...} of a key as what decides its node; an empty one would scatter the keys of a script.
  if (prefix.includes('{}')) throw new RangeError(`prefix: expected no "{}", got ${JSON.stringify(prefix)}`);
  if (typeof codec?.encode !== 'function' || typeof codec.decode !== 'function') {
    throw new TypeError('codec: expected an object with encode and decode');
  }
  const leaseMs = lease === undefined ? undefined : milliseconds('lease.ttlMs', lease.ttlMs ?? 10_000, 100);
  if (onEvent !== undefined && typeof onEvent !== 'function') {
    throw new TypeError(`onEvent: expected a function, got ${typeof onEvent}`);
  }
  return { prefix, codec, timeoutMs: milliseconds('timeoutMs', timeoutMs, 1), leaseMs, onEvent };
}

function milliseconds(name: string, value: unknown, least: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${typeof value}`);
  if (!(value >= least && value <= 2 ** 31 - 1)) {
    throw new RangeError(`${name}: expected ${least} to 2147483647 milliseconds, got ${value}`);
  }
  return Math.ceil(value);
}

const json: Codec<unknown> = {
  encode(value) {
    const text = JSON.stringify(value) as string | undefined;
    if (text === undefined) throw new TypeError(`JSON has no form for a ${typeof value}`);
    return text;
  },
  decode: (data) => JSON.parse(data as string) as unknown,
};
