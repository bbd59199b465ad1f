import { Counter, Gauge, Registry } from '@prometheus-io/client';
import type { Snapshot } from '../../dashboard/snapshot.ts';
import type { ReplicaStats } from '../run/live.ts';

/** Statistics that go up and down; all others only grow. */
const gauges = new Set(
  [
    [
      'size',
      'overflow',
      'open',
      'idle',
      'busy',
      'waiting',
      'connecting',
      'inFlight',
      'bytes',
      'keys',
      'held',
      'workers',
    ],
    [
      'queue',
      'queueHighWater',
      'publishers',
      'channels',
      'pendingWaiters',
      'pending',
      'sinceMs',
      'rttMs',
      'p50',
      'p99',
    ],
  ].flat(),
);

/** One number out of a nested `stats()`. */
export interface Measurement {
  name: string;
  isGauge: boolean;
  labels: { replica: string; part: string };
  value: number;
}

/**
 * `{ cache: { providers: { hits: 3 } } }` of replica 0 becomes `corral_cache_hits_total{replica="0",part="providers"} 3`.
 * What is not a number is left out. No key of any cache is in a label: labels come from the replica's own code.
 */
export function measurementsOf({ index, stats }: ReplicaStats): Measurement[] {
  const found: Measurement[] = [];
  const walk = (value: unknown, path: readonly string[]): void => {
    if (typeof value === 'number' && Number.isFinite(value) && path.length > 1) {
      const stat = path.at(-1)!;
      const isGauge = gauges.has(stat);
      const name = `corral_${snake(path[0]!)}_${snake(stat)}${isGauge ? '' : '_total'}`;
      found.push({ name, isGauge, labels: { replica: String(index), part: path.slice(1, -1).join('.') }, value });
    } else if (typeof value === 'object' && value !== null) {
      for (const [key, inner] of Object.entries(value)) walk(inner, [...path, key]);
    }
  };
  walk(stats, []);
  return found;
}

const snake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll(/[^a-z0-9_]/g, '_');

/** The page of a scrape, in the text format of Prometheus. */
export async function renderMetrics(
  replicas: readonly ReplicaStats[],
  snapshot: Snapshot,
): Promise<{ contentType: string; text: string }> {
  const registry = new Registry();
  const counters = new Map<string, Counter<string>>();
  const levels = new Map<string, Gauge<string>>();
  const labelNames = ['replica', 'part'];
  for (const { name, isGauge, labels, value } of replicas.flatMap(measurementsOf)) {
    const help = `${name} of the stats() of a replica's package`;
    if (isGauge) {
      if (!levels.has(name)) levels.set(name, new Gauge({ name, help, labelNames, registers: [registry] }));
      levels.get(name)!.set(labels, value);
    } else {
      if (!counters.has(name)) counters.set(name, new Counter({ name, help, labelNames, registers: [registry] }));
      counters.get(name)!.inc(labels, value);
    }
  }
  addStatementCalls(registry, snapshot);
  return { contentType: registry.contentType, text: await registry.metrics() };
}

/** What Postgres counted in each phase. */
function addStatementCalls(registry: Registry, { scenarios }: Snapshot): void {
  const calls = new Gauge({
    name: 'corral_demo_statement_calls',
    help: 'Calls of a named statement in the last run of a phase, counted by Postgres',
    labelNames: ['scenario', 'phase', 'statement'],
    registers: [registry],
  });
  for (const { id, phases } of scenarios) {
    for (const { name, points } of phases) {
      for (const [statement, value] of Object.entries(points.at(-1)?.calls ?? {})) {
        calls.set({ scenario: id, phase: name, statement }, value);
      }
    }
  }
}
