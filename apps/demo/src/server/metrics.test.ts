import { expect, it } from 'vitest';
import { createStubScenario } from '../../tests/support/stub-scenario.ts';
import { defaultOptions } from '../scenarios/scenario.ts';
import { initialSnapshot } from './initial-snapshot.ts';
import { measurementsOf, renderMetrics } from './metrics.ts';

const stats = {
  pool: { open: 3, acquired: 7 },
  cache: { providers: { hits: 12, size: 1 } },
  health: { state: 'live' },
};

it('takes every number out of nested statistics, as a gauge or a counter', () => {
  expect(measurementsOf({ index: 1, stats })).toEqual([
    { name: 'corral_pool_open', isGauge: true, labels: { replica: '1', part: '' }, value: 3 },
    { name: 'corral_pool_acquired_total', isGauge: false, labels: { replica: '1', part: '' }, value: 7 },
    { name: 'corral_cache_hits_total', isGauge: false, labels: { replica: '1', part: 'providers' }, value: 12 },
    { name: 'corral_cache_size', isGauge: true, labels: { replica: '1', part: 'providers' }, value: 1 },
  ]);
});

it('writes what Prometheus reads, for all replicas together', async () => {
  const snapshot = initialSnapshot([createStubScenario().scenario], defaultOptions, 'session');
  const replicas = [0, 1].map((index) => ({ index, stats }));

  const { contentType, text } = await renderMetrics(replicas, snapshot);

  expect(contentType).toMatch(/^text\/plain/);
  expect(text).toContain('# TYPE corral_cache_hits_total counter');
  expect(text).toContain('corral_cache_hits_total{replica="0",part="providers"} 12');
  expect(text).toContain('corral_cache_hits_total{replica="1",part="providers"} 12');
  expect(text).toContain('# TYPE corral_pool_open gauge');
});
