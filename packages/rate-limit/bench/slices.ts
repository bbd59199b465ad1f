/**
 * Compares contenders in many short slices, in a new random order each round. The machine changes its speed threefold within
 * seconds: a slice of some milliseconds and its neighbours meet the same machine, a longer one does not. Garbage is collected
 * once, before the first slice that counts: a forced collection before each would make everybody start cold.
 */
import { type Comparison, measurementsOf, shuffled } from '@corral-internal/bench-kit';

export interface SlicesOptions {
  name: string;
  /** The contender that counts as 1. */
  baseline: string;
  /** Each runs so many operations. */
  contenders: Record<string, (operations: number) => Promise<unknown>>;
  /** In a slice. A quarter of it runs before, unmeasured, to warm caches up. */
  operations: number;
  rounds: number;
}

export async function compareSlices(options: SlicesOptions): Promise<Comparison> {
  const { name, baseline, contenders, operations, rounds } = options;
  const names = Object.keys(contenders);
  const times = new Map<string, number[]>(names.map((contender) => [contender, []]));
  const warmUp = Math.ceil(rounds / 5);
  for (let round = -warmUp; round < rounds; round++) {
    if (round === 0) globalThis.gc?.();
    for (const contender of shuffled(names)) {
      const run = contenders[contender]!;
      await run(operations >> 2);
      const start = performance.now();
      await run(operations);
      const elapsed = performance.now() - start;
      if (round >= 0) times.get(contender)!.push(elapsed);
      // Timers and the ends of turns are nobody's.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return { name, baseline, rounds, results: measurementsOf(times, baseline, operations) };
}
