import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { Meter, ObservableResult } from '@opentelemetry/api';
import type { Pool } from '@corral/db-pool';
import type { Bus } from '@corral/pubsub-invalidate';
import type { RateLimiter } from '@corral/rate-limit';
import type { TtlCache } from '@corral/ttl-cache';

type Attributes = Record<string, string>;
type Read = (tell: (value: number, attributes?: Attributes) => void) => void;

/** One instrument whose values are read when they are collected. */
function instrument(meter: Meter, kind: 'Counter' | 'UpDownCounter', name: string, unit: string, read: Read): void {
  const callback = (result: ObservableResult): void => read((value, attributes) => result.observe(value, attributes));
  meter[`createObservable${kind}`](name, { unit }).addCallback(callback);
}

/** The semantic conventions of database clients, for one pool. `poolName` is its option `name`. Returns how to stop. */
export function observePool(meter: Meter, pool: Pool, poolName: string): () => void {
  const named = { 'db.client.connection.pool.name': poolName };
  const gauge = (name: string, unit: string, read: Read): void => instrument(meter, 'UpDownCounter', name, unit, read);
  const count = (name: string, unit: string, read: Read): void => instrument(meter, 'Counter', name, unit, read);

  gauge('db.client.connection.count', '{connection}', (tell) => {
    const { idle, busy } = pool.stats();
    tell(idle, { ...named, 'db.client.connection.state': 'idle' });
    tell(busy, { ...named, 'db.client.connection.state': 'used' });
  });
  gauge('db.client.connection.max', '{connection}', (tell) => {
    const { size, overflow } = pool.stats();
    tell(size + overflow, named);
  });
  gauge('db.client.connection.pending_requests', '{request}', (tell) => tell(pool.stats().waiting, named));
  count('db.client.connection.timeouts', '{timeout}', (tell) => tell(pool.stats().timedOut, named));
  // The conventions have histograms for waiting and use; a pool keeps sums, which give averages: rate(sum) / rate(acquired).
  count('corral.db_pool.acquired', '{connection}', (tell) => tell(pool.stats().acquired, named));
  count('corral.db_pool.wait_time', 's', (tell) => tell(pool.stats().waitedMs / 1_000, named));
  count('corral.db_pool.use_time', 's', (tell) => tell(pool.stats().heldMs / 1_000, named));

  const createTime = meter.createHistogram('db.client.connection.create_time', {
    unit: 's',
    advice: { explicitBucketBoundaries: [0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5] },
  });
  const onEvent = (message: unknown): void => {
    const event = message as { pool: string; type: string; ms: number };
    if (event.type === 'connect' && event.pool === poolName) createTime.record(event.ms / 1_000, named);
  };
  subscribe('corral:db-pool', onEvent);
  return () => unsubscribe('corral:db-pool', onEvent);
}

/** The semantic conventions of messaging clients, for one bus; `system` is `redis` or `postgresql`. */
export function observeBus(meter: Meter, bus: Bus, system: string): void {
  const of = (name: string): Attributes => ({ 'messaging.system': system, 'messaging.operation.name': name });
  const count = (name: string, read: Read): void => instrument(meter, 'Counter', name, '{message}', read);

  count('messaging.client.sent.messages', (tell) => tell(bus.stats().messagesSent, of('publish')));
  count('messaging.client.consumed.messages', (tell) => tell(bus.stats().delivered, of('subscribe')));
  count('corral.invalidation.gaps', (tell) => {
    for (const [reason, gaps] of Object.entries(bus.stats().gaps)) tell(gaps, { 'corral.gap.reason': reason });
  });
}

/** There are no conventions for caches in a process. */
export function observeCache(meter: Meter, cache: Pick<TtlCache<unknown>, 'stats'>, name: string): void {
  const named = { 'corral.cache.name': name };

  instrument(meter, 'Counter', 'corral.cache.reads', '{read}', (tell) => {
    const { hits, staleHits, negativeHits, misses } = cache.stats();
    for (const [result, reads] of Object.entries({
      hit: hits,
      stale: staleHits,
      negative: negativeHits,
      miss: misses,
    })) {
      tell(reads, { ...named, 'corral.cache.result': result });
    }
  });
  instrument(meter, 'Counter', 'corral.cache.loads', '{load}', (tell) => tell(cache.stats().loads, named));
  instrument(meter, 'Counter', 'corral.cache.load_errors', '{load}', (tell) => tell(cache.stats().loadErrors, named));
  instrument(meter, 'UpDownCounter', 'corral.cache.entries', '{entry}', (tell) => tell(cache.stats().size, named));
}

/** Nor for rate limiters outside of one framework. */
export function observeLimiter(meter: Meter, limiter: RateLimiter, name: string): void {
  const named = { 'corral.rate_limit.name': name };

  instrument(meter, 'Counter', 'corral.rate_limit.checks', '{check}', (tell) => {
    const { allowed, denied } = limiter.stats();
    tell(allowed, { ...named, 'corral.rate_limit.result': 'allowed' });
    tell(denied, { ...named, 'corral.rate_limit.result': 'denied' });
  });
  instrument(meter, 'Counter', 'corral.rate_limit.degraded', '{outage}', (tell) =>
    tell(limiter.stats().degraded, named),
  );
}
