/** Four processes, 4 x 100 checks a second on one key of 100 a second, through every fault of Redis, each as long as is promised. */
import { report } from '@corral-internal/bench-kit';
import { type FaultResult, faultsOf, openFaultBench } from '../tests/fleet/fault-run.ts';
import type { Shape } from '../tests/fleet/protocol.ts';

const TIMEOUT_MS = 50;
const bench = await openFaultBench({ limit: 100, windowMs: 1_000, timeoutMs: TIMEOUT_MS, workers: 4 });
const even = (): Shape => ({ kind: 'steady', perSecond: 100 });
const skewed = (worker: number): Shape => ({ kind: 'steady', perSecond: worker === 0 ? 300 : 25 });

const results: { fault: string; even: FaultResult; skewed: FaultResult }[] = [];
for (const fault of faultsOf(true)) {
  const [one, other] = await bench.run(fault, [even, skewed]);
  results.push({ fault: fault.name, even: one!, skewed: other! });
  console.log(JSON.stringify({ even: one, skewed: other }));
}
await bench.close();

const figures = results.flatMap(({ fault, even, skewed }) => {
  const worst = Math.max(even.worst, skewed.worst);
  const trouble = even.errors + even.hung + skewed.errors + skewed.hung;
  const frozen = fault === 'SIGSTOP';
  const bound = frozen ? TIMEOUT_MS + 5 : 5;
  const list = [
    { name: `${fault}: worst window / limit`, value: worst.toFixed(2), bound: '<= 1.05', ok: worst <= 1.05 },
    { name: `${fault}: errors and hung checks`, value: trouble, bound: '0', ok: trouble === 0 },
    {
      name: `${fault}: p99 of a check, ms`,
      value: even.p99Ms.toFixed(1),
      bound: `<= ${bound}`,
      ok: even.p99Ms <= bound,
    },
    {
      name: `${fault}: back in use after the heal, ms`,
      value: even.recoveredMs.toFixed(0),
      bound: '<= 1000',
      ok: even.recoveredMs <= 1_000,
    },
  ];
  // 100 checks a second and worker: those sent in the first 50 ms wait, later ones do not.
  if (frozen)
    list.push({
      name: `${fault}: checks of a worker slower than 5 ms, of 500`,
      value: even.slowPerWorker,
      bound: '<= 8',
      ok: even.slowPerWorker <= 8,
    });
  return list;
});
report(import.meta.url, [], { file: 'FAULTS.md', figures });
