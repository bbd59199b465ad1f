import { Counter, Gauge, type Registry } from '@prometheus-io/client'; // prom-client 15 has the same

/** Fields of a `stats()` that go up and down. All others only grow. */
const gauges = new Set(
  (
    'size bytes inFlight keys workers held open idle busy waiting connecting overflow ' +
    'inUse leases creating queue queueHighWater publishers channels pendingWaiters'
  ).split(' '),
);

type Stats = Record<string, unknown>;

/**
 * Returns `watch(part, name, stats)`: each number in `stats()` becomes a metric of `registry`, read at the scrape.
 * `watch('ttl_cache', 'users', () => cache.stats())` gives `corral_ttl_cache_hits_total{name="users"}` and so on.
 */
export function prometheusWatcher(registry: Registry): (part: string, name: string, stats: () => object) => void {
  const sources = new Map<string, Map<string, () => number>>();

  return (part, name, stats) => {
    for (const [path, value] of numbersIn(stats() as Stats)) {
      const isGauge = gauges.has(path[0]!);
      const inSeconds = path.at(-1)!.endsWith('Ms');
      const base = path.join('_').replace(/Ms$/, 'Seconds');
      const metric = `corral_${part}_${snake(base)}${isGauge ? '' : '_total'}`;
      const read = (): number => (valueAt(stats() as Stats, path) ?? value) / (inSeconds ? 1_000 : 1);

      const known = sources.get(metric);
      if (known !== undefined) {
        known.set(name, read);
        continue;
      }
      const readers = new Map([[name, read]]);
      sources.set(metric, readers);
      const options = { name: metric, help: `${path.join('.')} of stats()`, labelNames: ['name'], registers: [] };
      registry.registerMetric(
        isGauge
          ? new Gauge({
              ...options,
              collect() {
                for (const [each, now] of readers) this.set({ name: each }, now());
              },
            })
          : new Counter({
              ...options,
              collect() {
                this.reset();
                for (const [each, now] of readers) this.inc({ name: each }, now());
              },
            }),
      );
    }
  };
}

const snake = (name: string): string =>
  name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`).replaceAll('-', '_');

function* numbersIn(stats: Stats, above: string[] = []): Generator<[path: string[], value: number]> {
  for (const [field, value] of Object.entries(stats)) {
    if (typeof value === 'number') yield [[...above, field], value];
    else if (typeof value === 'object' && value !== null) yield* numbersIn(value as Stats, [...above, field]);
  }
}

const valueAt = (stats: Stats, path: readonly string[]): number | undefined =>
  path.reduce<unknown>((inner, field) => (inner as Stats | undefined)?.[field], stats) as number | undefined;
