/**
 * Four processes, 4 x 100 checks a second on one key of 100 a second, through every fault of Redis, each as long as is promised;
 * beside it, in the same processes, rate-limiter-flexible with an insurance limiter and a deadline. RUNS of all (default 3).
 */
import { median, report } from '@corral-internal/bench-kit';
import { type FaultResult, faultsOf, type Load, openFaultBench } from '../tests/fleet/fault-run.ts';
import { quantile } from '../tests/fleet/summary.ts';

const TIMEOUT_MS = 50;
const RUNS = Number(process.env['RUNS'] ?? 3);
const loads: Load[] = [
  { shapeOf: () => ({ kind: 'steady', perSecond: 100 }) },
  // One process has nearly all of the traffic.
  { shapeOf: (worker) => ({ kind: 'steady', perSecond: worker === 0 ? 300 : 25 }) },
  { shapeOf: () => ({ kind: 'steady', perSecond: 100 }), limiter: 'peer' },
];

const bench = await openFaultBench({ limit: 100, windowMs: 1_000, timeoutMs: TIMEOUT_MS, workers: 4 });
await bench.warmUp();
const results = new Map<string, [even: FaultResult, skewed: FaultResult, peer: FaultResult][]>();
for (let run = 0; run < RUNS; run++) {
  for (const fault of faultsOf(true)) {
    const result = (await bench.run(fault, loads)) as [FaultResult, FaultResult, FaultResult];
    results.set(fault.name, [...(results.get(fault.name) ?? []), result]);
    console.log(run, fault.name, ...result.map(({ worst, latenciesMs }) => [worst, quantile(latenciesMs, 0.99)]));
  }
}
await bench.close();

const p99 = ({ latenciesMs }: FaultResult): number => quantile(latenciesMs, 0.99);
const largest = (values: number[]): number => Math.max(...values);
const spread = (values: number[]): string => `${median(values).toFixed(1)} (worst ${largest(values).toFixed(1)})`;

const figures = [...results].flatMap(([fault, runs]) => {
  const own = runs.flatMap(([even, skewed]) => [even, skewed]);
  const even = runs.map(([result]) => result);
  const peer = runs.map(([, , result]) => result);
  const worst = largest(own.map((result) => result.worst));
  const trouble = own.reduce((sum, { errors, hung }) => sum + errors + hung, 0);
  const recovered = largest(even.map(({ recoveredMs }) => recoveredMs));
  const frozen = fault === 'SIGSTOP';
  const bound = frozen ? TIMEOUT_MS + 5 : 5;
  const list = [
    { name: `${fault}: worst window / limit`, value: worst.toFixed(2), bound: '<= 1.05', ok: worst <= 1.05 },
    { name: `${fault}: errors and hung checks`, value: trouble, bound: '0', ok: trouble === 0 },
    {
      name: `${fault}: p99 of a check, ms, median of the runs`,
      value: spread(even.map(p99)),
      bound: `<= ${bound}`,
      ok: median(even.map(p99)) <= bound,
    },
    {
      name: `${fault}: back in use after the heal, ms, worst`,
      value: recovered.toFixed(0),
      bound: '<= 1000',
      ok: recovered <= 1_000,
    },
  ];
  if (frozen) {
    const timeouts = largest(even.map((result) => result.timeouts));
    const again = own.reduce((sum, { waitedAgain }) => sum + waitedAgain, 0);
    list.push(
      { name: `${fault}: deadlines that passed in one worker`, value: timeouts, bound: '1', ok: timeouts === 1 },
      { name: `${fault}: checks that waited after that`, value: again, bound: '0', ok: again === 0 },
    );
  }
  return [
    ...list,
    {
      name: `${fault}: rate-limiter-flexible, worst window / limit; p99, ms; errors and hung`,
      value: [
        largest(peer.map((result) => result.worst)).toFixed(2),
        spread(peer.map(p99)),
        peer.reduce((sum, { errors, hung }) => sum + errors + hung, 0),
      ].join('; '),
      bound: '',
      ok: true,
    },
  ];
});
report(import.meta.url, [], { file: 'FAULTS.md', versions: { 'rate-limiter-flexible': '11.4.0' }, figures });
