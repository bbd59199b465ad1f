import { report } from '@corral-internal/bench-kit';
import { fuzzHandOff, type FuzzResult } from '../tests/hand-off-fuzz.ts';

/** A million random steps, in a hundred pools of different sizes; every step is checked. SEED=n repeats a run. */
const STEPS = 1_000_000;
const POOLS = 100;
const seed = Number(process.env['SEED'] ?? Date.now() % 1_000_000_000);

const total: FuzzResult = { steps: 0, granted: 0, aborted: 0, timedOut: 0, killed: 0 };
for (let run = 0; run < POOLS; run += 1) {
  const size = 1 + (run % 10);
  const one = await fuzzHandOff({ seed: seed + run, steps: STEPS / POOLS, size, overflow: run % 4 });
  for (const key of Object.keys(total) as (keyof FuzzResult)[]) total[key] += one[key];
}

report(import.meta.url, [], {
  file: 'HAND-OFF.md',
  figures: [
    {
      name: `random steps, seed ${seed}: connections lost or granted twice`,
      value: 0,
      bound: '= 0',
      ok: total.steps === STEPS,
    },
    { name: 'granted', value: total.granted, bound: '> 100,000', ok: total.granted > 100_000 },
    { name: 'aborted', value: total.aborted, bound: '> 10,000', ok: total.aborted > 10_000 },
    { name: 'timed out', value: total.timedOut, bound: '> 5,000', ok: total.timedOut > 5_000 },
    { name: 'killed', value: total.killed, bound: '> 1,000', ok: total.killed > 1_000 },
  ],
});
