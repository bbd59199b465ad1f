import { readFileSync } from 'node:fs';
import { channel } from 'node:diagnostics_channel';
import { createPool, type Pool } from '@corral/db-pool';
import { createKeyed } from '@corral/db-pool/keyed';
import { etagPlugin } from '@corral/etag/fastify';
import { createBus, memoryTransport, type Bus } from '@corral/pubsub-invalidate';
import { createRateLimiter } from '@corral/rate-limit';
import { createSingleflight } from '@corral/singleflight';
import { createTtlCache } from '@corral/ttl-cache';
import * as conventions from '@opentelemetry/semantic-conventions/incubating';
import { MeterProvider, MetricReader, type ResourceMetrics } from '@opentelemetry/sdk-metrics';
import { Registry } from '@prometheus-io/client';
import fastify from 'fastify';
import { afterAll, describe, expect, it } from 'vitest';
import { sectionOf } from '../site/markdown.ts';
import { observeBus, observeCache, observeLimiter, observePool } from '../snippets/opentelemetry.ts';
import { prometheusWatcher } from '../snippets/prometheus.ts';

const page = readFileSync(new URL('../observability.md', import.meta.url), 'utf8');
const pool: Pool = createPool({ connection: 'postgres://nobody@127.0.0.1:1/none', name: 'main', size: 7, overflow: 3 });
const bus: Bus = createBus({ transport: memoryTransport(), namespace: 'docs' });
const limiter = createRateLimiter({ rules: { limit: 1, windowMs: 60_000 } });
const users = createTtlCache<string>({ ttlMs: 10_000 });
const orders = createTtlCache<string>({ ttlMs: 10_000 });

afterAll(async () => {
  users.close();
  orders.close();
  await Promise.all([pool.close(), bus.close(), limiter.close()]);
});

/** The fields that a table of the page lists. */
const documented = (anchor: string): string[] => {
  const heading = new RegExp(`^### (.* \\{#${anchor}\\})$`, 'm').exec(page)?.[1];
  if (heading === undefined) throw new Error(`no heading with {#${anchor}}`);
  return [...sectionOf(page, heading).matchAll(/^\| `(\w+)` \| (?:counter|gauge)/gm)].map(([, field]) => field!);
};

describe('the page', () => {
  it('lists every field of every stats(), and no other', async () => {
    const app = fastify();
    await app.register(etagPlugin);
    const keyed = createKeyed({ key: String, create: () => ({}), dispose: () => {} });
    const snapshots: Record<string, object> = {
      'stats-singleflight': createSingleflight().stats(),
      'stats-ttl-cache': users.stats(),
      'stats-etag': app.etagStats(),
      'stats-rate-limit': limiter.stats(),
      'stats-pubsub-invalidate': bus.stats(),
      'stats-db-pool': pool.stats(),
      'stats-keyed': keyed.stats(),
    };

    for (const [anchor, stats] of Object.entries(snapshots)) {
      expect([anchor, new Set(documented(anchor))]).toEqual([anchor, new Set(Object.keys(stats))]);
    }
    await Promise.all([app.close(), keyed.close()]);
  });
});

describe('the recipe for Prometheus', () => {
  it('gives one metric for each number, read at the scrape, for any number of caches', async () => {
    const registry = new Registry();
    const watch = prometheusWatcher(registry);
    watch('ttl_cache', 'users', () => users.stats());
    watch('ttl_cache', 'orders', () => orders.stats());
    watch('db_pool', 'main', () => pool.stats());
    watch('pubsub_invalidate', 'bus', () => bus.stats());
    const hitsBefore = users.stats().hits;
    users.set('7', 'Ada');
    users.get('7');

    const text = await registry.metrics();

    expect(text).toContain(`corral_ttl_cache_hits_total{name="users"} ${hitsBefore + 1}`);
    expect(text).toContain('corral_ttl_cache_size{name="users"} 1');
    expect(text).toContain('corral_ttl_cache_size{name="orders"} 0');
    expect(text).toContain('corral_db_pool_size{name="main"} 7');
    expect(text).toContain('corral_db_pool_waited_seconds_total{name="main"} 0');
    expect(text).toContain('corral_pubsub_invalidate_gaps_first_subscribe_total{name="bus"} 0');
    expect(await registry.metrics()).toBe(text);
  });

  it('names the metrics that the queries of the page use', async () => {
    const registry = new Registry();
    const watch = prometheusWatcher(registry);
    watch('ttl_cache', 'users', () => users.stats());
    watch('db_pool', 'main', () => pool.stats());
    watch('rate_limit', 'api', () => limiter.stats());
    watch('pubsub_invalidate', 'bus', () => bus.stats());
    const text = await registry.metrics();
    const queried = new Set(sectionOf(page, 'Prometheus').match(/corral_\w+(?=\[)/g));

    expect(queried.size).toBeGreaterThan(4);
    for (const name of queried) expect(text).toContain(`# TYPE ${name} counter`);
  });

  it('takes as gauges what the page calls gauges', async () => {
    const registry = new Registry();
    prometheusWatcher(registry)('db_pool', 'main', () => pool.stats());
    const text = await registry.metrics();
    const gauges = [...sectionOf(page, 'db-pool {#stats-db-pool}').matchAll(/^\| `(\w+)` \| gauge/gm)];

    const told = new Set([...text.matchAll(/^# TYPE corral_db_pool_(\w+) gauge$/gm)].map(([, name]) => name));
    expect(told).toEqual(new Set(gauges.map(([, name]) => name)));
  });
});

describe('the recipe for OpenTelemetry', () => {
  class Reader extends MetricReader {
    protected override onForceFlush = async (): Promise<void> => {};
    protected override onShutdown = async (): Promise<void> => {};
  }
  const valuesOf = ({ scopeMetrics }: ResourceMetrics): Map<string, unknown[]> =>
    new Map(
      scopeMetrics.flatMap(({ metrics }) =>
        metrics.map(({ descriptor, dataPoints }) => [
          descriptor.name,
          dataPoints.map(({ value, attributes }) => [value, ...Object.values(attributes)]),
        ]),
      ),
    );

  it('tells of pool, bus, cache and limiter under the names of the semantic conventions', async () => {
    const reader = new Reader();
    const provider = new MeterProvider({ readers: [reader] });
    const meter = provider.getMeter('docs');
    const stop = observePool(meter, pool, 'main');
    observeBus(meter, bus, 'redis');
    observeCache(meter, users, 'users');
    observeLimiter(meter, limiter, 'api');
    channel('corral:db-pool').publish({ pool: 'main', type: 'connect', pid: 1, ms: 12 });
    channel('corral:db-pool').publish({ pool: 'other', type: 'connect', pid: 2, ms: 12 });
    await limiter.consume('someone');
    await limiter.consume('someone');

    const values = valuesOf((await reader.collect()).resourceMetrics);

    expect(values.get('db.client.connection.count')).toEqual([
      [0, 'main', 'idle'],
      [0, 'main', 'used'],
    ]);
    expect(values.get('db.client.connection.max')).toEqual([[10, 'main']]);
    expect(values.get('db.client.connection.create_time')).toEqual([[expect.objectContaining({ count: 1 }), 'main']]);
    expect(values.get('corral.rate_limit.checks')).toEqual([
      [1, 'api', 'allowed'],
      [1, 'api', 'denied'],
    ]);
    const known = new Set(Object.values(conventions));
    const taken = [...values.keys()].filter((name) => !name.startsWith('corral.'));
    expect(taken.length).toBeGreaterThanOrEqual(7);
    for (const name of taken) expect(known).toContain(name);
    expect(known).toContain('db.client.connection.pool.name');
    stop();
    await provider.shutdown();
  });
});
